"""Lays a picture back on the canonical tile and measures each line against the noise beside it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.watermark.lattice import TILE, Complex, lines

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_MOST_TILES = 24


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Each line's complex value over the noise there, for each way the picture may lie."""

    upright: Complex
    mirrored: Complex

    def ways(self) -> tuple[tuple[str, Complex], ...]:
        """Name and values: half a turn of a picture is the conjugate of its spectrum."""
        return (
            ("upright", self.upright),
            ("mirrored", self.mirrored),
            ("turned by half", self.upright.conj()),
            ("upside down", self.mirrored.conj()),
        )


def canvas(picture: Floats, placed: Doubles, tile: int = TILE) -> Floats:
    """The picture in canonical pixels, whole tiles, zero outside it.

    `placed` is the 3 x 3 projective map from canonical pixels to the picture's; a smaller `tile` makes larger pixels.
    """
    coarser = TILE / tile
    placed = placed @ np.diag([coarser, coarser, 1.0])
    height, width = picture.shape
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], np.float64)
    found = np.linalg.inv(placed) @ corners
    found = found[:2] / found[2]
    low = np.floor(found.min(1) / tile) * tile
    size = np.clip(np.ceil(found.max(1) / tile) * tile - low, tile, _MOST_TILES * tile).astype(int)
    moved = placed @ np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(picture, moved, (int(size[0]), int(size[1])), flags=flags))


def read(tiles: Floats) -> Reading:
    """All lines of a canvas. Noise is that of frequencies half a step beside the lines, where no mark can be."""
    blocks = _blocks(tiles)
    spectrum = np.fft.fft2(blocks.sum((0, 2)))
    noise = np.sqrt(_noise(blocks)) + 1e-9
    u, v = lines().u, lines().v

    def at(across: NDArray[np.int64]) -> Complex:
        return np.asarray(spectrum[v, across % TILE] / noise[v, across % TILE], np.complex128)

    return Reading(upright=at(u), mirrored=at(-u))


def energy(tiles: Floats, tile: int = TILE) -> float:
    """The share of a canvas that lies on lines: key or no key, it peaks where the geometry is right."""
    spectrum = np.fft.rfft2(_blocks(tiles, tile).sum((0, 2)))
    u, v = lines().u, lines().v
    v, u = np.where(u < 0, -v, v) % tile, np.abs(u)
    return float((np.abs(spectrum[v, u]) ** 2).sum() / (np.square(tiles).sum() + 1e-9))


def _blocks(tiles: Floats, tile: int = TILE) -> Floats:
    height, width = tiles.shape
    return tiles.reshape(height // tile, tile, width // tile, tile)


def _noise(blocks: Floats) -> Doubles:
    """Power at half-step frequencies to the right, below, and both, smoothed over 5 x 5 lines."""
    sign_y = ((-1.0) ** np.arange(blocks.shape[0])).astype(np.float32)[:, None, None, None]
    sign_x = ((-1.0) ** np.arange(blocks.shape[2])).astype(np.float32)[None, None, :, None]
    half_step = np.exp(-1j * np.pi * np.arange(TILE) / TILE)
    power = np.zeros((TILE, TILE))
    for down, right in ((1, 1), (1, 0), (0, 1)):
        summed = (blocks * (sign_y if down else 1) * (sign_x if right else 1)).sum((0, 2)).astype(np.complex64)
        summed = summed * (half_step[:, None] if down else 1) * (half_step[None] if right else 1)
        beside = np.abs(np.fft.fft2(summed)) ** 2
        power += beside + (np.roll(beside, 1, 0) if down else 0) + (np.roll(beside, 1, 1) if right else 0)
    smooth = cv2.blur(np.pad(power, 3, mode="wrap"), (5, 5))[3:-3, 3:-3]
    return np.asarray(np.maximum(smooth, 0) / 5, np.float64)
