"""Errors of storage as plain messages, and how much is copied at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import AssayError, Unavailable

COPY_CHUNK_BYTES = 1 << 20


@contextmanager
def translate_storage_errors(trouble: str) -> Iterator[None]:
    """Whatever storage raises becomes Unavailable in one line."""
    try:
        yield
    except AssayError:
        raise
    except Exception as error:
        reason = getattr(error, "strerror", None) or (str(error).splitlines() or [""])[0] or type(error).__name__
        raise Unavailable(f"{trouble}: {reason}") from error
