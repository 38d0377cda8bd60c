"""Looks for marks of our keys in pictures, and says how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.finding import Mark
from provenance.watermark.accumulate import Evidence, accumulate
from provenance.watermark.climb import climb
from provenance.watermark.effort import WORK_SIDE, Effort
from provenance.watermark.fold import Reading, canvas, read
from provenance.watermark.geometry import PLAIN, Geometry, geometries
from provenance.watermark.issued import Issued
from provenance.watermark.key import WatermarkKey
from provenance.watermark.read import Opinion, opinion
from provenance.watermark.recognise import recognised

FALSE_ALARM = 1e-9
"""A mark is reported only if a file without one would bring this about with at most this chance."""
_NEAR_MISS = 5.5
_COMPARED = 12
"""Readings compared with what was issued, at the most: plain ones, and those whose pilots agree best."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """The mark, and how it was found: for evaluation. `attempts` counts readings, over all keys."""

    mark: Mark
    key: WatermarkKey | None = None
    z: float = 0.0
    attempts: int = 0
    geometry: str = ""
    way: str = ""
    placed: Doubles | None = None
    opinion: Opinion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    opinion: Opinion
    key: WatermarkKey
    geometry: Geometry
    reading: Reading
    questions: int

    @property
    def chance(self) -> float:
        """That any reading of this kind says as much without a mark: each map may be climbed from, so counts twice."""
        return self.opinion.chance(2 * self.geometry.among * self.questions)


def detect_video(
    frames: Iterable[NDArray[np.uint8]], keys: Sequence[WatermarkKey], *, effort: Effort = "quick"
) -> Mark:
    """Of Y planes (height, width) of one size, some dozens spread over the video; constant memory. Raises BadMedia."""
    return detect(accumulate(frames, work_side=WORK_SIDE), keys, effort=effort).mark


def detect(
    evidence: Evidence, keys: Sequence[WatermarkKey], *, effort: Effort = "quick", issued: Sequence[Issued] = ()
) -> Detection:
    """Tries geometries until a payload is read. `deep` also undoes rotation, stretching and perspective.

    What cannot be read is compared with what was `issued`.
    """
    best: _Seen | None = None
    questions, looked = len(keys) + len(issued), list[_Seen]()
    for geometry in geometries(evidence, effort, keys) if keys else ():
        looked.append(_look(evidence, geometry, keys, questions))
        said = looked[-1].opinion
        if not said.payload and (geometry.coarse or said.z > _NEAR_MISS):
            closer = climb(evidence.picture, geometry.placed)
            looked.append(_look(evidence, replace(geometry, placed=closer), keys, questions))
        best = _best(looked)
        if best and best.opinion.payload and best.chance <= FALSE_ALARM:
            return _detection(best, len(keys) * len(looked))
    return _detection(_recognised(looked, issued) or best, len(keys) * len(looked))


def _look(evidence: Evidence, geometry: Geometry, keys: Sequence[WatermarkKey], questions: int) -> _Seen:
    reading = read(canvas(evidence.picture, geometry.placed))
    said = [
        _Seen(opinion=opinion(reading, key), key=key, geometry=geometry, reading=reading, questions=questions)
        for key in keys
    ]
    return min(said, key=_surest)


def _recognised(looked: Sequence[_Seen], issued: Sequence[Issued]) -> _Seen | None:
    """The surest of what was issued, in the readings that may well be right; None if none is sure."""
    likely = sorted(looked, key=lambda one: (one.geometry.name not in PLAIN, -one.opinion.z))[:_COMPARED]
    found: list[_Seen] = []
    for some in issued:
        said = recognised([one.reading for one in likely], some)
        found += [replace(one, opinion=of, key=some.key) for one, of in zip(likely, said, strict=True) if of]
    best = _best(found)
    return best if best and best.chance <= FALSE_ALARM else None


def _best(found: Sequence[_Seen]) -> _Seen | None:
    return min(found, key=_surest, default=None)


def _surest(one: _Seen) -> tuple[float, float]:
    return one.chance, -one.opinion.z


def _detection(best: _Seen | None, attempts: int) -> Detection:
    if best is None:
        return Detection(mark=Mark(detected=False, note="no key to look with"))
    chance = best.chance
    found = chance <= FALSE_ALARM
    payload = best.opinion.payload if found else None
    mark = Mark(
        detected=found,
        payload=payload.hex if payload else None,
        p_value=chance,
        case_id=payload.case_id if payload else None,
        among=best.opinion.among if payload else 0,
        note=_note(best, found),
    )
    return Detection(
        mark=mark,
        key=best.key,
        z=best.opinion.z,
        attempts=attempts,
        geometry=best.geometry.name,
        placed=best.geometry.placed,
        opinion=best.opinion,
        way=best.opinion.way,
    )


def _note(best: _Seen, found: bool) -> str:
    if not found:
        return "no mark of ours found"
    if best.opinion.payload is None:
        return f"a mark of key {best.key.id} is present, but damaged: its payload cannot be read"
    how = f"key {best.key.id}; picture {best.geometry.name}, {best.opinion.way}"
    return f"{how}; told apart from {best.opinion.among:,} issued" if best.opinion.among else how
