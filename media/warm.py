"""Limited processes forked from one that has imported what they need: a tenth of the time a new interpreter takes.

Each of our processes has one, started when it is first needed. Whatever is wrong with it, nobody depends on it: `run`
says that there is none, and the caller starts an interpreter.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO

from media._warm import ENDED

_SCRIPT = Path(__file__).with_name("_warm.py")
_GRACE = 10.0  # seconds for a killed process to be gone
_lock = Lock()
_here: _Warm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Exit code (negative for a signal), CPU seconds, peak memory in KiB; `late`: it was killed for its time."""

    code: int
    cpu: float
    peak: int
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Warm:
    owner: int
    control: socket.socket
    process: subprocess.Popen[bytes]


def run(request: bytes, *, module: str, folder: Path, environment: Mapping[str, str], wall: float) -> Ended | None:
    """Have a process that has `module` answer a request in `folder`; None if there is none to be had. See _child."""
    if sys.platform != "linux":
        return None
    asked = json.dumps({"module": module, "folder": str(folder), "environment": dict(environment)}).encode()
    try:
        with os.fdopen(os.memfd_create("request"), "w+b", 0) as body:
            body.write(request)
            body.seek(0)
            wanted, want = _pipe()
            told, tell = _pipe()
            with want, told:
                with wanted, tell:
                    socket.send_fds(_control(environment), [asked], [f.fileno() for f in (body, wanted, tell)])
                return _end(told, want, wall)
    except OSError:
        _drop()
        return None


def _end(told: IO[bytes], want: IO[bytes], wall: float) -> Ended | None:
    poll, late = select.poll(), False
    poll.register(told, select.POLLIN)
    try:
        late = not poll.poll(wall * 1000)
    finally:
        want.close()  # it ends at the latest now
        poll.poll(_GRACE * 1000)
    said = told.read(ENDED.size) or b""
    if late:
        return Ended(code=-9, cpu=0.0, peak=0, late=True)
    return Ended(**dict(zip(("code", "cpu", "peak"), ENDED.unpack(said), strict=True))) if said else None


def _control(environment: Mapping[str, str]) -> socket.socket:
    global _here  # noqa: PLW0603 - one a process, by nature
    with _lock:
        if _here is None or _here.owner != os.getpid() or _here.process.poll() is not None:
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with its:
                process = subprocess.Popen(
                    [sys.executable, "-I", str(_SCRIPT)],
                    stdin=its.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env=dict(environment),
                    start_new_session=True,
                )
            _here = _Warm(owner=os.getpid(), control=ours, process=process)
        return _here.control


def _drop() -> None:
    """What cannot be reached is ended; the next to ask starts another."""
    global _here  # noqa: PLW0603
    with _lock:
        if _here is not None and _here.owner == os.getpid():
            _here.control.close()
        _here = None


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    read, write = os.pipe()
    return os.fdopen(read, "rb", 0), os.fdopen(write, "wb", 0)
