"""Confines a process before it touches untrusted bytes: limits, and on Linux namespaces, capabilities, files, calls.

Each layer holds without the others. Which of them a system has is found out by trying (media.sandbox.protections).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Sequence

from media.sandbox.landlock import confine_files
from media.sandbox.seccomp import install_syscall_filter

# prctl(2): operations, from linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38

# unshare(2), from linux/sched.h
_CLONE_NEWUTS, _CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWNET = 0x04000000, 0x08000000, 0x10000000, 0x40000000

_CAPABILITY_VERSION = 0x20080522  # linux/capability.h: version 3
_DAC_CAPABILITIES = 1 << 1 | 1 << 2
"""Reading and writing others' files: all that the superuser keeps, and only where Landlock says which files."""

_MAX_OPEN_FILES = 256
_MAX_THREADS = 4096  # decoders start some for each picture; no process can be forked anyway


def confine(
    *, memory: int, cpu: int, wall: float, written: int, reads: Sequence[str] = (), writes: Sequence[str] = ()
) -> None:
    """Confine this process for good. Bytes of address space, CPU seconds, seconds, bytes a file may grow to.

    Of files it may read the libraries, `reads` and `writes`, and write in the folders `writes`. To be called while
    there is one thread.
    """
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, cpu, grace=5)
    _limit(resource.RLIMIT_FSIZE, written)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    signal.alarm(int(wall) + 5)  # in case the parent dies and cannot end us
    if sys.platform == "linux":
        _confine_on_linux(reads, writes)


def hide_memory() -> None:
    """Let no other process of this user read this one's memory and environment, nor write it. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _confine_on_linux(reads: Sequence[str], writes: Sequence[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    superuser = os.geteuid() == 0
    if _leave_namespaces(libc, superuser=superuser):
        _limit(resource.RLIMIT_NPROC, _MAX_THREADS)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    confined = confine_files(libc, reads=reads, writes=writes)
    _drop_capabilities(libc, keep=_DAC_CAPABILITIES if superuser and confined else 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # last: changed credentials take it away
    install_syscall_filter(libc)


def _leave_namespaces(libc: ctypes.CDLL, *, superuser: bool) -> bool:
    """Into namespaces of its own, as far as the system has them; whether it has a user namespace.

    The superuser needs none to leave the others, and would lose sight of others' files in one.
    """
    others = _CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS
    if superuser:
        libc.unshare(others)
        return False
    return bool(libc.unshare(_CLONE_NEWUSER | others) == 0 or libc.unshare(_CLONE_NEWUSER) == 0)


def _drop_capabilities(libc: ctypes.CDLL, *, keep: int) -> None:
    for number in range(64):
        if not keep >> number & 1:
            libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(keep, keep, 0, 0, 0, 0)
    libc.capset(header, effective_permitted_inheritable)


def _limit(resource_id: int, value: int, grace: int = 0) -> None:
    _, hard = resource.getrlimit(resource_id)
    unlimited = hard == resource.RLIM_INFINITY
    last = value + grace if unlimited else min(value + grace, hard)
    resource.setrlimit(resource_id, (min(value, last), last))
