"""Draws the lattice as a picture: one tile, repeated, in the size of the video."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.watermark.lattice import TILE, Complex, lines, scale_of

Floats = NDArray[np.float32]

_FINER = 2
_MARGIN = 4
_FINE = 0.35
"""Lines are drawn stronger with this power of their frequency: fine waves are seen less than coarse ones."""


def draw(amplitudes: Complex, width: int, height: int) -> Floats:
    """(height, width), mean square 1, scaled by the size of the picture."""
    tile = _tile(amplitudes)
    per_pixel = _FINER / scale_of(width, height)
    padded = np.pad(tile, _MARGIN, mode="wrap")
    across, down = (_places(count, per_pixel, len(tile)) for count in (width, height))
    grid_x, grid_y = np.broadcast_to(across, (height, width)), np.broadcast_to(down[:, None], (height, width))
    drawn = cv2.remap(padded, np.ascontiguousarray(grid_x), np.ascontiguousarray(grid_y), cv2.INTER_CUBIC)
    return np.asarray(drawn / drawn.std(), np.float32)


def _tile(amplitudes: Complex) -> Floats:
    """The tile with two samples a canonical pixel."""
    size = TILE * _FINER
    amplitudes = amplitudes * lines().radius ** _FINE
    spectrum = np.zeros((size, size), np.complex128)
    spectrum[lines().v % size, lines().u % size] = amplitudes
    spectrum[-lines().v % size, -lines().u % size] = amplitudes.conj()
    tile = np.fft.ifft2(spectrum).real
    return np.asarray(tile / tile.std(), np.float32)


def _places(count: int, per_pixel: float, period: int) -> Floats:
    """Where in the padded tile each pixel's centre lies."""
    return np.asarray(np.mod((np.arange(count) + 0.5) * per_pixel - 0.5, period) + _MARGIN, np.float32)
