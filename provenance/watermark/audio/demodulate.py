"""Lays the evidence of some seconds over one period, at a place that is then refined until the pilots agree best."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from media.arrays import PowerSpectrum
from provenance.watermark.audio.chip_layout import CHIP_SECONDS, CHIPS_PER_PERIOD
from provenance.watermark.audio.chips import pilot_z
from provenance.watermark.audio.soft_chips import SoftChips, soft_chips
from provenance.watermark.audio.spectrogram import HOP_SECONDS
from provenance.watermark.audio.synchronisation import Synchronisation, tempo_grid
from provenance.watermark.key import WatermarkKey

ChipSums = NDArray[np.float32]

_PITCH_OFFSETS = (-0.5, 0.0, 0.5)  # grid steps of pitch
_TEMPO_OFFSETS = (-0.67, -0.33, 0.0, 0.33, 0.67)  # of the distance between two tempos of the search
_START_OFFSETS = (-0.008, -0.004, 0.0, 0.004, 0.008)  # seconds
REFINE_HYPOTHESES = len(_PITCH_OFFSETS) * len(_TEMPO_OFFSETS) * len(_START_OFFSETS)
"""How many places refined() compares."""
TRACK_HYPOTHESES = len(_START_OFFSETS)
"""How many places followed() compares."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SynchronisedChips:
    """Evidence (CHIPS_PER_PERIOD, pairs) laid over one period at a place, and how well the pilots agree with it."""

    sync: Synchronisation
    z: float
    chip_sums: ChipSums


def refine_sync(power: PowerSpectrum, sync: Synchronisation, key: WatermarkKey) -> SynchronisedChips:
    """The best reading close to a place that the search found."""
    step = float(np.diff(tempo_grid(len(power) * HOP_SECONDS)[:2])[0])
    middle = len(power) * HOP_SECONDS / 2
    readings: list[SynchronisedChips] = []
    for pitch in _PITCH_OFFSETS:
        chips_seen = soft_chips(power, sync.pitch + pitch)
        near = (
            _offset_sync(sync, pitch=pitch, tempo=tempo * step, start=start, middle=middle)
            for tempo, start in product(_TEMPO_OFFSETS, _START_OFFSETS)
        )
        readings.append(_best(chips_seen, near, key))
    return max(readings, key=lambda reading: reading.z)


def track_sync(power: PowerSpectrum, sync: Synchronisation, key: WatermarkKey) -> SynchronisedChips:
    """The best reading at a place that earlier seconds foretell."""
    chips_seen = soft_chips(power, sync.pitch)
    return _best(chips_seen, (replace(sync, start=sync.start + start) for start in _START_OFFSETS), key)


def accumulate_period(chips: SoftChips, sync: Synchronisation) -> ChipSums:
    """Evidence summed over the repetitions of each chip."""
    length = CHIP_SECONDS / sync.tempo
    first = int(np.ceil(-sync.start / length))
    last = int((len(chips) * HOP_SECONDS - sync.start) / length)
    cells = np.arange(first, last)
    steps = np.rint((sync.start + cells * length) / HOP_SECONDS + (length - CHIP_SECONDS) / (2 * HOP_SECONDS)).astype(
        np.intp
    )
    inside = (steps >= 0) & (steps < len(chips))
    folded = np.zeros((CHIPS_PER_PERIOD, chips.shape[1]), np.float32)
    np.add.at(folded, cells[inside] % CHIPS_PER_PERIOD, chips[steps[inside]])
    return folded


def _offset_sync(sync: Synchronisation, *, pitch: float, tempo: float, start: float, middle: float) -> Synchronisation:
    """Another tempo turns the pattern about the middle of what is heard, where the search has it right."""
    faster = sync.tempo + tempo
    begins = middle - (middle - sync.start) * sync.tempo / faster
    return Synchronisation(start=begins + start, tempo=faster, pitch=sync.pitch + pitch)


def _best(chips: SoftChips, places: Iterable[Synchronisation], key: WatermarkKey) -> SynchronisedChips:
    return max((_demodulate(chips, place, key) for place in places), key=lambda reading: reading.z)


def _demodulate(chips: SoftChips, sync: Synchronisation, key: WatermarkKey) -> SynchronisedChips:
    folded = accumulate_period(chips, sync)
    return SynchronisedChips(sync=sync, z=pilot_z(folded, key), chip_sums=folded)
