"""Runs a function in the sandbox, because a decoder of untrusted files will be exploited one day.

The child has bounded memory, CPU time and file size, sees one file, has no network, starts no programs and leaves no
core. Whatever happens to it, the caller gets a value or one clear line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import BadMedia, OverBudget
from media.sandbox.limits import ProcessLimits
from media.sandbox.protections import require_sandbox
from media.sandbox.sandboxed_process import LimitReached, run_request, sandbox_request
from media.sandbox.scan import current_scan


def run_sandboxed(
    function: str,
    arguments: Mapping[str, Any],
    *,
    reads: Sequence[Path] = (),
    writes: Sequence[Path] = (),
    limits: ProcessLimits | None = None,
    environment: Mapping[str, str] | None = None,
) -> Any:
    """What `package.module:function` returns for these arguments, run in the sandbox.

    Arguments are JSON values; they go through a pipe, so that secrets are in no argument list and no file.
    Of files the process sees those that it is named as `reads`, and it may write in the folders named as `writes`,
    beside the libraries and a folder of its own.
    The result is JSON values and numpy arrays (also nested); records come back as dicts for core.codec.load.
    An AssayError of the function is raised here as what it is. Any other end of the process, its running out
    of memory or time included, raises BadMedia; a process that cannot be started raises Unavailable.
    Within a scan (media.sandbox.scan) the limits are those of its budget, of which OverBudget says that they were
    reached, Abandoned that the scan was cancelled, and Unavailable that the sandbox is not in force. `environment` is
    added to the few variables that the process sees.
    """
    limits, scan = limits or ProcessLimits(), current_scan()
    request = sandbox_request(function, arguments, reads=reads, writes=writes)
    try:
        if scan is None:
            return run_request(request, limits, environment or {})
        require_sandbox()
        with scan.turn():
            return run_request(request, scan.process_limits(limits), environment or {}, scan)
    except LimitReached as error:
        raise (OverBudget(error.of_budget) if scan else BadMedia(str(error))) from None
