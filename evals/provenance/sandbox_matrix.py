"""Which protections of the sandbox are in force, and where: `python -m evals.provenance.sandbox_matrix`, as root.

Each situation is a process of its own that tries every protection (media.sandbox.protections), as `assay doctor` does.
There need be no engine for containers: `as in a container` is a process in user, process, mount, network and message
queue namespaces of its own, without capabilities, that gains no privileges, and for which a filter refuses further
namespaces, as Docker's does. `without Landlock` is the same with the calls for Landlock failing. Writes
evals/results/sandbox.json and docs/reference/sandbox.md.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from evals.bench.machine_info import machine_info
from evals.pages import render_markdown, stored_results

_ROOT = Path(__file__).parents[2]
RESULT = _ROOT / "evals" / "results" / "sandbox.json"
PAGE = _ROOT / "docs" / "reference" / "sandbox.md"

_NOBODY = 65534  # the user and group of nobody
_PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 22, 24, 38  # prctl(2)
_FILTER_MODE = 2  # seccomp(2)
_NAMESPACES = 0x00020000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000  # mount, ipc, user, pid, net
_LAST_CAPABILITY = 40
_CALLS = {
    "x86_64": {"unshare": 272, "landlock_create_ruleset": 444},
    "aarch64": {"unshare": 97, "landlock_create_ruleset": 444},
}
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF: load a word, jump if equal, return
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000  # seccomp(2): what a filter returns
_EPERM, _ENOSYS = 1, 38
_TRY = (
    "import json, os;"
    "from media.sandbox.protections import sandbox_protections;"
    "print(json.dumps({'user': os.geteuid(), 'protections': [[one.name, one.means, one.essential, list(one.got_out)]"
    " for one in sandbox_protections()]}))"
)


def main() -> None:
    """Try, and write."""
    situations: dict[str, Callable[[], None]] = {
        "as root": lambda: None,
        "as a user": _become_nobody,
        "as in a container": partial(_enter_container, landlock=True),
        "in one without Landlock": partial(_enter_container, landlock=False),
    }
    results = {name: _tried(enter) for name, enter in situations.items()}
    found = {
        "situations": results,
        "kernel": platform.release().split("-")[0],
        "processor": platform.machine(),
        "command": "python -m evals.provenance.sandbox_matrix",
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_page()


def write_page() -> None:
    """From the result."""
    PAGE.write_text(sandbox_page(), encoding="utf-8")


def sandbox_page() -> str:
    """The table."""
    return render_markdown("provenance/templates/sandbox.md.j2", **stored_results("sandbox"))


def _tried(enter: Callable[[], None]) -> dict[str, object]:
    """What a process finds that has run `enter` before; `not_tried` says why where it could not."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRY],
            cwd=_ROOT,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=enter,
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return {"not_tried": f"{type(error).__name__}: {getattr(error, 'stderr', '') or error}"[-300:]}
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _enter_container(*, landlock: bool) -> None:
    """As the process that an engine starts in a container: its own namespaces, no capabilities, a filter of calls."""
    libc = ctypes.CDLL(None, use_errno=True)
    _become_nobody()
    if libc.unshare(_NAMESPACES):
        raise OSError(ctypes.get_errno(), "no namespaces")
    _continue_in_child()  # the first process of the new process namespace
    if libc.mount(b"proc", b"/proc", b"proc", 0, None):
        raise OSError(ctypes.get_errno(), "no /proc of its own")
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capset(header, sets)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    numbers = _CALLS[platform.machine()]
    refused = {numbers["unshare"]: _EPERM}
    if not landlock:
        refused[numbers["landlock_create_ruleset"]] = _ENOSYS
    _refuse_calls(libc, refused)


def _continue_in_child() -> None:
    """Go on as a child; the process that this was waits, and ends as the child does."""
    child = os.fork()
    if child:
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)


def _refuse_calls(libc: ctypes.CDLL, refused: dict[int, int]) -> None:
    steps = [struct.pack("HBBI", _LOAD, 0, 0, 0)]  # the number of the call
    for number, error in refused.items():
        steps += [struct.pack("HBBI", _EQUAL, 0, 1, number), struct.pack("HBBI", _RETURN, 0, 0, _ERROR | error)]
    program = ctypes.create_string_buffer(b"".join([*steps, struct.pack("HBBI", _RETURN, 0, 0, _ALLOW)]))
    description = struct.pack("HxxxxxxP", len(steps) + 1, ctypes.addressof(program))
    if libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, description, 0, 0):
        raise OSError(ctypes.get_errno(), "no filter")


if __name__ == "__main__":
    main()
