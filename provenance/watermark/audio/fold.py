"""Lays the evidence of some seconds over one period, at a place that is then refined until the pilots agree best."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.audio.chips import pilot_z
from provenance.watermark.audio.features import Evidence, evidence
from provenance.watermark.audio.hearing import HOP, Power
from provenance.watermark.audio.layout import CELL, CELLS
from provenance.watermark.audio.search import Place, tempos
from provenance.watermark.key import WatermarkKey

Folded = NDArray[np.float32]

_PITCHES = (-0.5, 0.0, 0.5)
_TEMPOS = (-0.67, -0.33, 0.0, 0.33, 0.67)  # of the distance between two tempos of the search
_STARTS = (-0.008, -0.004, 0.0, 0.004, 0.008)  # seconds
REFINED = len(_PITCHES) * len(_TEMPOS) * len(_STARTS)
"""How many places refined() compares."""
FOLLOWED = len(_STARTS)
"""How many places followed() compares."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """Evidence (CELLS, pairs) laid over one period at a place, and how well the pilots agree with it."""

    place: Place
    z: float
    folded: Folded


def refined(heard: Power, place: Place, key: WatermarkKey) -> Reading:
    """The best reading close to a place that the search found."""
    step = float(np.diff(tempos(len(heard) * HOP)[:2])[0])
    middle = len(heard) * HOP / 2
    readings: list[Reading] = []
    for pitch in _PITCHES:
        seen = evidence(heard, place.pitch + pitch)
        near = (
            _moved(place, pitch=pitch, tempo=tempo * step, start=start, middle=middle)
            for tempo, start in product(_TEMPOS, _STARTS)
        )
        readings.append(_best(seen, near, key))
    return max(readings, key=lambda reading: reading.z)


def followed(heard: Power, place: Place, key: WatermarkKey) -> Reading:
    """The best reading at a place that earlier seconds foretell."""
    seen = evidence(heard, place.pitch)
    return _best(seen, (replace(place, start=place.start + start) for start in _STARTS), key)


def fold(seen: Evidence, place: Place) -> Folded:
    """Evidence summed over the repetitions of each chip."""
    length = CELL / place.tempo
    first = int(np.ceil(-place.start / length))
    last = int((len(seen) * HOP - place.start) / length)
    cells = np.arange(first, last)
    at = np.rint((place.start + cells * length) / HOP + (length - CELL) / (2 * HOP)).astype(np.intp)
    inside = (at >= 0) & (at < len(seen))
    folded = np.zeros((CELLS, seen.shape[1]), np.float32)
    np.add.at(folded, cells[inside] % CELLS, seen[at[inside]])
    return folded


def _moved(place: Place, *, pitch: float, tempo: float, start: float, middle: float) -> Place:
    """Another tempo turns the pattern about the middle of what is heard, where the search has it right."""
    faster = place.tempo + tempo
    begins = middle - (middle - place.start) * place.tempo / faster
    return Place(start=begins + start, tempo=faster, pitch=place.pitch + pitch)


def _best(seen: Evidence, places: Iterable[Place], key: WatermarkKey) -> Reading:
    return max((_reading(seen, place, key) for place in places), key=lambda reading: reading.z)


def _reading(seen: Evidence, place: Place, key: WatermarkKey) -> Reading:
    folded = fold(seen, place)
    return Reading(place=place, z=pilot_z(folded, key), folded=folded)
