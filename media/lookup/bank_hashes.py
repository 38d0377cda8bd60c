"""What a file is looked up by in banks of known footage: computed by classifiers, searched by the registry."""

from __future__ import annotations

from dataclasses import dataclass

from media.arrays import BitArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameViews:
    """One sampled frame as a bank is asked about it: PDQ (n, 32) of its views, mirrored and turned, and its phash."""

    pdq: BitArray
    phash: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankHit:
    """What was looked up is in a bank: `kind` is the bank's, `entry` the opaque key of the entry, `id` its id there.

    `score` is in (0, 1]: 0.5 at the limit of a copy. `places` are the frames, or seconds of sound, that are in it;
    `query_share` is their share of all that were looked up, `entry_share` the share of the entry that was found.
    `cleared_by` is the key of an entry of a bank of harmless footage that is as near: then the hit does not count.
    """

    bank: str
    kind: str
    entry: str
    id: str
    score: float
    places: tuple[int, ...]
    query_share: float
    entry_share: float
    cleared_by: str = ""
