"""Finds where the pattern begins, how much faster it runs and how much higher it sounds than it was written.

For each pitch the evidence is transformed once; at each tempo the pattern's harmonics are then read off at their places
in that spectrum, so that folding at dozens of tempos costs no more than a look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from media.arrays import PowerSpectrum
from provenance.watermark.audio.chip_layout import CHIPS_PER_PERIOD, PERIOD_SECONDS
from provenance.watermark.audio.chips import chip_assignment
from provenance.watermark.audio.soft_chips import SoftChips, soft_chips
from provenance.watermark.audio.spectrogram import HOP_SECONDS
from provenance.watermark.key import WatermarkKey

MAX_TEMPO_CHANGE = 0.115  # share by which sound may be faster or slower
PITCH_GRID = tuple(float(step) for step in range(-7, 8))
_START_OFFSETS = 2 * CHIPS_PER_PERIOD  # places tried for the beginning: every half cell
_HARMONICS = CHIPS_PER_PERIOD // 2 + 1  # harmonics of the pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronisation:
    """The mark's alignment:

    it begins `start` seconds in, runs `tempo` times as fast, sounds `pitch` grid steps higher.
    """

    start: float
    tempo: float
    pitch: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCandidate:
    """A place and its score there, for ranking only."""

    sync: Synchronisation
    score: float


def tempo_grid(seconds: float) -> NDArray[np.float64]:
    """The tempos to try: so near to each other that over so many seconds the pattern slips by less than half a cell."""
    step = min(0.02, 0.012 / max(seconds, 1.0))
    count = int(np.ceil(MAX_TEMPO_CHANGE / step))
    return np.asarray(np.arange(-count, count + 1) * step + 1.0, np.float64)


def hypothesis_count(seconds: float, pitches: Sequence[float] = PITCH_GRID) -> int:
    """How many places candidates() compares."""
    return len(tempo_grid(seconds)) * len(pitches) * _START_OFFSETS


def sync_candidates(
    power: PowerSpectrum, key: WatermarkKey, *, pitches: Sequence[float] = PITCH_GRID, best: int = 3
) -> list[SyncCandidate]:
    """The likeliest places in some seconds of power, the best of each pitch, likeliest first."""
    candidates: list[SyncCandidate] = []
    for pitch in pitches:
        chips_seen = soft_chips(power, pitch)
        score, place = _best(chips_seen[::2], pitch, key)
        candidates.append(SyncCandidate(sync=place, score=score))
    return sorted(candidates, key=lambda candidate: -candidate.score)[:best]


def _best(chips: SoftChips, pitch: float, key: WatermarkKey) -> tuple[float, Synchronisation]:
    from scipy import fft  # slow to import

    step = 2 * HOP_SECONDS
    speeds = tempo_grid(len(chips) * step)
    size = fft.next_fast_len(4 * len(chips), real=True)
    spectrum = fft.rfft(chips, size, axis=0)
    # harmonic k of a pattern that runs `tempo` times as fast is at k * tempo / PERIOD_SECONDS hertz
    harmonics = np.arange(_HARMONICS)[None, :] * speeds[:, None] * (size * step / PERIOD_SECONDS)
    read = spectrum[np.minimum(np.rint(harmonics).astype(np.intp), len(spectrum) - 1)]
    score = fft.irfft(np.einsum("skp,kp->sk", read, _pilot_harmonics(key)), _START_OFFSETS, axis=1)
    row, shift = np.unravel_index(int(score.argmax()), score.shape)
    tempo = float(speeds[row])
    norm = float(np.sqrt(np.square(chips).sum())) or 1.0
    return float(score[row, shift]) / norm, Synchronisation(
        start=int(shift) * PERIOD_SECONDS / _START_OFFSETS / tempo, tempo=tempo, pitch=pitch
    )


@lru_cache(maxsize=16)
def _pilot_harmonics(key: WatermarkKey) -> NDArray[np.complex64]:
    """(harmonics, pairs): the conjugate spectrum of the pilots, held for a cell each."""
    from scipy import fft

    chip_values = np.repeat(chip_assignment(key).pilot_signs, _START_OFFSETS // CHIPS_PER_PERIOD, axis=0)
    return np.asarray(np.conj(fft.rfft(chip_values, axis=0)[:_HARMONICS]), np.complex64)
