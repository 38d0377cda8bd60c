"""Finds how a marked picture was scaled, turned and stretched, from the comb its lines form in the spectrum.

None of this uses a key: whatever geometry it proposes, the test in read.py stays honest.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from media.arrays import DoubleArray, FloatArray
from provenance.watermark.video.carrier_layout import CANONICAL_SHORT_SIDE, TILE_SIZE, subcarriers

_PADDING = 1.4  # sides of the transform over those of the picture: finer lines
_CLIP_LEVEL = 5.0  # times the local level of noise
_MAX_FREQUENCY = 0.47  # cycles a pixel, just below the limit of 0.5


@dataclass(frozen=True, slots=True, eq=False)
class CombSpectrum:
    """Power (rows, columns) over its surroundings, clipped, zero frequency in the middle; of a picture this size."""

    power: FloatArray
    width: int
    height: int

    @property
    def base(self) -> float:
        """Pixels a canonical pixel, had nothing but the size changed."""
        return min(self.width, self.height) / CANONICAL_SHORT_SIDE

    @property
    def step(self) -> float:
        """By how much scale, or angle in radians, may differ before the highest lines leave their places."""
        return 0.6 * self.base / (0.17 * max(self.width, self.height))


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineGrid:
    """What to try: scales relative to plain resizing, angles in degrees to both sides, stretches across.

    The best `keep` go on; only every `stride`-th line is looked at.
    """

    scales: tuple[float, float] = (0.35, 2.4)
    angle: float = 0.2
    stretches: tuple[float, ...] = (1.0,)
    keep: int = 3
    stride: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class AffineCandidate:
    """A 2 x 2 map from canonical pixels to the picture's, and how far its comb stands out, in standard deviations."""

    score: float
    matrix: DoubleArray


def comb_spectrum(picture: FloatArray) -> CombSpectrum:
    """Of a whitened picture, its borders faded out."""
    height, width = picture.shape
    columns, rows = (cv2.getOptimalDFTSize(int(side * _PADDING)) for side in (width, height))
    faded = np.zeros((rows, columns), np.float32)
    faded[:height, :width] = picture * _taper(height)[:, None] * _taper(width)[None]
    waves = cv2.dft(faded, flags=cv2.DFT_COMPLEX_OUTPUT, nonzeroRows=height)
    power = np.asarray(np.fft.fftshift(np.square(waves).sum(2)), np.float32)
    cycle = TILE_SIZE * min(width, height) / CANONICAL_SHORT_SIDE
    box = int(columns / cycle * 1.2) | 1, int(rows / cycle * 1.2) | 1
    level = cv2.blur(np.minimum(power, 3 * cv2.blur(power, box)), box)
    return CombSpectrum(power=np.minimum(power / (level + 1e-9), _CLIP_LEVEL), width=width, height=height)


def affine_candidates(spectrum: CombSpectrum, grid: AffineGrid) -> list[AffineCandidate]:
    """The best of a grid, refined, the likeliest first."""
    candidates: list[AffineCandidate] = []
    for stretch in grid.stretches:
        candidates += _search_stretch(spectrum, grid, stretch)
    return sorted(candidates, key=lambda c: -c.score)[: grid.keep]


def refine_affine(
    spectrum: CombSpectrum, candidate: AffineCandidate, *, rounds: int = 160, step: float = 0.002
) -> AffineCandidate:
    """Climbs from a map to the best one near it."""
    rng = np.random.default_rng(0)
    best, matrix = _comb_score(spectrum, candidate.matrix[None])[0], candidate.matrix
    reach = step * float(np.abs(matrix).max())
    for round_ in range(0, rounds, 8):
        tried = matrix + rng.normal(0, reach, (8, 2, 2))
        scores = _comb_score(spectrum, tried)
        if scores.max() > best:
            best, matrix = scores.max(), tried[scores.argmax()]
        if round_ % 32 == 24:
            reach *= 0.7
    return AffineCandidate(score=candidate.score, matrix=matrix)


def _search_stretch(spectrum: CombSpectrum, grid: AffineGrid, stretch: float) -> list[AffineCandidate]:
    low, high = np.log(grid.scales)
    scales = spectrum.base * np.exp(np.arange(low, high, spectrum.step))
    reach = np.deg2rad(grid.angle)
    angles = np.linspace(-reach, reach, 2 * round(reach / spectrum.step) + 1)
    scores = np.stack(
        [_comb_score(spectrum, _affine_maps(scales, angle, stretch), stride=grid.stride) for angle in angles]
    )
    heights = _prominence(scores)
    candidates = []
    for _ in range(grid.keep):
        row, column = np.unravel_index(int(heights.argmax()), heights.shape)
        matrix = _affine_maps(scales[[column]], float(angles[row]), stretch)[0]
        candidates.append(AffineCandidate(score=float(heights[row, column]), matrix=matrix))
        heights[max(0, row - 4) : row + 5, max(0, column - 4) : column + 5] = -np.inf
    return candidates


def _affine_maps(scales: DoubleArray, angle: float, stretch: float) -> DoubleArray:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(scales[:, None, None] * (turn @ np.diag([1 / stretch, 1.0])))


def _comb_score(spectrum: CombSpectrum, maps: DoubleArray, stride: int = 1) -> FloatArray:
    """For each 2 x 2 map the power on all its lines, less what noise would have, over that of noise."""
    placed = np.linalg.inv(maps).transpose(0, 2, 1).astype(np.float32)
    frequency = placed @ subcarriers().frequency[:, ::stride].astype(np.float32)
    rows, columns = spectrum.power.shape
    across, down = frequency[:, 0] * np.float32(columns), frequency[:, 1] * np.float32(rows)
    across[np.abs(across) > _MAX_FREQUENCY * columns] = -2 * columns
    down[np.abs(down) > _MAX_FREQUENCY * rows] = -2 * rows
    across, down = across + columns // 2, down + rows // 2
    power = cv2.remap(spectrum.power, across, down, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0)
    return np.asarray((power.sum(1) - power.shape[1]) / np.sqrt(power.shape[1]), np.float32)


def _prominence(scores: FloatArray) -> FloatArray:
    """In standard deviations of the surroundings, themselves measured without the peaks."""
    box = (15, min(15, len(scores) | 1))
    rest = scores - cv2.blur(scores, box)
    usual = np.minimum(rest * rest, 9 * float(np.median(rest * rest)) + 1)
    level = np.maximum(cv2.blur(usual, (41, min(41, len(scores) | 1))), 0)
    return np.asarray(rest / (np.sqrt(level) + 0.5), np.float32)


def _taper(count: int) -> FloatArray:
    near = np.minimum(np.arange(count) + 1, count - np.arange(count))
    return np.asarray(np.clip(near / (0.08 * count), 0, 1), np.float32)
