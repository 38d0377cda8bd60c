"""Turns power into evidence: how much louder the lower band of each pair is than the upper, as against before."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from provenance.watermark.audio.hearing import Power
from provenance.watermark.audio.layout import REACH, STEPS, edges

_SURROUNDINGS = 28  # windows, 7 cells
_STEADINESS = 40  # windows
_QUIET = 1e-7  # of the loudest band: below lies only rounding
_MOST = 2.0

Evidence = NDArray[np.float32]


def evidence(heard: Power, pitch: float) -> Evidence:
    """(windows, pairs), for sound whose pitch was raised by `pitch` grid steps: positive where a chip seems to be 1."""
    bands = _bands(heard, pitch)
    density = bands / _width()
    known = density.max(0) > _QUIET * density.max()
    noise = np.quantile(density[::4, known], 0.1, axis=0).min() if known.any() else 0.0
    lean = leaning(bands, noise * _width())[0]
    return np.asarray(lean * (known[0::2] & known[1::2]), np.float32)


def leaning(bands: Power, noise: Power) -> tuple[Evidence, Evidence]:
    """What bands (windows, 2 * pairs) say, and how much one unit of log power would add to it, under `noise` power."""
    bands = uniform_filter1d(bands, 3, axis=0, mode="nearest")  # windows of 16 ms, 4 ms apart: a cell and its rims
    log = np.log(bands + np.float32(_QUIET * bands.max() + 1e-20))
    lean = log[:, 0::2] - log[:, 1::2]
    lean -= uniform_filter1d(lean, _SURROUNDINGS, axis=0, mode="nearest")
    usual = uniform_filter1d(lean * lean, _STEADINESS, axis=0, mode="nearest")
    scale = 1 / (np.sqrt(np.maximum(usual, 0)) + np.float32(0.05))
    trust = _trust(bands, noise)
    return np.clip(lean * scale, -_MOST, _MOST) * trust, scale * trust


def _trust(bands: Power, noise: Power) -> Evidence:
    """From 0.05 to 1: how far a pair stands out of the noise there is everywhere."""
    over = np.sqrt(noise / np.maximum(bands, 1e-20))
    trust = np.maximum(1 - 2 * over[:, 0::2] * over[:, 1::2], 0.05)
    return np.asarray(trust, np.float32)


@cache
def _width() -> NDArray[np.float32]:
    return np.asarray(np.diff(2 ** (edges() / STEPS)), np.float32)


def _bands(heard: Power, pitch: float) -> Power:
    at = edges() + REACH + pitch
    low = np.minimum(np.floor(at).astype(np.intp), heard.shape[1] - 1)
    below = np.zeros((len(heard), heard.shape[1] + 1))
    np.cumsum(heard, axis=1, dtype=np.float64, out=below[:, 1:])
    below = below[:, low] + (at - low) * heard[:, low]
    return np.asarray(np.diff(below, axis=1), np.float32)
