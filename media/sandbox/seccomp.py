"""Restricts a process before it touches untrusted bytes: resource limits, and a system call filter on Linux."""

from __future__ import annotations

import ctypes
import errno
import platform
import resource
import signal
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass

# prctl(2): operations, from linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38

# seccomp(2): modes and answers, from linux/seccomp.h
_SECCOMP_MODE_FILTER = 2
_SECCOMP_RET_ALLOW = 0x7FFF0000
_SECCOMP_RET_ERRNO_EPERM = 0x00050000 | errno.EPERM
_SECCOMP_RET_KILL_PROCESS = 0x80000000

# Classic BPF: instruction codes, from linux/bpf_common.h (class | size | mode, or class | operation | source)
_BPF_LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_BPF_JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_BPF_JUMP_IF_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_BPF_RETURN = 0x06  # BPF_RET | BPF_K

# struct seccomp_data: offsets in bytes
_OFFSET_NUMBER = 0
_OFFSET_ARCHITECTURE = 4

_X32_BIT = 0x40000000  # system calls of the x32 ABI carry it; no number of another ABI is as large


@dataclass(frozen=True, slots=True)
class _Machine:
    """The audit architecture (linux/audit.h) and the numbers of the refused system calls (asm/unistd.h)."""

    audit_architecture: int
    refused: Mapping[str, int]


# What a decoder never needs: sockets, new programs, other processes' memory, namespaces and mounts, keys, and
# interfaces through which kernels have been broken before.
_MACHINES: dict[str, _Machine] = {
    "x86_64": _Machine(
        audit_architecture=0xC000003E,
        refused={
            "socket": 41,
            "connect": 42,
            "accept": 43,
            "sendto": 44,
            "bind": 49,
            "listen": 50,
            "socketpair": 53,
            "execve": 59,
            "execveat": 322,
            "ptrace": 101,
            "process_vm_readv": 310,
            "process_vm_writev": 311,
            "pidfd_getfd": 438,
            "mount": 165,
            "unshare": 272,
            "setns": 308,
            "open_by_handle_at": 304,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "bpf": 321,
            "userfaultfd": 323,
            "io_uring_setup": 425,
        },
    ),
    "aarch64": _Machine(
        audit_architecture=0xC00000B7,
        refused={
            "socket": 198,
            "connect": 203,
            "accept": 202,
            "sendto": 206,
            "bind": 200,
            "listen": 201,
            "socketpair": 199,
            "execve": 221,
            "execveat": 281,
            "ptrace": 117,
            "process_vm_readv": 270,
            "process_vm_writev": 271,
            "pidfd_getfd": 438,
            "mount": 40,
            "unshare": 97,
            "setns": 268,
            "open_by_handle_at": 265,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "bpf": 280,
            "userfaultfd": 282,
            "io_uring_setup": 425,
        },
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def restrict(*, memory: int, cpu: int, wall: float, written: int) -> None:
    """Limit this process for good. Bytes of address space, CPU seconds, bytes a file may grow to."""
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, cpu, grace=5)
    _limit(resource.RLIMIT_FSIZE, written)
    _limit(resource.RLIMIT_CORE, 0)
    signal.alarm(int(wall) + 5)  # in case the parent dies and cannot end us
    if sys.platform == "linux":
        _install_syscall_filter()


def _limit(resource_id: int, value: int, grace: int = 0) -> None:
    _, hard = resource.getrlimit(resource_id)
    unlimited = hard == resource.RLIM_INFINITY
    last = value + grace if unlimited else min(value + grace, hard)
    resource.setrlimit(resource_id, (min(value, last), last))


def _install_syscall_filter() -> None:
    """Where the kernel has no such filter the limits above still hold."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return
    code = _filter(machine)
    buffer = ctypes.create_string_buffer(b"".join(code))
    program = _Program(len(code), ctypes.cast(buffer, ctypes.c_void_p))
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


def _filter(machine: _Machine) -> list[bytes]:
    """A BPF program over (number, architecture): refused calls answer EPERM, another architecture's ABI kills."""
    code = [
        _op(_BPF_LOAD_WORD, _OFFSET_ARCHITECTURE),
        _op(_BPF_JUMP_IF_EQUAL, machine.audit_architecture, 1, 0),
        _op(_BPF_RETURN, _SECCOMP_RET_KILL_PROCESS),
        _op(_BPF_LOAD_WORD, _OFFSET_NUMBER),
        _op(_BPF_JUMP_IF_AT_LEAST, _X32_BIT, 0, 1),
        _op(_BPF_RETURN, _SECCOMP_RET_KILL_PROCESS),
    ]
    for number in machine.refused.values():
        code += [_op(_BPF_JUMP_IF_EQUAL, number, 0, 1), _op(_BPF_RETURN, _SECCOMP_RET_ERRNO_EPERM)]
    return [*code, _op(_BPF_RETURN, _SECCOMP_RET_ALLOW)]


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
