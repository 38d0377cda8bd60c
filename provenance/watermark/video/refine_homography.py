"""Last fine step: moves the four corners of a nearly right geometry until the tiles agree with each other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import DoubleArray
from provenance.watermark.video.carrier_layout import TILE_SIZE
from provenance.watermark.video.demodulate import carrier_energy, rectify
from provenance.watermark.video.frame_accumulation import half_size_crop


def refine_homography(
    picture: NDArray[np.float32], homography: DoubleArray, *, rounds: int = 160, reach: float = 1.2
) -> DoubleArray:
    """A better 3 x 3 map near `homography`; `reach` in canonical pixels is how far corners move at first."""
    picture, shrunk = half_size_crop(picture)
    homography = shrunk @ homography
    height, width = picture.shape
    corners: DoubleArray = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    start = _transform_points(np.asarray(np.linalg.inv(homography), np.float64), corners)
    rng = np.random.default_rng(1)
    offset, best = np.zeros((4, 2)), _objective(picture, homography)
    for round_ in range(rounds):
        tried = offset + rng.normal(0, reach, (4, 2)) * (rng.random((4, 1)) < 0.6)
        score = _objective(picture, _homography_between(start + tried, corners))
        if score > best:
            best, offset = score, tried
        if round_ % 40 == 39:
            reach *= 0.72
    return np.asarray(np.linalg.inv(shrunk) @ _homography_between(start + offset, corners))


def _objective(picture: NDArray[np.float32], homography: DoubleArray) -> float:
    """In pixels twice as large as canonical ones: the shortest wave still has four."""
    return carrier_energy(rectify(picture, homography, TILE_SIZE // 2), TILE_SIZE // 2)


def _homography_between(source: DoubleArray, target: DoubleArray) -> DoubleArray:
    homography = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
    return np.asarray(homography, np.float64)


def _transform_points(matrix: DoubleArray, points: DoubleArray) -> DoubleArray:
    moved = matrix @ np.concatenate([points, np.ones((len(points), 1))], 1).T
    return np.asarray((moved[:2] / moved[2]).T)
