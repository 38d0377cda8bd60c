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
from scipy import fft

from provenance.watermark.audio.chips import plan_of
from provenance.watermark.audio.features import Evidence, evidence
from provenance.watermark.audio.hearing import HOP, Power
from provenance.watermark.audio.layout import CELLS, PERIOD
from provenance.watermark.key import WatermarkKey

TEMPO_REACH = 0.115
PITCHES = tuple(float(step) for step in range(-7, 8))
_SHIFTS = 2 * CELLS  # places tried for the beginning: every half cell
_FINEST = CELLS // 2 + 1  # harmonics of the pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How the mark lies: it begins `start` seconds in, runs `tempo` times as fast, sounds `pitch` grid steps higher."""

    start: float
    tempo: float
    pitch: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place and its score there, for ranking only."""

    place: Place
    score: float


def tempos(seconds: float) -> NDArray[np.float64]:
    """The tempos to try: so near to each other that over so many seconds the pattern slips by less than half a cell."""
    step = min(0.02, 0.012 / max(seconds, 1.0))
    count = int(np.ceil(TEMPO_REACH / step))
    return np.asarray(np.arange(-count, count + 1) * step + 1.0, np.float64)


def tried(seconds: float, pitches: Sequence[float] = PITCHES) -> int:
    """How many places candidates() compares."""
    return len(tempos(seconds)) * len(pitches) * _SHIFTS


def candidates(
    heard: Power, key: WatermarkKey, *, pitches: Sequence[float] = PITCHES, best: int = 3
) -> list[Candidate]:
    """The likeliest places in some seconds of power, the best of each pitch, likeliest first."""
    found: list[Candidate] = []
    for pitch in pitches:
        seen = evidence(heard, pitch)
        score, place = _best(seen[::2], pitch, key)
        found.append(Candidate(place=place, score=score))
    return sorted(found, key=lambda candidate: -candidate.score)[:best]


def _best(seen: Evidence, pitch: float, key: WatermarkKey) -> tuple[float, Place]:
    step = 2 * HOP
    speeds = tempos(len(seen) * step)
    size = fft.next_fast_len(4 * len(seen), real=True)
    spectrum = fft.rfft(seen, size, axis=0)
    # harmonic k of a pattern that runs `tempo` times as fast lies at k * tempo / PERIOD hertz
    at = np.arange(_FINEST)[None, :] * speeds[:, None] * (size * step / PERIOD)
    read = spectrum[np.minimum(np.rint(at).astype(np.intp), len(spectrum) - 1)]
    score = fft.irfft(np.einsum("skp,kp->sk", read, _pattern(key)), _SHIFTS, axis=1)
    which, shift = np.unravel_index(int(score.argmax()), score.shape)
    tempo = float(speeds[which])
    norm = float(np.sqrt(np.square(seen).sum())) or 1.0
    return float(score[which, shift]) / norm, Place(
        start=int(shift) * PERIOD / _SHIFTS / tempo, tempo=tempo, pitch=pitch
    )


@lru_cache(maxsize=16)
def _pattern(key: WatermarkKey) -> NDArray[np.complex64]:
    """(harmonics, pairs): the conjugate spectrum of the pilots, held for a cell each."""
    held = np.repeat(plan_of(key).pilot_signs, _SHIFTS // CELLS, axis=0)
    return np.asarray(np.conj(fft.rfft(held, axis=0)[:_FINEST]), np.complex64)
