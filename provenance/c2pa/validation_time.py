"""Reading as at another time: the C2PA library asks the system's clock and has no setting (c2pa-rs #2228).

The process that reads is started with libfaketime before it, which answers with the time that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from core.errors import BadInput, Unavailable

_LIBRARY_FOLDERS = (
    "/usr/lib/*/faketime",
    "/usr/lib/faketime",
    "/usr/lib64/faketime",
    "/usr/local/lib/faketime",
    "/opt/*/lib/faketime",
)
_NAME = "libfaketimeMT.so.1"


def faketime_environment(at: datetime | None) -> Mapping[str, str]:
    """The environment in which it is that time; nothing for now. Raises BadInput, Unavailable without libfaketime."""
    if at is None:
        return {}
    if at.tzinfo is None:
        raise BadInput("a validation time needs a time zone: 2028-01-31T12:00:00+00:00")
    library = _library()
    if library is None:
        raise Unavailable("another validation time needs libfaketime: apt-get install faketime")
    moment = at.astimezone(UTC).strftime("@%Y-%m-%d %H:%M:%S")
    return {"LD_PRELOAD": str(library), "FAKETIME": moment, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}


@cache
def _library() -> Path | None:
    root = Path("/")
    candidates = (folder / _NAME for pattern in _LIBRARY_FOLDERS for folder in sorted(root.glob(pattern[1:])))
    return next((library for library in candidates if library.is_file()), None)
