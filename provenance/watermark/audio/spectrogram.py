"""Listens: the power of sound on the time and frequency grid of the mark, whatever its rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from media.arrays import PowerSpectrum
from provenance.watermark.audio.chip_layout import CHIP_SECONDS, MAX_PITCH_STEPS, band_edges, step_to_hertz

HOP_SECONDS = CHIP_SECONDS / 4
"""Seconds between windows."""
_BATCH = 250  # windows transformed at once, a second of sound: bounds memory


def power_spectrogram(blocks: Iterable[NDArray[np.float32]], rate: int) -> Iterator[PowerSpectrum]:
    """(windows, grid) power, one window every HOP_SECONDS seconds, in batches of a second; constant memory.

    Column i is the power between the grid steps i - MAX_PITCH_STEPS and the next, summed over channels.
    """
    size = int(rate * CHIP_SECONDS)
    waiting, first, steps_done = None, 0, 0
    for block in blocks:
        waiting = block if waiting is None else np.concatenate([waiting, block])
        while len(waiting) >= round((steps_done + _BATCH) * HOP_SECONDS * rate) + size - first:
            yield _batch(waiting, first, steps_done, _BATCH, rate)
            steps_done += _BATCH
            consumed = round(steps_done * HOP_SECONDS * rate) - first
            waiting, first = waiting[consumed:], first + consumed
    if waiting is not None:
        steps_left = int(max(0.0, (len(waiting) - size + first) / rate / HOP_SECONDS - steps_done))
        if steps_left:
            yield _batch(waiting, first, steps_done, steps_left, rate)


def grid_width() -> int:
    """Columns of a power spectrum."""
    return int(band_edges()[-1]) + 2 * MAX_PITCH_STEPS


def _batch(samples: NDArray[np.float32], first: int, steps_done: int, count: int, rate: int) -> PowerSpectrum:
    from scipy import fft  # slow to import

    size = int(rate * CHIP_SECONDS)
    starts = np.rint(np.arange(steps_done, steps_done + count) * HOP_SECONDS * rate).astype(np.int64) - first
    views = np.lib.stride_tricks.sliding_window_view(samples, size, axis=0)[starts]
    spectra = fft.rfft(views * np.hanning(size).astype(np.float32), axis=-1)
    power = (spectra.real**2 + spectra.imag**2).sum(1) / size
    cumulative = np.zeros((count, power.shape[1] + 1), np.float64)
    np.cumsum(power, axis=1, out=cumulative[:, 1:])
    low, share = _bin_positions(size, rate)
    return np.diff(cumulative[:, low] * (1 - share) + cumulative[:, low + 1] * share, axis=1).astype(np.float32)


@cache
def _bin_positions(size: int, rate: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Where the grid steps are between the edges of an FFT's bins."""
    steps = np.arange(-MAX_PITCH_STEPS, int(band_edges()[-1]) + MAX_PITCH_STEPS + 1)
    positions = np.minimum(
        np.array([step_to_hertz(int(step)) for step in steps]) * size / rate + 0.5, size // 2 + 0.999
    )
    low = positions.astype(np.intp)
    return low, positions - low
