"""Maps a picture back to the canonical tile and measures each line against the noise next to it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import ComplexArray, DoubleArray, FloatArray
from provenance.watermark.video.carrier_layout import TILE_SIZE, subcarriers

_MAX_TILES = 24  # tiles along a side of the canvas: bounds memory for very long pictures

MIRRORED = ("mirrored", "upside down")
"""The ways round in which left and right are exchanged."""
CONJUGATED = ("turned by half", "upside down")
"""The ways round in which all lines are conjugated."""


@dataclass(frozen=True, slots=True, eq=False)
class CarrierSpectrum:
    """Each line's complex value over the noise there, for each orientation of the picture."""

    upright: ComplexArray
    mirrored: ComplexArray

    def orientations(self) -> tuple[tuple[str, ComplexArray], ...]:
        """Name and values: half a turn of a picture is the conjugate of its spectrum."""
        return (
            ("upright", self.upright),
            ("mirrored", self.mirrored),
            ("turned by half", self.upright.conj()),
            ("upside down", self.mirrored.conj()),
        )


def rectify(picture: FloatArray, homography: DoubleArray, tile_size: int = TILE_SIZE) -> FloatArray:
    """The picture in canonical pixels, whole tiles, zero outside it.

    `homography` is the 3 x 3 projective map from canonical pixels to the picture's; a smaller `tile_size` makes
    larger pixels.
    """
    coarser = TILE_SIZE / tile_size
    homography = homography @ np.diag([coarser, coarser, 1.0])
    height, width = picture.shape
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], np.float64)
    mapped = np.linalg.inv(homography) @ corners
    mapped = mapped[:2] / mapped[2]
    low = np.floor(mapped.min(1) / tile_size) * tile_size
    size = np.clip(np.ceil(mapped.max(1) / tile_size) * tile_size - low, tile_size, _MAX_TILES * tile_size).astype(int)
    moved = homography @ np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(picture, moved, (int(size[0]), int(size[1])), flags=flags))


def demodulate(tiles: FloatArray) -> CarrierSpectrum:
    """All lines of a canvas. Noise is that of frequencies half a step away from the lines, where no mark can be."""
    blocks = _as_tiles(tiles)
    spectrum = np.fft.fft2(blocks.sum((0, 2)))
    noise = np.sqrt(_noise_power(blocks)) + 1e-9
    u, v = subcarriers().u, subcarriers().v

    def at(across: NDArray[np.int64]) -> ComplexArray:
        return np.asarray(spectrum[v, across % TILE_SIZE] / noise[v, across % TILE_SIZE], np.complex128)

    return CarrierSpectrum(upright=at(u), mirrored=at(-u))


def carrier_energy(tiles: FloatArray, tile_size: int = TILE_SIZE) -> float:
    """The share of a canvas that is on lines: key or no key, it peaks where the geometry is right."""
    spectrum = np.fft.rfft2(_as_tiles(tiles, tile_size).sum((0, 2)))
    u, v = subcarriers().u, subcarriers().v
    v, u = np.where(u < 0, -v, v) % tile_size, np.abs(u)
    return float((np.abs(spectrum[v, u]) ** 2).sum() / (np.square(tiles).sum() + 1e-9))


def _as_tiles(tiles: FloatArray, tile: int = TILE_SIZE) -> FloatArray:
    height, width = tiles.shape
    return tiles.reshape(height // tile, tile, width // tile, tile)


def _noise_power(blocks: FloatArray) -> DoubleArray:
    """Power at half-step frequencies to the right, below, and both, smoothed over 5 x 5 lines."""
    sign_y = ((-1.0) ** np.arange(blocks.shape[0])).astype(np.float32)[:, None, None, None]
    sign_x = ((-1.0) ** np.arange(blocks.shape[2])).astype(np.float32)[None, None, :, None]
    half_step = np.exp(-1j * np.pi * np.arange(TILE_SIZE) / TILE_SIZE)
    power = np.zeros((TILE_SIZE, TILE_SIZE))
    for down, right in ((1, 1), (1, 0), (0, 1)):
        summed = (blocks * (sign_y if down else 1) * (sign_x if right else 1)).sum((0, 2)).astype(np.complex64)
        summed = summed * (half_step[:, None] if down else 1) * (half_step[None] if right else 1)
        spectrum = np.abs(np.fft.fft2(summed)) ** 2
        power += spectrum + (np.roll(spectrum, 1, 0) if down else 0) + (np.roll(spectrum, 1, 1) if right else 0)
    smooth = cv2.blur(np.pad(power, 3, mode="wrap"), (5, 5))[3:-3, 3:-3]
    return np.asarray(np.maximum(smooth, 0) / 5, np.float64)
