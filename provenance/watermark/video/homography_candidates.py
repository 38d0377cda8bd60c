"""In which order geometries are tried: the cheap and common first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from media.arrays import DoubleArray
from provenance.watermark.effort import Effort
from provenance.watermark.key import WatermarkKey
from provenance.watermark.video.carrier_layout import cropped_scales, pilot_lines, scale_range
from provenance.watermark.video.frame_accumulation import AccumulatedFrames, centre_crop, half_size_crop
from provenance.watermark.video.pilot_search import (
    NormalisedSpectrum,
    neighbour_maps,
    normalised_spectrum,
    pilot_search,
    rotation_maps,
    scale_grid,
    scale_maps,
    stretch_maps,
)
from provenance.watermark.video.spectral_search import (
    AffineCandidate,
    AffineGrid,
    CombSpectrum,
    affine_candidates,
    comb_spectrum,
    refine_affine,
)

_ROTATION_GRID = AffineGrid(scales=(0.35, 2.4), angle=10.5, keep=3)
_KEYSTONE_GRID = AffineGrid(scales=(0.6, 1.5), angle=3.0, keep=1, stride=2)
_KEYSTONE_TILTS = (0.0, -0.012, 0.012, -0.024, 0.024)  # perspective terms that are tried, up and down
_REFINED_KEYSTONES = 2  # the best of them, which are refined
_PILOT_CANDIDATES = 2  # maps of the pilot search that are kept
_MAX_STRETCH = 1.4  # of one side against the other
_SCALED_WEIGHT = 2  # one over the share of false alarms that scaled pictures may cause
_UNSEARCHED_WEIGHT = 4  # the same for pictures whose geometry needs no search
_OTHER_WEIGHT = 24  # the same for each of the six other kinds, which share the last quarter
DEEP_KINDS = ("turned", "stretched", "quarter turn", "keystoned")
"""Kinds that only a deep search tries."""
UNSEARCHED = ("as it was", "resized", "as once marked", "as first marked")


@dataclass(frozen=True, slots=True, eq=False)
class HomographyCandidate:
    """A 3 x 3 map from canonical pixels to the picture's, what it is called, and whether it is worth a climb anyway.

    `hypotheses` is of how many maps it could have been another, over the share of all false alarms its kind may use.
    """

    name: str
    homography: DoubleArray
    needs_refinement: bool = False
    hypotheses: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class MapGrid:
    """2 x 2 maps (n, 2, 2) of one kind in which lines that are known are looked for; `weight` is one over the share of
    all false alarms that the kind may use.
    """

    name: str
    spectrum: NormalisedSpectrum
    maps: DoubleArray
    weight: int

    def candidate(self, matrix: DoubleArray, neighbours: int) -> HomographyCandidate:
        """The best of these maps, or of so many near it. What is known had a hand in the choice, so all count."""
        return HomographyCandidate(
            self.name, _to_homography(matrix), hypotheses=self.weight * len(self.maps) * neighbours
        )


def homography_candidates(
    frames: AccumulatedFrames, effort: Effort, keys: Sequence[WatermarkKey]
) -> Iterator[HomographyCandidate]:
    """One after another, worked out only when asked for."""
    yield from plain_candidates(frames)
    for grid in map_grids(frames, effort):
        yield from _from_pilot_search(grid, keys)
    if effort == "quick":
        return
    spectrum = comb_spectrum(centre_crop(frames.mean_frame)[0])
    yield from _from_spectral_search("turned", spectrum, _ROTATION_GRID)
    yield from _quarter_turned(frames)
    yield from _keystoned(frames)


def plain_candidates(frames: AccumulatedFrames) -> Iterator[HomographyCandidate]:
    """Of pictures whose geometry needs no search."""
    for name, scale in zip(UNSEARCHED, frames.scales, strict=False):
        yield HomographyCandidate(name, np.diag([scale, scale, 1.0]), hypotheses=_UNSEARCHED_WEIGHT * len(UNSEARCHED))


def map_grids(frames: AccumulatedFrames, effort: Effort) -> Iterator[MapGrid]:
    """Scaled pictures; in a deep search turned and stretched ones too."""
    picture = centre_crop(frames.mean_frame)[0]
    height, width = (side * frames.factor for side in picture.shape)
    normalised = normalised_spectrum(picture)
    low, high = (scale / frames.factor for scale in scale_range(width, height))
    yield MapGrid("scaled", normalised, scale_maps(scale_grid(normalised, low, high)), _SCALED_WEIGHT)
    if effort == "quick":
        return
    cut = [scale / frames.factor for scale in cropped_scales(width, height)]
    usual = list(dict.fromkeys((*frames.scales[:2], *cut)))
    turned = rotation_maps(normalised, usual, _ROTATION_GRID.angle)
    yield MapGrid("turned", normalised, turned, _OTHER_WEIGHT)
    yield MapGrid("stretched", normalised, stretch_maps(normalised, usual, _MAX_STRETCH), _OTHER_WEIGHT)


def _from_pilot_search(grid: MapGrid, keys: Sequence[WatermarkKey]) -> Iterator[HomographyCandidate]:
    """The best of these maps by each key's own pilots, and the best near each of them."""
    for key in keys:
        lines = pilot_lines(key)
        for candidate in pilot_search(grid.spectrum, lines, grid.maps, keep=_PILOT_CANDIDATES):
            neighbours = neighbour_maps(grid.spectrum, candidate.matrix)
            closer = pilot_search(grid.spectrum, lines, neighbours, keep=1)[0]
            yield grid.candidate(closer.matrix, len(neighbours))


def _from_spectral_search(
    name: str, spectrum: CombSpectrum, grid: AffineGrid, *, step: float = 0.002
) -> Iterator[HomographyCandidate]:
    for candidate in affine_candidates(spectrum, grid):
        placed = _to_homography(refine_affine(spectrum, candidate, step=step).matrix)
        yield HomographyCandidate(name, placed, hypotheses=_OTHER_WEIGHT * grid.keep)


def _quarter_turned(frames: AccumulatedFrames) -> Iterator[HomographyCandidate]:
    """By 90 degrees one way: the other differs by half a turn, which every reading tries."""
    height = frames.mean_frame.shape[0]
    turn_back = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, height], [0.0, 0.0, 1.0]])
    yield HomographyCandidate(
        "quarter turn", turn_back @ np.diag([frames.scale, frames.scale, 1.0]), hypotheses=_OTHER_WEIGHT
    )


def _keystoned(frames: AccumulatedFrames) -> Iterator[HomographyCandidate]:
    """Filmed from a screen at an angle: a few perspectives are undone first, the comb searched in each."""
    small, shrunk = half_size_crop(frames.mean_frame)
    height, width = small.shape
    candidates: list[tuple[AffineCandidate, CombSpectrum, DoubleArray]] = []
    for across in _KEYSTONE_TILTS:
        for down in _KEYSTONE_TILTS:
            bend = _perspective(width, height, across, down)
            spectrum = comb_spectrum(np.asarray(cv2.warpPerspective(small, bend, (width, height))))
            candidates.append((affine_candidates(spectrum, _KEYSTONE_GRID)[0], spectrum, bend))
    candidates.sort(key=lambda one: -one[0].score)
    for candidate, spectrum, bend in candidates[:_REFINED_KEYSTONES]:
        closer = refine_affine(spectrum, candidate, rounds=300, step=0.006)
        placed = np.linalg.inv(shrunk) @ np.linalg.inv(bend) @ _to_homography(closer.matrix)
        yield HomographyCandidate(
            "keystoned", placed, needs_refinement=True, hypotheses=_OTHER_WEIGHT * _REFINED_KEYSTONES
        )


def _perspective(width: int, height: int, across: float, down: float) -> DoubleArray:
    centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [2 * across / width, 2 * down / height, 1]])
    return np.asarray(np.linalg.inv(centre) @ tilt @ centre)


def _to_homography(matrix: DoubleArray) -> DoubleArray:
    placed = np.eye(3)
    placed[:2, :2] = matrix
    return placed
