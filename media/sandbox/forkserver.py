"""The server from which sandboxed processes are forked. It imports what they need, once, and reads nothing untrusted.

Started as a script by media.sandbox.pool with `python -I`, its standard input being a socket to the client. It
ends when that
is closed, and takes along what still runs. It forks only while it has one thread: others may hold a lock that then
nobody would ever release.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy.ma  # noqa: F401 - np.unique asks for it when it is first called

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from media.sandbox import child
from media.sandbox.confinement import hide_memory
from media.sandbox.landlock import library_paths

EXIT_RECORD = struct.Struct("<idi")
"""How a process ended: exit code (negative for a signal), CPU seconds, peak memory in KiB."""


@dataclass(slots=True)
class _ForkServer:
    """`running` leads from a process to two pipes: one is closed to cancel it, the other receives its exit record."""

    control: socket.socket
    poll: select.poll = field(default_factory=select.poll)
    running: dict[int, tuple[int, int]] = field(default_factory=dict)

    def serve(self) -> None:
        """Until nobody can ask any more."""
        died = _sigchld_pipe()
        self.poll.register(self.control, select.POLLIN)
        self.poll.register(died, select.POLLIN)
        while True:
            for number, _ in self.poll.poll():
                if number == died:
                    os.read(died, 4096)
                    self._reap()
                elif number != self.control.fileno():
                    self._kill_cancelled(number)
                elif not self._fork_requested():
                    return

    def end(self) -> None:
        """Kills what still runs."""
        for pid in self.running:
            _kill(pid)

    def _fork_requested(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 3)
        if not message:
            return False
        order, (request, cancel_fd, status_fd) = json.loads(message), descriptors
        _import(order["module"])
        if _threads() == 1:
            pid = os.fork()
            if pid == 0:
                _run_child(request, **order)
            self.running[pid] = cancel_fd, status_fd
            self.poll.register(cancel_fd, 0)
        else:  # closed without an answer: the client starts a process itself
            os.close(cancel_fd)
            os.close(status_fd)
        os.close(request)
        return True

    def _reap(self) -> None:
        while self.running:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            cancel_fd, status_fd = self.running.pop(pid)
            with suppress(KeyError):
                self.poll.unregister(cancel_fd)
            ended = EXIT_RECORD.pack(
                os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss
            )
            with suppress(OSError):  # nobody waits for it any more
                os.write(status_fd, ended)
            os.close(cancel_fd)
            os.close(status_fd)

    def _kill_cancelled(self, number: int) -> None:
        self.poll.unregister(number)
        for pid, (cancel_fd, _) in self.running.items():
            if cancel_fd == number:
                _kill(pid)


def main() -> None:
    """Serve the client at the other end of standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nursery = _ForkServer(control=socket.socket(fileno=os.dup(0)))
    hide_memory()
    library_paths()  # once, for all that are forked
    gc.disable()  # a collection writes to pages that are shared otherwise
    try:
        nursery.serve()
    finally:
        nursery.end()


def _run_child(request: int, *, module: str, folder: str, environment: dict[str, str]) -> NoReturn:  # noqa: ARG001
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(request, 0)
        os.closerange(3, 4096)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None
        gc.enable()
        with os.fdopen(0, "rb") as stream:
            child.main(stream.read(), baseline_memory=_address_space())
        code = 0
    finally:
        os._exit(code)


def _import(module: str) -> None:
    """With what it imports late (its SLOW_IMPORTS): each process that is forked would take the time for it again.

    A module that cannot be imported is reported by the process that needs it.
    """
    with suppress(Exception):
        for slow in getattr(importlib.import_module(module), "SLOW_IMPORTS", ()):
            importlib.import_module(slow)


def _sigchld_pipe() -> int:
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write)
    return read


def _threads() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def _address_space() -> int:
    """Bytes of address space in use before the function runs."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _kill(pid: int) -> None:
    """Also what it may have started: it leads a session of its own, or is about to."""
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            end(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
