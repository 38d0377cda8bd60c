"""How far each moment and frequency may be changed unheard, as a change of the logarithm of its magnitude."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media.arrays import PowerSpectrum
from provenance.watermark.audio.psychoacoustic_model import masking_threshold

MAX_LOG_CHANGE = 0.5
"""Change of the natural logarithm of a magnitude in noise: 4.3 dB."""

MIN_LOG_CHANGE = 0.03
"""The same in the steadiest tone: 0.3 dB."""
THRESHOLD_FACTOR = 1.3
"""Amplitude over the threshold of masking: a pair keeps its sum, which the threshold does not know."""
CONTEXT_WINDOWS = 20
"""Windows before and after that a window's strength depends on."""

_NOISE_UNPREDICTABILITY = 0.55  # rms change of a noise's log magnitude from one window to the next
_SMOOTHING_WINDOWS = 13  # windows, a quarter of their length apart: 50 ms
_POWER_FLOOR = 1e-10  # -100 dB of full scale


def embedding_strength(power: PowerSpectrum, size: int, rate: int) -> NDArray[np.float32]:
    """For windows a quarter of their `size` apart, (windows, bins); samples of `power` are full scale at 1."""
    audible_power = power + np.float32(_POWER_FLOOR) * size**2
    steady = 1 - np.minimum(1, _unpredictability(audible_power) / _NOISE_UNPREDICTABILITY)
    allowed = np.sqrt(masking_threshold(audible_power, steady, size, rate) / audible_power)
    return np.asarray(np.clip(THRESHOLD_FACTOR * allowed, MIN_LOG_CHANGE, MAX_LOG_CHANGE), np.float32)


def _unpredictability(power: PowerSpectrum) -> NDArray[np.float32]:
    """Unpredictability, after Brandenburg and Johnston 1990: how the level changes over a window's length."""
    from scipy.ndimage import uniform_filter1d  # slow to import

    log = 0.5 * np.log(power)
    change = np.zeros_like(log)
    change[2:-2] = np.square(log[4:] - log[:-4])
    change = uniform_filter1d(change, _SMOOTHING_WINDOWS, axis=0, mode="nearest")
    change = uniform_filter1d(change, 3, axis=1, mode="nearest")
    return np.asarray(np.sqrt(np.maximum(0, change)), np.float32)  # running sums round to below 0
