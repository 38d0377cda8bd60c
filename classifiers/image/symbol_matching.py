"""Finds drawn shapes in pictures: regions of one brightness or colour, compared in shape alone with exemplars.

A region is brought to a round spread (its second moments made one), so that it may be stretched, seen from the side,
turned and of any size; then it is sampled on circles, and turning is a shift. Mirroring is not undone: it matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.image.sampled_frames import downscale
from classifiers.image.symbol_shapes import Mask, exemplars

_SIDE = 480  # pixels of the longer side of what is looked at
_SMALLEST = 22  # pixels: each side of a region
_LARGEST = 0.98  # of each side of the picture
_REGIONS = 60  # of one mask, the largest
_STRETCHED = 8.0  # how much wider than high, in variance
_RINGS, _ANGLES = 20, 96
_BLACK, _WHITE = 70, 180  # levels of a channel
_REACH = 2.1  # in standard deviations
_RADII = np.linspace(_REACH / _RINGS, _REACH, _RINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeMatch:
    """How alike a region and an exemplar are: 1 for the same shape. `box`: x, y, width, height, as shares of all."""

    symbol: str
    likeness: float
    box: tuple[float, float, float, float]


def match_shapes(rgb: NDArray[np.uint8]) -> Mapping[str, ShapeMatch]:
    """The best match of each symbol in an RGB uint8 picture, if any region was worth comparing."""
    small = downscale(rgb, _SIDE)
    height, width = small.shape[:2]
    best: dict[str, ShapeMatch] = {}
    rows: list[NDArray[np.float32]] = []
    boxes: list[tuple[float, float, float, float]] = []
    for region, (x, y, w, h) in _regions(small):
        sampled = sample_on_circles(region)
        if sampled is not None:
            rows.append(sampled)
            boxes.append((x / width, y / height, w / width, h / height))
    if not rows:
        return best
    likeness = _likeness(np.stack(rows))
    for symbol, values in likeness.items():
        place = int(np.argmax(values))
        best[symbol] = ShapeMatch(symbol=symbol, likeness=float(values[place]), box=boxes[place])
    return best


def sample_on_circles(region: Mask) -> NDArray[np.float32] | None:
    """(rings, angles), of length one, its mean taken away; None for a region that is far too stretched."""
    moments = cv2.moments(region, binaryImage=True)
    count = moments["m00"]
    if count < _SMALLEST:
        return None
    centre = np.array([moments["m10"], moments["m01"]]) / count
    across, down, both = (moments[name] / (count - 1) for name in ("mu20", "mu02", "mu11"))
    spread = np.array([[across, both], [both, down]])
    values, vectors = np.linalg.eigh(spread)
    if values[0] <= 0.5 or values[1] > _STRETCHED * values[0]:
        return None
    root = vectors @ np.diag(np.sqrt(values)) @ vectors.T  # symmetric: it turns nothing, and mirrors nothing
    circle = _circle()
    where = (centre[:, None, None] + np.tensordot(root, circle, axes=1)).astype(np.float32)
    seen = cv2.remap(region, where[0], where[1], cv2.INTER_LINEAR, borderValue=0).astype(np.float32)
    seen = (seen - _weighted_mean(seen)) * np.sqrt(_weights())
    return np.asarray(seen / max(float(np.linalg.norm(seen)), 1e-6), dtype=np.float32)


def _likeness(rows: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """For each symbol the highest correlation over turns and exemplars of (n, rings, angles)."""
    spectra = np.fft.rfft(rows, axis=2)
    found = {}
    for symbol, wanted in _exemplar_spectra().items():
        turned = np.fft.irfft((spectra[:, None] * np.conj(wanted)[None]).sum(axis=2), n=_ANGLES, axis=2)
        found[symbol] = np.asarray(turned.max(axis=(1, 2)), dtype=np.float64)
    return found


@cache
def _exemplar_spectra() -> dict[str, NDArray[np.complex128]]:
    spectra = {}
    for symbol, masks in exemplars().items():
        sampled = [row for mask in masks if (row := sample_on_circles(_sharp(mask))) is not None]
        spectra[symbol] = np.asarray(np.fft.rfft(np.stack(sampled), axis=2))
    return spectra


@cache
def _circle() -> NDArray[np.float64]:
    angles = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    return np.stack([_RADII[:, None] * np.cos(angles), _RADII[:, None] * np.sin(angles)])


@cache
def _weights() -> NDArray[np.float32]:
    """Of each ring, by its area."""
    return np.repeat((_RADII / _RADII.sum() / _ANGLES)[:, None], _ANGLES, axis=1).astype(np.float32)


def _weighted_mean(seen: NDArray[np.float32]) -> float:
    return float((seen * _weights()).sum())


def _sharp(mask: Mask) -> Mask:
    return np.where(mask > 127, 255, 0).astype(np.uint8)


def _regions(rgb: NDArray[np.uint8]) -> Iterator[tuple[Mask, tuple[int, int, int, int]]]:
    """Connected regions of a likely size, as masks of their box, and the same without their holes."""
    height, width = rgb.shape[:2]
    for mask in _masks(rgb):
        count, labels, stats, _centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
        kept = [
            n
            for n in range(1, count)
            if min(stats[n, 2], stats[n, 3]) >= _SMALLEST
            and stats[n, 2] <= _LARGEST * width
            and stats[n, 3] <= _LARGEST * height
            and stats[n, 4] >= 0.12 * stats[n, 2] * stats[n, 3]
        ]
        for n in sorted(kept, key=lambda n: -stats[n, 4])[:_REGIONS]:
            x, y, w, h = (int(value) for value in stats[n, :4])
            region = np.where(labels[y : y + h, x : x + w] == n, 255, 0).astype(np.uint8)
            yield region, (x, y, w, h)
            filled = _without_holes(region)
            if int(np.count_nonzero(filled)) > 1.05 * stats[n, 4]:
                yield filled, (x, y, w, h)


def _without_holes(region: Mask) -> Mask:
    outlines, _tree = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros_like(region)
    cv2.drawContours(filled, outlines, -1, (255,), cv2.FILLED)
    return filled


def _masks(rgb: NDArray[np.uint8]) -> Sequence[Mask]:
    """What is darker and what is brighter, against the whole and against what is around it; what is coloured."""
    smooth = cv2.GaussianBlur(rgb, (3, 3), 0)
    grey, strongest, weakest = cv2.cvtColor(smooth, cv2.COLOR_RGB2GRAY), smooth.max(axis=2), smooth.min(axis=2)
    around = max(31, (min(grey.shape[:2]) // 4) | 1)
    masks = []
    for channel in (grey, strongest, strongest - weakest):  # black on red is dark in the strongest channel alone
        _level, bright = cv2.threshold(channel, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        masks += [bright, cv2.bitwise_not(bright)]
    masks += [
        np.where(strongest < _BLACK, 255, 0).astype(np.uint8),
        np.where(weakest > _WHITE, 255, 0).astype(np.uint8),
    ]
    for kind, offset in ((cv2.THRESH_BINARY, -8), (cv2.THRESH_BINARY_INV, 8)):
        masks.append(cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, kind, around, offset))
    return masks
