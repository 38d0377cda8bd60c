"""One sandboxed process, from the request to its answer: started or forked, waited for, ended, and its answer read.

Whatever happens to it, the caller gets a value or one clear line. For media.sandbox.client, and for trying the sandbox.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from core import errors
from core.codec import dump
from core.errors import Abandoned, AssayError, BadMedia, Unavailable
from media.sandbox import pool
from media.sandbox.limits import MIB, PROCESS_ENVIRONMENT, ProcessLimits
from media.sandbox.scan import Scan

log = logging.getLogger("assay.sandbox")

_CHILD = Path(__file__).with_name("child.py")
_LARGEST_ANSWER = 64 * MIB  # bytes of the answer file


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


def sandbox_request(
    function: str, arguments: Mapping[str, Any], *, reads: Sequence[Path] = (), writes: Sequence[Path] = ()
) -> dict[str, Any]:
    """What a process is asked: as for run_sandboxed."""
    return {
        "function": function,
        "arguments": dump(dict(arguments)),
        "reads": [str(path.resolve()) for path in reads],
        "writes": [str(path.resolve()) for path in writes],
    }


def run_request(
    request: Mapping[str, Any], limits: ProcessLimits, environment: Mapping[str, str], scan: Scan | None = None
) -> Any:
    """The value that a process answers with. Raises LimitReached, BadMedia, Unavailable, or what its function did."""
    module = request["function"].partition(":")[0]
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        payload = json.dumps({**request, "bounds": dump(limits)}).encode()
        code = _run(payload, module, Path(folder), limits, environment, scan)
        answer = _answer(Path(folder))
        if answer is None:
            raise _crash(code, limits)
        if "error" in answer:
            raise _error(answer, limits)
        return _unpack(answer["value"], Path(folder))


class LimitReached(BadMedia):
    """A limit of the process was reached; `of_budget` says so where the limits are those of a budget."""

    def __init__(self, message: str, of_budget: str) -> None:
        super().__init__(message)
        self.of_budget = of_budget


def _run(
    request: bytes, module: str, folder: Path, bounds: ProcessLimits, extra: Mapping[str, str], scan: Scan | None
) -> int:
    cancelled = (lambda: False) if scan is None else (lambda: scan.cancelled)
    environment = {**PROCESS_ENVIRONMENT, "TMPDIR": str(folder), "PATH": os.defpath, **extra}
    if not extra:  # a preloaded library (a clock, for instance) needs an interpreter started with it
        ended = pool.run_forked(
            request, module=module, folder=folder, environment=environment, wall=bounds.wall, cancelled=cancelled
        )
        if ended is not None:
            usage.add(ended.cpu, ended.peak)
            if ended.cancelled:
                raise Abandoned
            if ended.timed_out:
                raise _timed_out(bounds)
            return ended.code
    return _run_interpreter(request, folder, bounds, environment, cancelled)


def _run_interpreter(
    request: bytes,
    folder: Path,
    bounds: ProcessLimits,
    environment: Mapping[str, str],
    cancelled: Callable[[], bool],
) -> int:
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
    deadline, unsent = time.monotonic() + bounds.wall, request or None
    try:
        while True:
            try:
                child.communicate(unsent, timeout=min(pool.POLL_SECONDS, max(0.0, deadline - time.monotonic())))
            except subprocess.TimeoutExpired:  # what was to be sent goes on being sent
                unsent = None
                if cancelled():
                    raise Abandoned from None
                if time.monotonic() >= deadline:
                    raise _timed_out(bounds) from None
            else:
                return child.returncode
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Also for what the child may have left behind: it leads a session of its own."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _timed_out(bounds: ProcessLimits) -> BadMedia:
    return LimitReached(
        f"this file takes more than {bounds.wall:g} s to read: refused",
        f"looking at it takes more than {bounds.wall:.0f} s",
    )


def _answer(folder: Path) -> dict[str, Any] | None:
    path = folder / "answer.json"
    if not path.is_file() or path.stat().st_size > _LARGEST_ANSWER:
        return None
    try:
        answer = json.loads(path.read_bytes())
    except ValueError:
        return None
    return answer if isinstance(answer, dict) and ("error" in answer or "value" in answer) else None


def _crash(code: int, bounds: ProcessLimits) -> BadMedia:
    if code == -signal.SIGXCPU:
        return LimitReached(
            f"this file takes more than {bounds.cpu} s of computing to read: refused",
            f"looking at it takes more than {bounds.cpu} s of computing",
        )
    if code == -signal.SIGKILL:
        return LimitReached(
            "this file takes more memory or time to read than is allowed: refused",
            "looking at it takes more memory or time than is allowed",
        )
    cause = f"signal {-code}" if code < 0 else f"exit {code}"
    return BadMedia(f"this file makes the decoder crash ({cause}): refused")


def _error(answer: dict[str, Any], bounds: ProcessLimits) -> AssayError:
    kind, message = str(answer["error"]), str(answer.get("message", ""))
    if kind == "MemoryError":
        return LimitReached(
            f"this file takes more than {bounds.memory // MIB} MiB of memory to read: refused",
            f"looking at it takes more than {bounds.memory // MIB} MiB of memory",
        )
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
