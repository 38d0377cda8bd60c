"""Draws the symbols that are looked for, as geometry: no picture of them lies in the repository.

Each exemplar is a mask on a square canvas. The same functions draw those that are looked for and, with other
proportions, those on which the matching is measured (evals/footage).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

CANVAS = 128  # pixels, each side
_REACH = 0.42  # of the canvas: half of the symbol's extent
_SUPERSAMPLED = 4


def hooked_cross(*, thickness: float = 0.2, hook: float = 1.0, mirrored: bool = False) -> Mask:
    """A cross with hooks: bars of `thickness` of the whole, hooks as long as `hook` of half of it.

    Its top arm turns to the right; mirrored to the left, as in Buddhist and Hindu use (which knows both).
    """
    half = thickness
    parts = [((-half, -1.0), (half, 1.0)), ((-1.0, -half), (1.0, half))]
    end = -half + (1.0 + half) * hook
    corner = 1.0 - 2 * half
    # The hook at the top, and its turns by quarters. y grows downwards.
    first = np.array([(-half, -1.0), (end, -1.0), (end, -corner), (-half, -corner)])
    polygons = [_box(*part) for part in parts]
    for quarter in range(4):
        turn = np.array([[0, -1], [1, 0]]) if quarter else np.eye(2)
        first = first @ turn.T
        polygons.append(first)
    drawn = _drawn(polygons)
    return cv2.flip(drawn, 1).astype(np.uint8) if mirrored else drawn


def black_sun(*, thickness: float = 0.09) -> Mask:
    """A wheel of twelve bent spokes in a ring."""
    polygons = []
    for spoke in range(12):
        angle = 2 * np.pi * spoke / 12
        inner, elbow, outer = (
            _polar(0.25, angle),
            _polar(0.6, angle),
            _polar(0.92, angle + 0.33),
        )
        polygons += [_stroke(inner, elbow, thickness / 2), _stroke(elbow, outer, thickness / 2)]
    ring = [_polar(0.95, angle) for angle in np.linspace(0, 2 * np.pi, 96)]
    polygons += [_stroke(a, b, thickness / 2) for a, b in itertools.pairwise(ring)]
    hub = [_polar(0.25, angle) for angle in np.linspace(0, 2 * np.pi, 48)]
    polygons += [_stroke(a, b, thickness / 2) for a, b in itertools.pairwise(hub)]
    return _drawn(polygons)


@cache
def exemplars() -> Mapping[str, tuple[Mask, ...]]:
    """Every symbol that is looked for, in several proportions."""
    proportions = [(t, h) for t in (0.11, 0.15, 0.2) for h in (0.75, 1.0)]
    return MappingProxyType(
        {
            "hooked_cross": tuple(hooked_cross(thickness=t, hook=h) for t, h in proportions),
            "hooked_cross_mirrored": tuple(hooked_cross(thickness=t, hook=h, mirrored=True) for t, h in proportions),
            "black_sun": tuple(black_sun(thickness=t) for t in (0.07, 0.11)),
        }
    )


def _box(low: tuple[float, float], high: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([low, (high[0], low[1]), high, (low[0], high[1])])


def _polar(radius: float, angle: float) -> tuple[float, float]:
    return float(radius * np.sin(angle)), float(-radius * np.cos(angle))


def _stroke(begin: tuple[float, float], end: tuple[float, float], half: float) -> NDArray[np.float64]:
    """A bar from one point to another, `half` to each side."""
    a, b = np.asarray(begin, dtype=np.float64), np.asarray(end, dtype=np.float64)
    along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-9)
    across = np.array([-along[1], along[0]]) * half
    return np.array([a - across, b - across, b + across, a + across])


def _drawn(polygons: Sequence[NDArray[np.float64]]) -> Mask:
    """The polygons, each point from -1 to 1, filled with 255 on black."""
    size = CANVAS * _SUPERSAMPLED
    large = np.zeros((size, size), np.uint8)
    for polygon in polygons:
        points = np.round(size / 2 + polygon * size * _REACH).astype(np.int32)
        cv2.fillPoly(large, [points], (255,))
    return np.asarray(cv2.resize(large, (CANVAS, CANVAS), interpolation=cv2.INTER_AREA), dtype=np.uint8)
