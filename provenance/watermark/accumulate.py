"""Sums up whitened pictures: what stays the same from picture to picture is the mark, what moves averages out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BadMedia
from provenance.watermark.lattice import SHORT_SIDE, likely_scales

Floats = NDArray[np.float32]
_CLIP = 2.0
_LARGE = 600
_LONGEST = 2.0
"""Sides of pictures to search in: the longer over the shorter."""
_QUIET = 0.6
"""Grey levels below which local contrast is taken for noise."""
_TRUST = 0.3
"""How much more quiet ground counts than whitening alone would let it: it shows the mark more clearly."""
BUCKETS = 12
"""Into so many stretches of time the pictures are summed, so that parts of a video can be looked at by themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The mean whitened picture (height, width), shrunk by a whole `factor`; from `pictures` pictures."""

    picture: Floats
    pictures: int
    factor: int
    parts: tuple[Floats, ...] = ()
    """Sums of consecutive pictures, as many in each but the last; empty unless asked for."""

    @property
    def scale(self) -> float:
        """Its pixels a canonical pixel, if the video was only encoded anew."""
        return self.scales[0]

    @property
    def scales(self) -> tuple[float, ...]:
        """The same, if it was resized too: the likeliest first."""
        height, width = self.picture.shape
        return tuple(one / self.factor for one in likely_scales(width * self.factor, height * self.factor))


def accumulate(frames: Iterable[NDArray[np.uint8]], *, work_side: int, parts: bool = False) -> Evidence:
    """Of Y planes (height, width), all of one size. The shorter side is shrunk to at least `work_side`.

    Memory is constant: with `parts`, that of at most 2 x BUCKETS pictures. Raises BadMedia if there are none, or
    their size changes.
    """
    return accumulate_weighed(((luma, 1.0) for luma in frames), work_side=work_side, parts=parts)


def accumulate_weighed(
    frames: Iterable[tuple[NDArray[np.uint8], float]], *, work_side: int, parts: bool = False
) -> Evidence:
    """As accumulate(), of Y planes and how much each counts."""
    sums: list[Floats] = []
    count, factor, each, total = 0, 1, 1 if parts else 1 << 62, 0.0
    for luma, weight in frames:
        factor = max(1, min(luma.shape) // work_side)
        white = whiten(shrink(luma, factor))
        if weight != 1.0:
            white *= np.float32(weight)
        total += weight
        if sums and sums[0].shape != white.shape:
            raise BadMedia("the picture size changes midway")
        if count % each == 0:
            sums.append(white)
        else:
            cv2.accumulate(white, sums[-1])
        count += 1
        if len(sums) == 2 * BUCKETS and count % each == 0:
            sums, each = [a + b for a, b in zip(sums[0::2], sums[1::2], strict=True)], 2 * each
    if not sums:
        raise BadMedia("there are no pictures to look at")
    mean = sum(sums[1:], sums[0].copy()) / np.float32(total)
    return Evidence(picture=mean, pictures=count, factor=factor, parts=tuple(sums) if parts else ())


def middle_of(picture: Floats) -> tuple[Floats, NDArray[np.float64]]:
    """A very long or wide picture's middle, which is enough for searches, and the 3 x 3 map to it."""
    most = int(_LONGEST * min(picture.shape))
    top, left = (max(0, side - most) // 2 for side in picture.shape)
    moved = np.array([[1.0, 0, -left], [0, 1, -top], [0, 0, 1]])
    return np.ascontiguousarray(picture[top : top + most, left : left + most]), moved


def half_of(picture: Floats) -> tuple[Floats, NDArray[np.float64]]:
    """The middle, at half its size if it is large, and the 3 x 3 map to it."""
    picture, moved = middle_of(picture)
    if min(picture.shape) < _LARGE:
        return picture, moved
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    small = cv2.resize(picture[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32), np.diag([0.5, 0.5, 1.0]) @ moved


def shrink(luma: NDArray[np.uint8], factor: int) -> Floats:
    """By a whole factor, by means."""
    size = (luma.shape[1] // factor, luma.shape[0] // factor)
    cut = luma[: size[1] * factor, : size[0] * factor]
    return np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.float32)


def whiten(picture: Floats) -> Floats:
    """Fine detail over local contrast, clipped, so that no edge outweighs the rest."""
    scale = min(picture.shape) / SHORT_SIDE
    detail = picture - cv2.GaussianBlur(picture, (0, 0), max(1.5, 3.2 * scale))
    side = 2 * int(8 * scale) + 1
    contrast = np.sqrt(np.maximum(cv2.blur(detail * detail, (side, side)), 0)) + np.float32(_QUIET)
    limited = np.clip(detail / contrast, -_CLIP, _CLIP)
    return np.asarray(limited * cv2.pow(contrast, -_TRUST), np.float32)
