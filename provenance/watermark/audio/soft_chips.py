"""Turns power into evidence: how much louder the lower band of each pair is than the upper, as against before."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from media.arrays import PowerSpectrum
from provenance.watermark.audio.chip_layout import MAX_PITCH_STEPS, STEPS_PER_OCTAVE, band_edges

_BASELINE_WINDOWS = 28  # windows, 7 cells
_VARIANCE_WINDOWS = 40  # windows
_POWER_FLOOR = 1e-7  # share of the loudest band's power; below is only rounding error
_CLIP_LEVEL = 2.0  # standard deviations: a louder chip counts no more than this

SoftChips = NDArray[np.float32]


def soft_chips(power: PowerSpectrum, pitch: float) -> SoftChips:
    """(windows, pairs), for sound whose pitch was raised by `pitch` grid steps: positive where a chip seems to be 1."""
    bands = _band_power(power, pitch)
    density = bands / _band_widths()
    audible = density.max(0) > _POWER_FLOOR * density.max()
    noise = np.quantile(density[::4, audible], 0.1, axis=0).min() if audible.any() else 0.0
    lean = normalised_contrast(bands, noise * _band_widths())[0]
    return np.asarray(lean * (audible[0::2] & audible[1::2]), np.float32)


def normalised_contrast(bands: PowerSpectrum, noise: PowerSpectrum) -> tuple[SoftChips, SoftChips]:
    """What bands (windows, 2 * pairs) say, and how much one unit of log power would add to it, under `noise` power."""
    from scipy.ndimage import uniform_filter1d  # slow to import

    bands = uniform_filter1d(bands, 3, axis=0, mode="nearest")  # windows of 16 ms, 4 ms apart: a cell and its rims
    log = np.log(bands + np.float32(_POWER_FLOOR * bands.max() + 1e-20))
    lean = log[:, 0::2] - log[:, 1::2]
    lean -= uniform_filter1d(lean, _BASELINE_WINDOWS, axis=0, mode="nearest")
    usual = uniform_filter1d(lean * lean, _VARIANCE_WINDOWS, axis=0, mode="nearest")
    scale = 1 / (np.sqrt(np.maximum(usual, 0)) + np.float32(0.05))
    trust = _snr_weight(bands, noise)
    return np.clip(lean * scale, -_CLIP_LEVEL, _CLIP_LEVEL) * trust, scale * trust


def _snr_weight(bands: PowerSpectrum, noise: PowerSpectrum) -> SoftChips:
    """From 0.05 to 1: how far a pair stands out of the noise there is everywhere."""
    over = np.sqrt(noise / np.maximum(bands, 1e-20))
    trust = np.maximum(1 - 2 * over[:, 0::2] * over[:, 1::2], 0.05)
    return np.asarray(trust, np.float32)


@cache
def _band_widths() -> NDArray[np.float32]:
    return np.asarray(np.diff(2 ** (band_edges() / STEPS_PER_OCTAVE)), np.float32)


def _band_power(power: PowerSpectrum, pitch: float) -> PowerSpectrum:
    edges = band_edges() + MAX_PITCH_STEPS + pitch
    low = np.minimum(np.floor(edges).astype(np.intp), power.shape[1] - 1)
    below = np.zeros((len(power), power.shape[1] + 1))
    np.cumsum(power, axis=1, dtype=np.float64, out=below[:, 1:])
    below = below[:, low] + (edges - low) * power[:, low]
    return np.asarray(np.diff(below, axis=1), np.float32)
