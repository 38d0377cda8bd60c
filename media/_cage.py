"""Shuts a process in before it touches a stranger's bytes: resource limits, and a system call filter on Linux."""

from __future__ import annotations

import ctypes
import platform
import resource
import signal
import struct
import sys

_SET_PDEATHSIG, _SET_DUMPABLE, _SET_SECCOMP, _SET_NO_NEW_PRIVS = 1, 4, 22, 38
_FILTER_MODE = 2
_ALLOW, _REFUSE_EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06

# Sockets, new programs, other processes' memory, namespaces, mounts, keys, io_uring, bpf: a decoder needs none.
_REFUSED: dict[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        (41, 42, 43, 44, 49, 50, 53, 59, 101, 165, 248, 249, 250, 272, 304, 308, 310, 311, 321, 322, 323, 425, 438),
    ),
    "aarch64": (
        0xC00000B7,
        (
            198,
            199,
            200,
            201,
            202,
            203,
            206,
            221,
            117,
            40,
            217,
            218,
            219,
            97,
            265,
            268,
            270,
            271,
            280,
            281,
            282,
            425,
            438,
        ),
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def shut(*, memory: int, cpu: int, wall: float, written: int) -> None:
    """Limit this process for good. Bytes of address space, CPU seconds, bytes a file may grow to."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, cpu, grace=5)
    _limit(resource.RLIMIT_FSIZE, written)
    _limit(resource.RLIMIT_CORE, 0)
    signal.alarm(int(wall) + 5)  # in case the parent dies and cannot end us
    if sys.platform == "linux":
        _forbid_system_calls()


def _limit(which: int, value: int, grace: int = 0) -> None:
    _, hard = resource.getrlimit(which)
    unlimited = hard == resource.RLIM_INFINITY
    last = value + grace if unlimited else min(value + grace, hard)
    resource.setrlimit(which, (min(value, last), last))


def _forbid_system_calls() -> None:
    """Where the kernel has no such filter the limits above still hold."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    known = _REFUSED.get(platform.machine())
    if known is None:
        return
    code = _filter(*known)
    buffer = ctypes.create_string_buffer(b"".join(code))
    program = _Program(len(code), ctypes.cast(buffer, ctypes.c_void_p))
    libc.prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0)


def _filter(architecture: int, refused: tuple[int, ...]) -> list[bytes]:
    """A BPF program over (number, architecture): refused calls answer EPERM, another architecture's ABI kills."""
    code = [
        _op(_LOAD, 4),
        _op(_JUMP_IF_EQUAL, architecture, 1, 0),
        _op(_RETURN, _KILL),
        _op(_LOAD, 0),
        _op(_JUMP_IF_AT_LEAST, 0x40000000, 0, 1),
        _op(_RETURN, _KILL),
    ]
    for number in refused:
        code += [_op(_JUMP_IF_EQUAL, number, 0, 1), _op(_RETURN, _REFUSE_EPERM)]
    return [*code, _op(_RETURN, _ALLOW)]


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
