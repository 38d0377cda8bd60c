"""Where a chip is in time and frequency.

Time is cut into cells of 16 ms, frequency into pairs of neighbouring bands, about as narrow as 16 ms can tell apart
and together narrower than a critical band. One chip raises one band of its pair and lowers the other, so that what the
ear sums up in a critical band stays as it was, and what the music does to both at once cancels in the detector.

Bands begin and end on a grid of 1/48 octave: a change of pitch shifts them along it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

CHIP_SECONDS = 0.016
"""Seconds of a chip."""
CHIPS_PER_PERIOD = 160
"""Chips in a row until the pattern repeats: 2.56 s."""
PERIOD_SECONDS = CHIP_SECONDS * CHIPS_PER_PERIOD

STEPS_PER_OCTAVE = 48
"""Grid steps in an octave."""
LOWEST_HZ = 600.0
"""Hz: the lower edge of the lowest band."""

HIGHEST_HZ = 9000.0
"""Hz: the upper edge of the highest band."""
MAX_PITCH_STEPS = 8
"""Grid steps of pitch, up and down, that the detector undoes: 12 per cent."""
_MIN_BANDWIDTH_HZ = 100.0  # Hz of a band: what a window of 16 ms can still resolve
_MIN_BAND_STEPS = 2  # grid steps of a band


@cache
def band_edges() -> NDArray[np.int64]:
    """Grid steps above LOWEST_HZ at which the bands begin, and the last one ends; bands 2i and 2i + 1 are pair i."""
    marks = [0]
    top = STEPS_PER_OCTAVE * np.log2(HIGHEST_HZ / LOWEST_HZ)
    while True:
        width = max(
            _MIN_BAND_STEPS,
            int(np.ceil(_MIN_BANDWIDTH_HZ / (step_to_hertz(marks[-1]) * (2 ** (1 / STEPS_PER_OCTAVE) - 1)))),
        )
        if marks[-1] + 2 * width > top:
            return np.array(marks, np.int64)
        marks += [marks[-1] + width, marks[-1] + 2 * width]


def band_pair_count() -> int:
    """How many chips are written at a time."""
    return len(band_edges()) // 2


def step_to_hertz(step: float) -> float:
    """The frequency of a grid step."""
    return float(LOWEST_HZ * 2 ** (step / STEPS_PER_OCTAVE))


@cache
def chip_bin_weights(size: int, rate: int) -> NDArray[np.float32]:
    """(pairs, size // 2 + 1): how a chip weighs on the bins of an FFT of `size`: 1 in its lower band, -1 above."""
    starts = np.array([step_to_hertz(int(edge)) for edge in band_edges()]) * size / rate + 0.5
    bins = np.arange(size // 2 + 1)
    begin, end = np.maximum(starts[:-1, None], bins), np.minimum(starts[1:, None], bins + 1)
    share = np.maximum(0.0, end - begin)
    return np.ascontiguousarray(share[0::2] - share[1::2], dtype=np.float32)
