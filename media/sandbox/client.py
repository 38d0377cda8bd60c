"""Runs a function in the sandbox, because a decoder of untrusted files will be exploited one day.

The child has bounded memory, CPU time and file size, no network, starts no programs and leaves no core.
Whatever happens to it, the caller gets a value or one clear line.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from core import errors
from core.codec import dump
from core.errors import AssayError, BadMedia, Unavailable
from media.sandbox import pool
from media.sandbox.limits import MIB, ProcessLimits

log = logging.getLogger("assay.sandbox")

_CHILD = Path(__file__).with_name("child.py")
_LARGEST_ANSWER = 64 * MIB  # bytes of the answer file
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}


@dataclass(slots=True)
class ProcessUsage:
    """Resources used so far by forked sandboxed processes, for benchmarks: CPU seconds, peak memory in KiB."""

    cpu: float = 0.0
    peak: int = 0

    def add(self, cpu: float, peak: int) -> None:
        """One has ended."""
        with _usage_lock:
            self.cpu, self.peak = self.cpu + cpu, max(self.peak, peak)


_usage_lock = Lock()
usage = ProcessUsage()


def run_sandboxed(
    function: str,
    arguments: Mapping[str, Any],
    *,
    limits: ProcessLimits | None = None,
    environment: Mapping[str, str] | None = None,
) -> Any:
    """What `package.module:function` returns for these arguments, run in the sandbox.

    Arguments are JSON values; they go through a pipe, so that secrets are in no argument list and no file.
    The result is JSON values and numpy arrays (also nested); records come back as dicts for core.codec.load.
    An AssayError of the function is raised here as what it is. Any other end of the process, its running out
    of memory or time included, raises BadMedia; a process that cannot be started raises Unavailable.
    `environment` is added to the few variables that the process sees.
    """
    limits = limits or ProcessLimits()
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        request = {"function": function, "arguments": dump(dict(arguments)), "bounds": dump(limits)}
        code = _run(json.dumps(request).encode(), function.partition(":")[0], Path(folder), limits, environment or {})
        answer = _answer(Path(folder))
        if answer is None:
            raise BadMedia(_crash_message(code, limits))
        if "error" in answer:
            raise _error(answer, limits)
        return _unpack(answer["value"], Path(folder))


def _run(request: bytes, module: str, folder: Path, bounds: ProcessLimits, extra: Mapping[str, str]) -> int:
    environment = {**_ENVIRONMENT, "TMPDIR": str(folder), "PATH": os.defpath, **extra}
    if not extra:  # a preloaded library (a clock, for instance) needs an interpreter started with it
        ended = pool.run_forked(request, module=module, folder=folder, environment=environment, wall=bounds.wall)
        if ended is not None:
            usage.add(ended.cpu, ended.peak)
            if ended.timed_out:
                raise _timed_out(bounds)
            return ended.code
    return _run_interpreter(request, folder, bounds, environment)


def _run_interpreter(request: bytes, folder: Path, bounds: ProcessLimits, environment: Mapping[str, str]) -> int:
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(f"no process could be started to read the file: {error.strerror}") from error
    try:
        child.communicate(request, timeout=bounds.wall)
    except subprocess.TimeoutExpired:
        raise _timed_out(bounds) from None
    finally:
        _end(child)
    return child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    """Also for what the child may have left behind: it leads a session of its own."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _timed_out(bounds: ProcessLimits) -> BadMedia:
    return BadMedia(f"this file takes more than {bounds.wall:g} s to read: refused")


def _answer(folder: Path) -> dict[str, Any] | None:
    path = folder / "answer.json"
    if not path.is_file() or path.stat().st_size > _LARGEST_ANSWER:
        return None
    try:
        answer = json.loads(path.read_bytes())
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and ("error" in answer or "value" in answer) else None


def _crash_message(code: int, bounds: ProcessLimits) -> str:
    if code == -signal.SIGXCPU:
        return f"this file takes more than {bounds.cpu} s of computing to read: refused"
    if code == -signal.SIGKILL:
        return "this file takes more memory or time to read than is allowed: refused"
    cause = f"signal {-code}" if code < 0 else f"exit {code}"
    return f"this file makes the decoder crash ({cause}): refused"


def _error(answer: dict[str, Any], bounds: ProcessLimits) -> AssayError:
    kind, message = str(answer["error"]), str(answer.get("message", ""))
    if kind == "MemoryError":
        return BadMedia(f"this file takes more than {bounds.memory // MIB} MiB of memory to read: refused")
    if kind == "TooMuchWritten":
        return BadMedia(f"this file would grow to more than {bounds.written // MIB} MiB: refused")
    if kind == "NoSpace":
        return Unavailable("there is no space left for the files this video takes while it is read")
    error_type = getattr(errors, kind, None)
    if isinstance(error_type, type) and issubclass(error_type, AssayError):
        return error_type(message)
    log.warning("sandboxed process: %s\n%s", kind, answer.get("traceback", ""))
    return BadMedia(f"this file cannot be read as a video ({kind})")


def _unpack(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"__array__"}:
            return np.load(folder / f"{int(value['__array__'])}.npy", allow_pickle=False)
        return {key: _unpack(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_unpack(item, folder) for item in value]
    return value
