"""What RFC 9110 says of If-None-Match, If-Modified-Since, Range and If-Range, as pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from console.web.http_errors import RangeNotSatisfiable

_RANGE = re.compile(r"bytes=[\d\-, \t]+", re.IGNORECASE)
_ONE_RANGE = re.compile(r"(\d*)-(\d*)")
_MAX_RANGES = 100


def http_date(at: datetime) -> str:
    """A moment as Last-Modified writes it, to the second."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)


def is_not_modified(asked: Mapping[str, str], etag: str, modified: datetime) -> bool:
    """Whether 304 answers this GET or HEAD: If-None-Match alone counts where it is there (RFC 9110, 13.2.2)."""
    if (tags := asked.get("if-none-match")) is not None:
        return tags.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = _parse_date(asked.get("if-modified-since", ""))
    return since is not None and modified.replace(microsecond=0) <= since


def usable_range(asked: Mapping[str, str], size: int, etag: str, modified: datetime) -> str | None:
    """The Range header of a GET as far as it counts; None where the whole is to be sent.

    One that cannot be read, or whose If-Range names another file, is passed over (14.2, 13.1.5). Raises
    RangeNotSatisfiable where it is right in form and none of it lies in the file.
    """
    wanted = asked.get("range")
    if wanted is None or not _RANGE.fullmatch(wanted.strip()) or not _same_file(asked, etag, modified):
        return None
    parts = [part.strip() for part in wanted.partition("=")[2].split(",") if part.strip()]
    matched = [_ONE_RANGE.fullmatch(part) for part in parts]
    given = [(m[1], m[2]) for m in matched if m is not None and (m[1] or m[2])]
    if not parts or len(given) != len(parts) or len(parts) > _MAX_RANGES:
        return None
    if any(first and last and int(first) > int(last) for first, last in given):
        return None
    inside = [(first, last) for first, last in given if (int(first) < size if first else int(last) > 0 < size)]
    if not inside:
        raise RangeNotSatisfiable(size=size)
    return "bytes=" + ",".join(f"{first}-{last}" for first, last in inside)


def _same_file(asked: Mapping[str, str], etag: str, modified: datetime) -> bool:
    named = asked.get("if-range")
    return named is None or named.strip() in (etag, http_date(modified))


def _parse_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
