"""Which parts of a video carry a mark: one spliced into other footage, or two different ones in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from provenance.watermark.accumulate import Evidence, Floats
from provenance.watermark.detect import FALSE_ALARM, Detection, Doubles, detect
from provenance.watermark.effort import Effort
from provenance.watermark.fold import Reading, canvas, read
from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import Complex, write
from provenance.watermark.payload import Payload
from provenance.watermark.read import SHIFTS, agreement, opinion

_SURE, _HOLE = 4.0, 2.5
"""The least z of a part that carries a mark, and of one between two that do."""
_SHARE = 4
"""A mark is first looked for in stretches of this share of the video, each half over the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """From `start` to `end` (shares of the video, 0 to 1) lies this mark.

    `p_value` is of this place, given that the mark was read somewhere in the video with its check.
    """

    start: float
    end: float
    payload: str
    key_id: str
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A mark that was read somewhere in the video: its lines, and how it lies."""

    payload: Payload
    key: WatermarkKey
    placed: Doubles
    way: str
    right: float
    down: float

    @property
    def lines(self) -> Complex:
        return write(self.payload, self.key)


def segments(
    evidence: Evidence, keys: Sequence[WatermarkKey], *, whole: Detection | None = None, effort: Effort = "quick"
) -> tuple[Segment, ...]:
    """Of evidence with parts. `whole` is what was found in all of it, if that is known. Ordered by start."""
    whole = whole or detect(evidence, keys, effort=effort)
    found = [one for known in _known(evidence, keys, whole) for one in _stretches(evidence, known)]
    return tuple(sorted((one for one in found if one.p_value <= FALSE_ALARM), key=lambda one: one.start))


def _known(evidence: Evidence, keys: Sequence[WatermarkKey], whole: Detection) -> list[_Known]:
    """Each payload once: of the whole video, and of stretches of it in the same geometry or as it was."""
    found: dict[str, _Known] = {}
    plain: Doubles = np.diag([evidence.scale, evidence.scale, 1.0])
    placed = [plain] if whole.placed is None or whole.geometry == "as it was" else [plain, whole.placed]
    seen = whole.opinion
    if whole.mark.among and whole.key and seen and seen.payload and whole.placed is not None:
        found[seen.payload.hex] = _Known(seen.payload, whole.key, whole.placed, seen.way, seen.right, seen.down)
    for picture in (evidence.picture, *_windows(evidence.parts)):
        for place in placed:
            reading = read(canvas(picture, place))
            for key in keys:
                seen = opinion(reading, key)
                if seen.payload and seen.chance(4 * len(evidence.parts) * len(keys)) <= FALSE_ALARM:
                    known = _Known(seen.payload, key, place, seen.way, seen.right, seen.down)
                    found.setdefault(seen.payload.hex, known)
    return list(found.values())


def _windows(parts: Sequence[Floats]) -> Iterator[Floats]:
    length = max(1, len(parts) // _SHARE)
    for start in range(0, len(parts) - length + 1, max(1, length // 2)):
        yield sum(parts[start + 1 : start + length], parts[start].copy())


def _stretches(evidence: Evidence, known: _Known) -> Iterator[Segment]:
    """Runs of parts that carry the mark; one weak part between two sure ones belongs to them."""
    marked = [_z(part, known) for part in evidence.parts]
    carried = [z >= _SURE for z in marked]
    for at in range(1, len(carried) - 1):
        carried[at] |= marked[at] >= _HOLE and carried[at - 1] and marked[at + 1] >= _SURE
    start = 0
    while start < len(carried):
        end = start
        while end < len(carried) and carried[end]:
            end += 1
        if end > start:
            yield _segment(evidence, known, start, end)
        start = end + 1


def _segment(evidence: Evidence, known: _Known, start: int, end: int) -> Segment:
    z = _z(sum(evidence.parts[start + 1 : end], evidence.parts[start].copy()), known)
    count = len(evidence.parts)
    chance = min(1.0, SHIFTS * count * float(np.exp(-z * z / 2)))
    payload, key_id = known.payload.hex, known.key.id
    return Segment(start=start / count, end=end / count, payload=payload, key_id=key_id, p_value=chance)


def _z(picture: Floats, known: _Known) -> float:
    reading: Reading = read(canvas(picture, known.placed))
    return agreement(dict(reading.ways())[known.way], known.lines, known.right, known.down)


def in_seconds(found: Sequence[Segment], duration: float) -> tuple[Segment, ...]:
    """The same, `start` and `end` in seconds of a video that lasts so long."""
    return tuple(replace(one, start=one.start * duration, end=one.end * duration) for one in found)
