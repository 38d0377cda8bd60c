"""The system call filter of the sandbox, on Linux: an allow list, in classic BPF. What is not on it answers EPERM."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence

from media.sandbox.syscalls import ALLOWED, CONDITIONAL

# prctl(2): operations, from linux/prctl.h
_PR_SET_NAME = 15
_PR_GET_NAME = 16
_PR_SET_SECCOMP = 22

# seccomp(2): modes and answers, from linux/seccomp.h
_SECCOMP_MODE_FILTER = 2
_SECCOMP_RET_ALLOW = 0x7FFF0000
_SECCOMP_RET_ERRNO = 0x00050000
_SECCOMP_RET_KILL_PROCESS = 0x80000000

# Classic BPF: instruction codes, from linux/bpf_common.h (class | size | mode, or class | operation | source)
_BPF_LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_BPF_JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_BPF_JUMP_IF_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_BPF_JUMP_IF_SET = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_BPF_RETURN = 0x06  # BPF_RET | BPF_K

# struct seccomp_data: offsets in bytes; the lower word of an argument comes first on both machines
_OFFSET_NUMBER = 0
_OFFSET_ARCHITECTURE = 4
_OFFSET_ARGUMENTS = 16

_X32_BIT = 0x40000000  # system calls of the x32 ABI carry it; no number of another ABI is as large
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Where the numbers of a machine stand, and its audit architecture (linux/audit.h)."""

# Arguments: linux/sched.h, linux/fcntl.h, asm-generic/ioctls.h
_CLONE_THREAD = 0x00010000
_CLONE_NEW = 0x7E020080  # any namespace
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15  # they make the kernel send signals to others
_TCGETS, _FIONCLEX, _FIOCLEX = 0x5401, 0x5450, 0x5451


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install_syscall_filter(libc: ctypes.CDLL) -> bool:
    """Filter the calls of this process for good; whether the kernel took it. It needs no_new_privs."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = _filter(*machine)
    buffer = ctypes.create_string_buffer(b"".join(code))
    program = _Program(len(code), ctypes.cast(buffer, ctypes.c_void_p))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(column: int, audit_architecture: int) -> list[bytes]:
    """A BPF program over (number, architecture, arguments): another architecture's ABI kills the process."""
    code = [
        _op(_BPF_LOAD_WORD, _OFFSET_ARCHITECTURE),
        _op(_BPF_JUMP_IF_EQUAL, audit_architecture, 1, 0),
        _op(_BPF_RETURN, _SECCOMP_RET_KILL_PROCESS),
        _op(_BPF_LOAD_WORD, _OFFSET_NUMBER),
        _op(_BPF_JUMP_IF_AT_LEAST, _X32_BIT, 0, 1),
        _op(_BPF_RETURN, _SECCOMP_RET_KILL_PROCESS),
    ]
    for name, block in _conditions().items():
        number = CONDITIONAL[name][column]
        if number is not None:
            code += [_op(_BPF_JUMP_IF_EQUAL, number, 0, len(block)), *block]
    for numbers in ALLOWED.values():
        number = numbers[column]
        if number is not None:
            code += [_op(_BPF_JUMP_IF_EQUAL, number, 0, 1), _ALLOW]
    return [*code, _REFUSE]


def _conditions() -> dict[str, list[bytes]]:
    own = os.getpid()
    return {
        "clone": [
            _argument(0),
            _op(_BPF_JUMP_IF_SET, _CLONE_NEW, 2, 0),
            _op(_BPF_JUMP_IF_SET, _CLONE_THREAD, 0, 1),
            _ALLOW,
            _REFUSE,
        ],
        "clone3": [_NOT_THERE],  # its flags cannot be seen; the C library then calls clone
        "kill": _only(0, [own]),
        "tgkill": _only(0, [own]),
        "fcntl": _all_but(1, [_F_SETOWN, _F_SETSIG, _F_SETOWN_EX]),
        "ioctl": _only(1, [_TCGETS, _FIOCLEX, _FIONCLEX]),
        "prctl": _only(0, [_PR_SET_NAME, _PR_GET_NAME]),
        "prlimit64": _only(0, [0, own]),
        "sched_setaffinity": _only(0, [0, own]),
    }


def _only(argument: int, values: Sequence[int]) -> list[bytes]:
    tests = [step for value in values for step in (_op(_BPF_JUMP_IF_EQUAL, value, 0, 1), _ALLOW)]
    return [_argument(argument), *tests, _REFUSE]


def _all_but(argument: int, values: Sequence[int]) -> list[bytes]:
    tests = [step for value in values for step in (_op(_BPF_JUMP_IF_EQUAL, value, 0, 1), _REFUSE)]
    return [_argument(argument), *tests, _ALLOW]


def _argument(place: int) -> bytes:
    return _op(_BPF_LOAD_WORD, _OFFSET_ARGUMENTS + 8 * place)


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


_ALLOW = _op(_BPF_RETURN, _SECCOMP_RET_ALLOW)
_NOT_THERE = _op(_BPF_RETURN, _SECCOMP_RET_ERRNO | errno.ENOSYS)
_REFUSE = _op(_BPF_RETURN, _SECCOMP_RET_ERRNO | errno.EPERM)
