"""Last fine step: moves the four corners of a nearly right geometry until the tiles agree with each other."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import ComplexArray, DoubleArray, FloatArray
from provenance.watermark.video.carrier_layout import TILE_SIZE, subcarriers
from provenance.watermark.video.demodulate import carrier_energy, rectify
from provenance.watermark.video.frame_accumulation import half_size_crop

_COARSE_TILE = TILE_SIZE // 2  # pixels twice as large as canonical ones: the shortest wave still has four


def refine_homography(
    picture: NDArray[np.float32], homography: DoubleArray, *, rounds: int = 160, reach: float = 1.2
) -> DoubleArray:
    """A better 3 x 3 map near `homography`; `reach` in canonical pixels is how far corners move at first."""
    return _climb(picture, homography, _energy_on_lines, rounds, reach)


def follow_lines(
    picture: FloatArray,
    homography: DoubleArray,
    symbols: ComplexArray,
    *,
    mirrored: bool,
    conjugated: bool,
    rounds: int,
    reach: float = 2.5,
) -> DoubleArray:
    """As refine_homography(), to where lines agree best whose symbols are known. `rounds` maps are tried."""

    def agreement(picture: FloatArray, homography: DoubleArray) -> float:
        values = _coarse_lines(picture, homography, mirrored=mirrored)
        matched = (values.conj() if conjugated else values) * symbols.conj()
        half = np.zeros((_COARSE_TILE, _COARSE_TILE // 2 + 1), np.complex64)
        half[subcarriers().u % _COARSE_TILE, subcarriers().v] = matched
        peak = float(np.fft.irfft2(half, (_COARSE_TILE, _COARSE_TILE)).max())
        return peak / float(np.sqrt((np.abs(values) ** 2).sum()) + 1e-9)

    return _climb(picture, homography, agreement, rounds, reach)


def _climb(
    picture: FloatArray,
    homography: DoubleArray,
    objective: Callable[[FloatArray, DoubleArray], float],
    rounds: int,
    reach: float,
) -> DoubleArray:
    picture, shrunk = half_size_crop(picture)
    homography = shrunk @ homography
    height, width = picture.shape
    corners: DoubleArray = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    start = _transform_points(np.asarray(np.linalg.inv(homography), np.float64), corners)
    rng = np.random.default_rng(1)
    offset, best = np.zeros((4, 2)), objective(picture, homography)
    for round_ in range(rounds):
        tried = offset + rng.normal(0, reach, (4, 2)) * (rng.random((4, 1)) < 0.6)
        score = objective(picture, _homography_between(start + tried, corners))
        if score > best:
            best, offset = score, tried
        if round_ % 40 == 39:
            reach *= 0.72
    return np.asarray(np.linalg.inv(shrunk) @ _homography_between(start + offset, corners))


def _energy_on_lines(picture: FloatArray, homography: DoubleArray) -> float:
    """In pixels twice as large as canonical ones: the shortest wave still has four."""
    return carrier_energy(rectify(picture, homography, _COARSE_TILE), _COARSE_TILE)


def _coarse_lines(picture: FloatArray, homography: DoubleArray, *, mirrored: bool) -> ComplexArray:
    tiles = rectify(picture, homography, _COARSE_TILE)
    height, width = tiles.shape
    blocks = tiles.reshape(height // _COARSE_TILE, _COARSE_TILE, width // _COARSE_TILE, _COARSE_TILE)
    spectrum = np.fft.fft2(blocks.sum((0, 2)))
    u, v = subcarriers().u, subcarriers().v
    return np.asarray(spectrum[v, (-u if mirrored else u) % _COARSE_TILE], np.complex128)


def _homography_between(source: DoubleArray, target: DoubleArray) -> DoubleArray:
    homography = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
    return np.asarray(homography, np.float64)


def _transform_points(matrix: DoubleArray, points: DoubleArray) -> DoubleArray:
    moved = matrix @ np.concatenate([points, np.ones((len(points), 1))], 1).T
    return np.asarray((moved[:2] / moved[2]).T)
