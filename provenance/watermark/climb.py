"""Last fine step: moves the four corners of a nearly right geometry until the tiles agree with each other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.watermark.accumulate import half_of
from provenance.watermark.fold import canvas, energy
from provenance.watermark.lattice import TILE

Doubles = NDArray[np.float64]


def climb(picture: NDArray[np.float32], placed: Doubles, *, rounds: int = 160, reach: float = 1.2) -> Doubles:
    """A better 3 x 3 map near `placed`; `reach` in canonical pixels is how far corners move at first."""
    picture, shrunk = half_of(picture)
    placed = shrunk @ placed
    height, width = picture.shape
    corners: Doubles = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    start = _apply(np.asarray(np.linalg.inv(placed), np.float64), corners)
    rng = np.random.default_rng(1)
    offset, best = np.zeros((4, 2)), _agreement(picture, placed)
    for round_ in range(rounds):
        tried = offset + rng.normal(0, reach, (4, 2)) * (rng.random((4, 1)) < 0.6)
        score = _agreement(picture, _between(start + tried, corners))
        if score > best:
            best, offset = score, tried
        if round_ % 40 == 39:
            reach *= 0.72
    return np.asarray(np.linalg.inv(shrunk) @ _between(start + offset, corners))


def _agreement(picture: NDArray[np.float32], placed: Doubles) -> float:
    """In pixels twice as large as canonical ones: the shortest wave still has four."""
    return energy(canvas(picture, placed, TILE // 2), TILE // 2)


def _between(source: Doubles, target: Doubles) -> Doubles:
    found = cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32))
    return np.asarray(found, np.float64)


def _apply(matrix: Doubles, points: Doubles) -> Doubles:
    moved = matrix @ np.concatenate([points, np.ones((len(points), 1))], 1).T
    return np.asarray((moved[:2] / moved[2]).T)
