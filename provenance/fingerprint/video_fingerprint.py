"""A fingerprint of what a video shows: one PDQ hash a second, to find it again when everything else is gone.

Hosgood et al., "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (Facebook, 2019).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pdqhash

from media.video import Frame, VideoSample

ENTRY_BITS = 256
_ENTRY_PATTERN = re.compile(r"(\d+):([0-9a-f]{64}):(\d{1,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerprintEntry:
    """The PDQ hash of one second: 256 bits as hex, quality in [0, 100] (below 50 the picture is too plain to match)."""

    second: int
    bits: str
    quality: int

    def __str__(self) -> str:
        return f"{self.second}:{self.bits}:{self.quality}"


def video_fingerprint(sample: VideoSample) -> tuple[str, ...]:
    """The first sampled frame of each second as `second:hex:quality`."""
    first: dict[int, Frame] = {}
    for frame in sample.frames:
        first.setdefault(int(frame.at), frame)
    return tuple(str(_frame_entry(second, frame)) for second, frame in sorted(first.items()))


def parse_entry(entry: str) -> FingerprintEntry:
    """One entry of a fingerprint. Raises ValueError."""
    match = _ENTRY_PATTERN.fullmatch(entry)
    if match is None:
        raise ValueError(f"not an entry of a fingerprint: {entry!r}")
    return FingerprintEntry(second=int(match[1]), bits=match[2], quality=int(match[3]))


def hamming_distance(first: str, second: str) -> int:
    """How many of 256 bits differ between two entries; about 128 for unrelated pictures, up to 31 for the same."""
    return (int(parse_entry(first).bits, 16) ^ int(parse_entry(second).bits, 16)).bit_count()


def _frame_entry(second: int, frame: Frame) -> FingerprintEntry:
    bits, quality = pdqhash.compute(np.ascontiguousarray(frame.rgb))
    return FingerprintEntry(second=second, bits=np.packbits(bits).tobytes().hex(), quality=int(quality))
