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
from provenance.watermark.fold import canvas, read
from provenance.watermark.geometry import Geometry, geometries
from provenance.watermark.key import WatermarkKey
from provenance.watermark.read import Opinion, opinion

FALSE_ALARM = 1e-9
"""A mark is reported only if a file without one would bring this about with at most this chance."""
_NEAR_MISS = 5.5

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """The mark, and how it was found: for evaluation. `attempts` counts readings, over all keys."""

    mark: Mark
    key_id: str = ""
    z: float = 0.0
    attempts: int = 0
    geometry: str = ""
    way: str = ""
    placed: Doubles | None = None
    opinion: Opinion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Best:
    opinion: Opinion
    key: WatermarkKey
    geometry: Geometry
    keys: int

    @property
    def chance(self) -> float:
        """That any reading of this kind says as much without a mark: each map may be climbed from, so counts twice."""
        return self.opinion.chance(2 * self.geometry.among * self.keys)


def detect_video(
    frames: Iterable[NDArray[np.uint8]], keys: Sequence[WatermarkKey], *, effort: Effort = "quick"
) -> Mark:
    """Of Y planes (height, width) of one size, some dozens spread over the video; constant memory. Raises BadMedia."""
    return detect(accumulate(frames, work_side=WORK_SIDE), keys, effort=effort).mark


def detect(evidence: Evidence, keys: Sequence[WatermarkKey], *, effort: Effort = "quick") -> Detection:
    """Tries geometries until a payload is read. `deep` also undoes rotation, stretching and perspective."""
    best: _Best | None = None
    attempts = 0
    for geometry in geometries(evidence, effort, keys):
        found = _look(evidence, geometry, keys)
        attempts += len(keys)
        if found and not found.opinion.payload and (geometry.coarse or found.opinion.z > _NEAR_MISS):
            closer = climb(evidence.picture, geometry.placed)
            found = _better(found, _look(evidence, replace(geometry, placed=closer), keys))
            attempts += len(keys)
        best = _better(best, found)
        if best and best.opinion.payload and best.chance <= FALSE_ALARM:
            break
    return _detection(best, attempts)


def _look(evidence: Evidence, geometry: Geometry, keys: Sequence[WatermarkKey]) -> _Best | None:
    reading = read(canvas(evidence.picture, geometry.placed))
    best: _Best | None = None
    for key in keys:
        best = _better(best, _Best(opinion=opinion(reading, key), key=key, geometry=geometry, keys=len(keys)))
    return best


def _better(a: _Best | None, b: _Best | None) -> _Best | None:
    if a is None or b is None:
        return a or b
    return min(a, b, key=lambda best: (best.chance, -best.opinion.z))


def _detection(best: _Best | None, attempts: int) -> Detection:
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
        note=_note(best, found),
    )
    return Detection(
        mark=mark,
        key_id=best.key.id,
        z=best.opinion.z,
        attempts=attempts,
        geometry=best.geometry.name,
        placed=best.geometry.placed,
        opinion=best.opinion,
        way=best.opinion.way,
    )


def _note(best: _Best, found: bool) -> str:
    if not found:
        return "no mark of ours found"
    if best.opinion.payload is None:
        return f"a mark of key {best.key.id} is present, but damaged: its payload cannot be read"
    return f"key {best.key.id}; picture {best.geometry.name}, {best.opinion.way}"
