"""Tries to get out of the sandbox, from inside it: what media.sandbox.protections reports is what was tried here."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from stat import S_IMODE

from media.sandbox.limits import PROCESS_ENVIRONMENT

_PTRACE_TRACEME = 0
_MINE = {*PROCESS_ENVIRONMENT, "TMPDIR", "PATH", "LC_CTYPE"}


def attempt_escapes(folder: str, caller: int, namespaces: dict[str, str]) -> dict[str, list[str]]:
    """What succeeded, by protection; nothing where the protection is in force.

    `folder` is the caller's, outside, and holds a file `canary`; `caller` is its process, `namespaces` are its own.
    """
    return {
        "files": list(_succeeded(_file_attempts(Path(folder)))),
        "processes": list(_succeeded(_process_attempts(caller))),
        "memory": list(_succeeded(_memory_attempts(caller))),
        "calls": list(_succeeded(_call_attempts())),
        "environment": sorted(set(os.environ) - _MINE),
        "limits": [name for name in ("AS", "CPU", "FSIZE", "NOFILE", "CORE") if _unlimited(name)],
        "privileges": list(_privileges()),
        "namespaces": [name for name, own in namespaces.items() if _namespace(name) == own],
    }


def _file_attempts(folder: Path) -> dict[str, Callable[[], object]]:
    return {
        "read a file outside": (folder / "canary").read_bytes,
        "write a file outside": lambda: (folder / "planted").write_bytes(b""),
        "link a file outside": lambda: (folder / "link").symlink_to("canary"),
        "delete a file outside": (folder / "canary").unlink,
        "list a folder outside": lambda: list(folder.iterdir()),
    }


def _process_attempts(caller: int) -> dict[str, Callable[[], object]]:
    return {
        "send a signal to the caller": lambda: os.kill(caller, 0),
        "send a signal to the parent": lambda: os.kill(os.getppid(), 0),
        "start a process": _fork,
        "raise a limit of the parent": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE),
    }


def _memory_attempts(caller: int) -> dict[str, Callable[[], object]]:
    return {
        f"open {name} of the {who}": partial(_open, Path(f"/proc/{process}/{name}"), mode)
        for who, process in (("caller", caller), ("parent", os.getppid()))
        for name, mode in (("mem", "r+b"), ("environ", "rb"), ("maps", "rb"))
    }


def _call_attempts() -> dict[str, Callable[[], object]]:
    return {
        "open a socket": socket.socket,
        "make a pair of sockets": socket.socketpair,
        "start a program": _execute_nothing,
        "trace": _trace,
        "change a mode": lambda: Path().chmod(S_IMODE(Path().stat().st_mode)),
    }


def _succeeded(attempts: dict[str, Callable[[], object]]) -> Iterator[str]:
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError:
            continue
        yield name


def _open(path: Path, mode: str) -> None:
    path.open(mode).close()


def _fork() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


def _execute_nothing() -> None:
    try:
        os.execv("/nowhere", ["/nowhere"])  # noqa: S606 - there is no such program
    except FileNotFoundError:  # the call itself was made
        return


def _trace() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(_PTRACE_TRACEME, 0, None, None) != 0:
        raise OSError(ctypes.get_errno() or errno.EPERM, "refused")


def _unlimited(name: str) -> bool:
    return resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] == resource.RLIM_INFINITY


def _privileges() -> Iterator[str]:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    if status.get("NoNewPrivs") != "1":
        yield "gain privileges"
    if int(status.get("CapEff", "f"), 16) & ~0b110:  # but for others' files, which Landlock bounds
        yield "use capabilities"


def _namespace(name: str) -> str:
    return Path(f"/proc/self/ns/{name}").readlink().name
