"""Banks and their entries: what is known, who added it, from where and why."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from core.errors import BadInput

WHOLE_VIEW = 1000
"""A view that shows all of a picture; 900 shows the inner nine tenths of its width and height."""

BANK_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "known_bad": "block",
        "known_work": "hold",
        "known_listed": "hold",
        "known_claimed": "block",
        "known_noted": "note",
        "known_harmless": "clear",
    }
)
"""What a match in a bank of this kind leads to by the rules that come with Assay; `clear` takes others' hits away."""

CLAIMED_KIND = "known_claimed"
"""What was taken down after a claim. Kept by stay-down alone: nothing is imported into it, and it is not shared out."""

HASH_BYTES: Mapping[str, int] = MappingProxyType({"phash": 8, "pdq": 32, "vpdq": 32, "sound": 32})
"""Bytes of one hash: `phash` and `pdq` of a picture, `vpdq` of a frame, `sound` of a second of sound."""

MAX_ENTRY_HASHES = 50_000
_BANK_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_MAX_ID, _MAX_TEXT, _MAX_TAGS = 200, 2000, 50


class EntryState(StrEnum):
    """Whether an entry decides. What was removed is kept, and its record with it."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A named bank; `action` says what a match leads to, `entries` counts by state where somebody counted."""

    name: str
    kind: str
    entries: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _BANK_NAME.fullmatch(self.name):
            raise BadInput("a bank's name has up to 63 lower-case letters, digits, points, hyphens and underscores")
        if self.kind not in BANK_KINDS:
            raise BadInput(f"{self.kind!r} is no kind of bank: one of {', '.join(BANK_KINDS)}")

    @property
    def action(self) -> str:
        """block, hold, note or clear."""
        return BANK_KINDS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntry:
    """One picture, video or sound: its hashes one after the other in `bits`, with the second and the view of each.

    `source` and `reason` are its own, where it is added together with others that have different ones. Raises BadInput
    for what is no hash.
    """

    id: str
    algorithm: str
    bits: bytes
    times: tuple[float, ...] = (0.0,)
    views: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    source: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        require_lines(self.source, self.reason)
        if not 0 < len(self.id) <= _MAX_ID or not self.id.isprintable():
            raise BadInput(f"an entry has an id of up to {_MAX_ID} characters")
        validate_hash(self.algorithm, self.bits[: HASH_BYTES.get(self.algorithm, 0)])
        if not self.views:
            object.__setattr__(self, "views", (WHOLE_VIEW,) * len(self.times))
        count = len(self.times)
        if not 0 < count <= MAX_ENTRY_HASHES or len(self.views) != count:
            raise BadInput(f"an entry has between 1 and {MAX_ENTRY_HASHES} hashes, each with a time and a view")
        if len(self.bits) != count * HASH_BYTES[self.algorithm]:
            raise BadInput("an entry has as many times as hashes")
        if any(not 0 <= time < 1e7 for time in self.times) or any(not 0 < view <= WHOLE_VIEW for view in self.views):
            raise BadInput("a time is a number of seconds from 0 on, a view between 1 and 1000 thousandths")
        if len(self.tags) > _MAX_TAGS or any(len(tag) > _MAX_ID or not tag.isprintable() for tag in self.tags):
            raise BadInput(f"an entry has up to {_MAX_TAGS} tags of up to {_MAX_ID} characters")

    @property
    def digest(self) -> str:
        """SHA-256 of its hashes: the same entry is not banked twice."""
        return hashlib.sha256(self.bits).hexdigest()

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Each hash by itself."""
        size = HASH_BYTES[self.algorithm]
        return tuple(self.bits[start : start + size] for start in range(0, len(self.bits), size))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as it lies in its bank."""

    key: int
    bank: str
    kind: str
    state: EntryState
    entry: BankEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """What was done to an entry: added, removed, restored, quarantined or released; by whom, from where and why."""

    key: int
    change: str
    at: datetime
    by: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who does something to a bank, where they have it from, and why."""

    by: str
    source: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        require_lines(self.source, self.reason)


def require_lines(source: str, reason: str) -> None:
    """Raises BadInput unless each is one line of a sensible length."""
    if any(len(text) > _MAX_TEXT or not text.isprintable() for text in (source, reason)):
        raise BadInput(f"a source and a reason have one line of up to {_MAX_TEXT} characters each")


def validate_hash(algorithm: str, bits: bytes) -> None:
    """Raises BadInput unless the bits are as long as the algorithm's hashes."""
    if HASH_BYTES.get(algorithm) != len(bits):
        raise BadInput(f"not a hash: {len(bits)} bytes of {algorithm!r}, for phash has 8 and pdq 32")
