"""Which protections of the sandbox are in force on this machine, found out by trying to get out of it.

A file of a stranger, which is one that is looked at within a scan, is decoded only where all that matter are in force.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import AssayError, Unavailable
from media.sandbox.confinement import hide_memory
from media.sandbox.limits import ProcessLimits
from media.sandbox.sandboxed_process import run_request, sandbox_request

log = logging.getLogger("assay.sandbox")

_PROTECTIONS = {
    "calls": ("only the system calls that reading media takes: no network, no other program, no tracing", True),
    "files": ("only the one file, the libraries and a folder of its own (Landlock)", True),
    "processes": ("no signal to another process, and none is started", True),
    "memory": ("no other process's memory or environment", True),
    "limits": ("bounded memory, time, files and written bytes", True),
    "environment": ("none of the server's environment", True),
    "privileges": ("no privileges to gain, no capabilities to use", False),
    "namespaces": ("a network and message queues of its own (namespaces)", False),
}
_NAMESPACES = ("net", "ipc")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxProtection:
    """`means` says in words what holds; `got_out` are the attempts that succeeded, and should not have.

    Without an `essential` one no stranger's file is decoded.
    """

    name: str
    means: str
    essential: bool
    got_out: tuple[str, ...] = ()

    @property
    def in_force(self) -> bool:
        """Whether every attempt against it failed."""
        return not self.got_out


@cache
def sandbox_protections() -> tuple[SandboxProtection, ...]:
    """Every protection, as tried once in this process."""
    return _try_out()


def require_sandbox() -> None:
    """Raises Unavailable where an essential protection is not in force, unless that was overruled."""
    missing = [one.name for one in sandbox_protections() if one.essential and not one.in_force]
    if missing and not _Overruled.value:
        raise Unavailable(
            "files from outside are not looked at here: the sandbox does not protect"
            f" {', '.join(missing)} on this machine (see assay doctor)"
        )


def allow_unsandboxed(*, allow: bool) -> None:
    """Whether this process decodes strangers' files even where the sandbox lacks protections; said loudly."""
    _Overruled.value = allow
    if allow:
        log.warning(
            "allow_unsandboxed is on: files from outside are decoded even where the sandbox does not protect this"
            " machine. A decoder that is taken over can then read keys and change files."
        )


class _Overruled:
    """Of this process, as the sandbox is."""

    value = False


def _try_out() -> tuple[SandboxProtection, ...]:
    if sys.platform != "linux":
        return _listed({name: ["there is none on this system"] for name in _PROTECTIONS if name not in ("limits",)})
    try:
        found = _attempts()
        if found["memory"]:  # Landlock and namespaces close it without cost to debuggers; where there are none:
            hide_memory()
            found = _attempts()
    except AssayError as error:
        return _listed({name: [f"it could not be tried: {error}"] for name in _PROTECTIONS})
    protections = _listed(found)
    for one in protections:
        if not one.in_force:
            log.warning("the sandbox does not protect %s here: %s", one.name, ", ".join(one.got_out))
    return protections


def _attempts() -> dict[str, list[str]]:
    with tempfile.TemporaryDirectory(prefix="assay-canary-") as name:
        (Path(name) / "canary").write_bytes(b"canary")
        own = {kind: Path(f"/proc/self/ns/{kind}").readlink().name for kind in _NAMESPACES}
        arguments = {"folder": name, "caller": os.getpid(), "namespaces": own}
        found: dict[str, list[str]] = run_request(
            sandbox_request("media.sandbox.self_test:attempt_escapes", arguments), ProcessLimits(), {}
        )
        return found


def _listed(got_out: Mapping[str, Sequence[str]]) -> tuple[SandboxProtection, ...]:
    return tuple(
        SandboxProtection(name=name, means=means, essential=essential, got_out=tuple(got_out.get(name, ())))
        for name, (means, essential) in _PROTECTIONS.items()
    )
