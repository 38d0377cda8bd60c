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
from provenance.watermark.sweep import Seen, around, scalings, see, steps, stretchings, sweep, turnings

Doubles = NDArray[np.float64]

_TURNED = Grid(scales=(0.35, 2.4), angle=10.5, keep=3)
_KEYSTONED = Grid(scales=(0.6, 1.5), angle=3.0, keep=1, fewer=2)
_KEYSTONES = (0.0, -0.012, 0.012, -0.024, 0.024)
_WORTH_A_CLIMB = 2
_SWEPT = 2
_STRETCH = 1.4
_OFTENEST, _OFTEN, _SELDOM = 2, 4, 24
"""One over the share of false alarms: a half for scaled pictures, a quarter for plain ones, six kinds for the rest."""
PLAIN = ("as it was", "resized", "as once marked", "as first marked")


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """A 3 x 3 map from canonical pixels to the picture's, what it is called, and whether it is worth a climb anyway.

    `among` is of how many maps it could have been another, over the share of all false alarms its kind may use.
    """

    name: str
    placed: Doubles
    coarse: bool = False
    among: int = 1


def geometries(evidence: Evidence, effort: Effort, keys: Sequence[WatermarkKey]) -> Iterator[Geometry]:
    """One after another, worked out only when asked for."""
    for name, scale in zip(PLAIN, evidence.scales, strict=False):
        yield Geometry(name, np.diag([scale, scale, 1.0]), among=_OFTEN * len(PLAIN))
    picture = middle_of(evidence.picture)[0]
    height, width = (side * evidence.factor for side in picture.shape)
    seen = see(picture)
    low, high = (scale / evidence.factor for scale in scale_range(width, height))
    yield from _swept("scaled", seen, keys, scalings(steps(seen, low, high)), _OFTENEST)
    if effort == "quick":
        return
    cut = [scale / evidence.factor for scale in scales_if_cut(width, height)]
    usual = list(dict.fromkeys((*evidence.scales[:2], *cut)))
    yield from _swept("turned", seen, keys, turnings(seen, usual, _TURNED.angle), _SELDOM)
    yield from _swept("stretched", seen, keys, stretchings(seen, usual, _STRETCH), _SELDOM)
    spectrum = spectrum_of(picture)
    yield from _flat("turned", spectrum, _TURNED)
    yield from _quarter_turned(evidence)
    yield from _keystoned(evidence)


def _swept(name: str, seen: Seen, keys: Sequence[WatermarkKey], maps: Doubles, weight: int) -> Iterator[Geometry]:
    """The best of these 2 x 2 maps by each key's own pilots, and the best near each of them.

    The key had a hand in the choice, so any of all those maps counts as tried.
    """
    for key in keys:
        for found in sweep(seen, key, maps, keep=_SWEPT):
            near = around(seen, found.matrix)
            closer = sweep(seen, key, near, keep=1)[0]
            yield Geometry(name, _lifted(closer.matrix), among=weight * len(maps) * len(near))


def _flat(name: str, spectrum: Spectrum, grid: Grid, *, step: float = 0.002) -> Iterator[Geometry]:
    for candidate in candidates(spectrum, grid):
        placed = _lifted(refine(spectrum, candidate, step=step).matrix)
        yield Geometry(name, placed, among=_SELDOM * grid.keep)


def _quarter_turned(evidence: Evidence) -> Iterator[Geometry]:
    """By 90 degrees one way: the other differs by half a turn, which every reading tries."""
    height = evidence.picture.shape[0]
    back = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, height], [0.0, 0.0, 1.0]])
    yield Geometry("quarter turn", back @ np.diag([evidence.scale, evidence.scale, 1.0]), among=_SELDOM)


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
        yield Geometry("keystoned", placed, coarse=True, among=_SELDOM * _WORTH_A_CLIMB)


def _bend(width: int, height: int, across: float, down: float) -> Doubles:
    centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [2 * across / width, 2 * down / height, 1]])
    return np.asarray(np.linalg.inv(centre) @ tilt @ centre)


def _lifted(matrix: Doubles) -> Doubles:
    placed = np.eye(3)
    placed[:2, :2] = matrix
    return placed
