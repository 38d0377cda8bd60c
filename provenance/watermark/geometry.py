"""In which order geometries are tried: the cheap and common first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.watermark.accumulate import Evidence, half_of, middle_of
from provenance.watermark.effort import Effort
from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import scale_range, scales_if_cut
from provenance.watermark.search import Candidate, Grid, Spectrum, candidates, refine, spectrum_of
from provenance.watermark.sweep import around, scalings, steps, stretchings, sweep, tries, turnings

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

_QUICK = Grid(scales=(0.35, 4.0), angle=0.35, keep=4)
_TURNED = Grid(scales=(0.35, 2.4), angle=10.5, keep=4)
_STRETCHED = Grid(scales=(0.45, 1.7), angle=1.5, stretches=(0.9, 1.1, 0.8, 1.25, 0.75, 1.333), keep=2)
_KEYSTONED = Grid(scales=(0.6, 1.5), angle=3.0, keep=1, fewer=2)
_KEYSTONES = (0.0, -0.012, 0.012, -0.024, 0.024)
_WORTH_A_CLIMB = 2
_SWEPT = 2
_STRETCH = 1.4
_PLAIN = ("as it was", "resized", "as once marked", "as first marked")


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """A 3 x 3 map from canonical pixels to the picture's, what it is called, and whether it is worth a climb anyway.

    `tries` is how many readings were spent with a key to find it: they count as attempts.
    """

    name: str
    placed: Doubles
    coarse: bool = False
    tries: int = 0


def geometries(evidence: Evidence, effort: Effort, keys: Sequence[WatermarkKey]) -> Iterator[Geometry]:
    """One after another, worked out only when asked for."""
    for name, scale in zip(_PLAIN, evidence.scales, strict=False):
        yield Geometry(name, np.diag([scale, scale, 1.0]))
    picture = middle_of(evidence.picture)[0]
    height, width = (side * evidence.factor for side in picture.shape)
    low, high = (scale / evidence.factor for scale in scale_range(width, height))
    yield from _swept("scaled", picture, keys, scalings(steps(picture, low, high)))
    spectrum = spectrum_of(picture)
    yield from _flat("scaled", spectrum, _QUICK)
    if effort == "quick":
        return
    cut = [scale / evidence.factor for scale in scales_if_cut(width, height)]
    usual = list(dict.fromkeys((*evidence.scales, *cut)))
    yield from _swept("turned", picture, keys, turnings(picture, usual, _TURNED.angle))
    yield from _swept("stretched", picture, keys, stretchings(picture, usual, _STRETCH))
    yield from _flat("turned", spectrum, _TURNED)
    yield from _flat("stretched", spectrum, _STRETCHED, step=0.006)
    yield from _quarter_turned(evidence)
    yield from _keystoned(evidence)


def _swept(name: str, picture: Floats, keys: Sequence[WatermarkKey], maps: Doubles) -> Iterator[Geometry]:
    """The best of these 2 x 2 maps by each key's own pilots, and the best near each of them."""
    spent = tries(len(maps) * len(keys))
    for key in keys:
        for found in sweep(picture, key, maps, keep=_SWEPT):
            near = around(picture, found.matrix)
            closer = sweep(picture, key, near, keep=1)[0]
            yield Geometry(name, _lifted(closer.matrix), tries=spent + tries(len(near)))
            spent = 0


def _flat(name: str, spectrum: Spectrum, grid: Grid, *, step: float = 0.002) -> Iterator[Geometry]:
    for candidate in candidates(spectrum, grid):
        yield Geometry(name, _lifted(refine(spectrum, candidate, step=step).matrix))


def _quarter_turned(evidence: Evidence) -> Iterator[Geometry]:
    """By 90 degrees one way: the other differs by half a turn, which every reading tries."""
    height = evidence.picture.shape[0]
    back = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, height], [0.0, 0.0, 1.0]])
    yield Geometry("quarter turn", back @ np.diag([evidence.scale, evidence.scale, 1.0]))


def _keystoned(evidence: Evidence) -> Iterator[Geometry]:
    """Filmed from a screen at an angle: a few perspectives are undone first, the comb searched in each."""
    small, shrunk = half_of(evidence.picture)
    height, width = small.shape
    found: list[tuple[Candidate, Spectrum, Doubles]] = []
    for across in _KEYSTONES:
        for down in _KEYSTONES:
            bend = _bend(width, height, across, down)
            spectrum = spectrum_of(np.asarray(cv2.warpPerspective(small, bend, (width, height))))
            found.append((candidates(spectrum, _KEYSTONED)[0], spectrum, bend))
    found.sort(key=lambda one: -one[0].score)
    for candidate, spectrum, bend in found[:_WORTH_A_CLIMB]:
        closer = refine(spectrum, candidate, rounds=300, step=0.006)
        placed = np.linalg.inv(shrunk) @ np.linalg.inv(bend) @ _lifted(closer.matrix)
        yield Geometry("keystoned", placed, coarse=True)


def _bend(width: int, height: int, across: float, down: float) -> Doubles:
    centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [2 * across / width, 2 * down / height, 1]])
    return np.asarray(np.linalg.inv(centre) @ tilt @ centre)


def _lifted(matrix: Doubles) -> Doubles:
    placed = np.eye(3)
    placed[:2, :2] = matrix
    return placed
