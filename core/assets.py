"""Bytes in the blob store, named by their SHA-256."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file in the blob store: its SHA-256 in hex, its media type and its size in bytes."""

    digest: str
    media_type: str
    size: int

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.digest):
            raise ValueError(f"not a SHA-256 in hex: {self.digest!r}")
