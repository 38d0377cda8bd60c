"""Confines the sandboxed process to a few files, with Landlock (Linux 5.13 and later); see landlock(7).

From ABI 4 also no TCP, from ABI 6 no signals and no abstract sockets to processes outside. A process that is confined
can trace no other, so that their memory and environment in /proc are closed to it as well.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # on every machine
_VERSION_FLAG = 1
_PATH_BENEATH = 1

# linux/landlock.h: LANDLOCK_ACCESS_FS_…, by the ABI that brought them
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_FS_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: _TRUNCATE, 5: 1 << 15}
_OF_FILES = 1 << 0 | 1 << 1 | _READ_FILE | _TRUNCATE  # rights that a rule on a file may give
_JOB_RIGHTS = _READ_FILE | _READ_DIR | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 13 | _TRUNCATE
"""In the job's folders: read, write, truncate, remove, make files and folders, and rename; no links, no devices."""
_NET_RIGHTS, _SCOPES = 0b11, 0b11

_SYSTEM_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64")
_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/dev/null",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
)


def confine_files(libc: ctypes.CDLL, *, reads: Iterable[str], writes: Iterable[str]) -> bool:
    """Leave this process the libraries, `reads`, and the folders `writes`, for good; whether the kernel took it.

    It needs no_new_privs.
    """
    abi = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if abi < 1:
        return False
    handled = sum(rights for since, rights in _FS_RIGHTS.items() if since <= abi)
    fields = (handled, _NET_RIGHTS if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    attributes = struct.pack("QQQ", *fields)[: 8 if abi < 4 else 16 if abi < 6 else 24]
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        read_only = [*library_paths(), *_SYSTEM_FILES, f"/proc/{os.getpid()}", *reads]
        rules = [(path, _READ_FILE | _READ_DIR) for path in read_only]
        rules += [(path, _READ_DIR) for path in _package_roots()]
        rules += [(path, _JOB_RIGHTS) for path in writes]
        for path, rights in rules:
            _add_rule(libc, ruleset, path, rights & handled)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


@cache
def library_paths() -> Sequence[str]:
    """Where code and its data lie: the system's libraries, the interpreter's, and what is installed for it.

    Of a folder that is no such place, such as a checkout, only its packages: what else lies there may be secret.
    """
    found = [*_SYSTEM_LIBRARIES, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    found += [f"{sys.base_prefix}/lib", f"{sys.prefix}/lib"]
    for entry in filter(None, sys.path):
        if _is_installed(Path(entry)):
            found.append(entry)
    for root in _package_roots():
        found += [str(one) for one in Path(root).iterdir() if (one / "__init__.py").is_file()]
    return tuple(dict.fromkeys(found))


@cache
def _package_roots() -> Sequence[str]:
    entries = (entry for entry in filter(None, sys.path) if Path(entry).is_dir())
    return tuple(dict.fromkeys(entry for entry in entries if not _is_installed(Path(entry))))


def _is_installed(entry: Path) -> bool:
    libraries = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    return entry.name in ("site-packages", "dist-packages") or any(entry.is_relative_to(one) for one in libraries)


def _add_rule(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no rule
        return
    try:
        if not Path(f"/proc/self/fd/{place}").is_dir():
            rights &= _OF_FILES
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
