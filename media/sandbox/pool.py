"""Limited processes forked from one that has imported what they need: a tenth of the time a new interpreter takes.

Each of our processes has one, started when it is first needed. Whatever is wrong with it, nobody depends on it:
`run_forked`
says that there is none, and the caller starts an interpreter.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO

from media.sandbox.forkserver import EXIT_RECORD

_SCRIPT = Path(__file__).with_name("forkserver.py")
_GRACE = 10.0  # seconds for a killed process to be gone
POLL_SECONDS = 0.2
"""How often whoever waits for a process looks whether it was cancelled."""
_lock = Lock()
_server: _ForkServer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessExit:
    """Exit code (negative for a signal), CPU seconds, peak memory in KiB; `timed_out`: it was killed for its time,
    `cancelled`: because nobody waits for it.
    """

    code: int
    cpu: float
    peak: int
    timed_out: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _ForkServer:
    owner: int
    control: socket.socket
    process: subprocess.Popen[bytes]


def run_forked(
    request: bytes,
    *,
    module: str,
    folder: Path,
    environment: Mapping[str, str],
    wall: float,
    cancelled: Callable[[], bool] = lambda: False,
) -> ProcessExit | None:
    """Run a request in `folder` in a forked process that has imported `module`; None if no such process can be had.

    `cancelled` is asked a few times a second whether the process is to be killed.
    """
    if sys.platform != "linux":
        return None
    message = json.dumps({"module": module, "folder": str(folder), "environment": dict(environment)}).encode()
    try:
        with os.fdopen(os.memfd_create("request"), "w+b", 0) as body:
            body.write(request)
            body.seek(0)
            cancel_read, cancel_write = _pipe()
            status_read, status_write = _pipe()
            with cancel_write, status_read:
                with cancel_read, status_write:
                    socket.send_fds(
                        _control(environment), [message], [f.fileno() for f in (body, cancel_read, status_write)]
                    )
                return _wait_for_exit(status_read, cancel_write, wall, cancelled)
    except OSError:
        _stop_server()
        return None


def _wait_for_exit(
    status_read: IO[bytes], cancel_write: IO[bytes], wall: float, cancelled: Callable[[], bool]
) -> ProcessExit | None:
    poll, late, unwanted = select.poll(), False, False
    poll.register(status_read, select.POLLIN)
    deadline = time.monotonic() + wall
    try:
        while not (late or unwanted) and not poll.poll(_until(deadline) * 1000):
            late, unwanted = time.monotonic() >= deadline, cancelled()
    finally:
        cancel_write.close()  # ends the process if it still runs
        poll.poll(_GRACE * 1000)
    record = status_read.read(EXIT_RECORD.size) or b""
    if not record and not (late or unwanted):
        return None
    code, cpu, peak = EXIT_RECORD.unpack(record) if record else (-9, 0.0, 0)
    return ProcessExit(code=code, cpu=cpu, peak=peak, timed_out=late, cancelled=unwanted)


def _until(deadline: float) -> float:
    return min(POLL_SECONDS, max(0.0, deadline - time.monotonic()))


def _control(environment: Mapping[str, str]) -> socket.socket:
    global _server  # noqa: PLW0603 - one a process, by nature
    with _lock:
        if _server is None or _server.owner != os.getpid() or _server.process.poll() is not None:
            parent_end, server_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with server_end:
                process = subprocess.Popen(
                    [sys.executable, "-I", str(_SCRIPT)],
                    stdin=server_end.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env=dict(environment),
                    start_new_session=True,
                )
            _server = _ForkServer(owner=os.getpid(), control=parent_end, process=process)
        return _server.control


def _stop_server() -> None:
    """Stop a server that cannot be reached; the next request starts another."""
    global _server  # noqa: PLW0603
    with _lock:
        if _server is not None and _server.owner == os.getpid():
            _server.control.close()
        _server = None


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    read, write = os.pipe()
    return os.fdopen(read, "rb", 0), os.fdopen(write, "wb", 0)
