"""Draws the lattice as a picture: one tile, repeated, in the size of the video."""

from __future__ import annotations

import cv2
import numpy as np

from media.arrays import ComplexArray, FloatArray
from provenance.watermark.video.carrier_layout import TILE_SIZE, embedding_scale, subcarriers

_OVERSAMPLING = 2  # samples for each canonical pixel, along each side
_MARGIN = 4  # canonical pixels around the tile, so that interpolation has neighbours at its edge
_FREQUENCY_EXPONENT = 0.35
"""Lines are drawn stronger with this power of their frequency: fine waves are seen less than coarse ones."""


def render_pattern(amplitudes: ComplexArray, width: int, height: int) -> FloatArray:
    """(height, width), mean square 1, scaled by the size of the picture."""
    tile = _render_tile(amplitudes)
    per_pixel = _OVERSAMPLING / embedding_scale(width, height)
    padded = np.pad(tile, _MARGIN, mode="wrap")
    across, down = (_tile_coordinates(count, per_pixel, len(tile)) for count in (width, height))
    grid_x, grid_y = np.broadcast_to(across, (height, width)), np.broadcast_to(down[:, None], (height, width))
    drawn = cv2.remap(padded, np.ascontiguousarray(grid_x), np.ascontiguousarray(grid_y), cv2.INTER_CUBIC)
    return np.asarray(drawn / drawn.std(), np.float32)


def _render_tile(amplitudes: ComplexArray) -> FloatArray:
    """The tile with two samples a canonical pixel."""
    size = TILE_SIZE * _OVERSAMPLING
    amplitudes = amplitudes * subcarriers().radius ** _FREQUENCY_EXPONENT
    spectrum = np.zeros((size, size), np.complex128)
    spectrum[subcarriers().v % size, subcarriers().u % size] = amplitudes
    spectrum[-subcarriers().v % size, -subcarriers().u % size] = amplitudes.conj()
    tile = np.fft.ifft2(spectrum).real
    return np.asarray(tile / tile.std(), np.float32)


def _tile_coordinates(count: int, per_pixel: float, period: int) -> FloatArray:
    """Where in the padded tile each pixel's centre is."""
    return np.asarray(np.mod((np.arange(count) + 0.5) * per_pixel - 0.5, period) + _MARGIN, np.float32)
