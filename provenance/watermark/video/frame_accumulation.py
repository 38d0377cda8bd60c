"""Sums up whitened pictures: what stays the same from picture to picture is the mark, what moves averages out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BadMedia
from media.arrays import FloatArray
from provenance.watermark.video.carrier_layout import CANONICAL_SHORT_SIDE, candidate_scales

_CLIP = 2.0  # of the local contrast: brighter and darker detail counts no more than this
_MIN_SIDE_TO_HALVE = 600  # pixels of the shorter side from which searches use the picture at half its size
_MAX_ASPECT = 2.0
"""Sides of pictures to search in: the longer over the shorter."""
_CONTRAST_FLOOR = 0.6
"""Grey levels below which local contrast is taken for noise."""
_FLAT_EXPONENT = 0.3
"""How much more quiet ground counts than whitening alone would let it: it shows the mark more clearly."""
TIME_BUCKETS = 12
"""Into so many stretches of time the pictures are summed, so that parts of a video can be looked at by themselves."""


@dataclass(frozen=True, slots=True, eq=False)
class AccumulatedFrames:
    """The mean whitened picture (height, width), shrunk by a whole `factor`; from `frame_count` pictures."""

    mean_frame: FloatArray
    frame_count: int
    factor: int
    parts: tuple[FloatArray, ...] = ()
    """Sums of consecutive pictures, as many in each but the last; empty unless asked for."""

    @property
    def scale(self) -> float:
        """Its pixels a canonical pixel, if the video was only re-encoded."""
        return self.scales[0]

    @property
    def scales(self) -> tuple[float, ...]:
        """The same, if it was resized too: the likeliest first."""
        height, width = self.mean_frame.shape
        return tuple(scale / self.factor for scale in candidate_scales(width * self.factor, height * self.factor))


def accumulate_frames(
    frames: Iterable[NDArray[np.uint8]], *, min_short_side: int, parts: bool = False
) -> AccumulatedFrames:
    """Of Y planes (height, width), all of one size. The shorter side is shrunk to at least `min_short_side`.

    Memory is constant: with `parts`, that of at most 2 x TIME_BUCKETS pictures. Raises BadMedia if there are none, or
    their size changes.
    """
    return accumulate_weighted_frames(((luma, 1.0) for luma in frames), min_short_side=min_short_side, parts=parts)


def accumulate_weighted_frames(
    frames: Iterable[tuple[NDArray[np.uint8], float]], *, min_short_side: int, parts: bool = False
) -> AccumulatedFrames:
    """As accumulate(), of Y planes and how much each counts."""
    sums: list[FloatArray] = []
    count, factor, each, total = 0, 1, 1 if parts else 1 << 62, 0.0
    for luma, weight in frames:
        factor = max(1, min(luma.shape) // min_short_side)
        white = whiten(box_downscale(luma, factor))
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
        if len(sums) == 2 * TIME_BUCKETS and count % each == 0:
            sums, each = [a + b for a, b in zip(sums[0::2], sums[1::2], strict=True)], 2 * each
    if not sums:
        raise BadMedia("there are no pictures to look at")
    mean = sum(sums[1:], sums[0].copy()) / np.float32(total)
    return AccumulatedFrames(mean_frame=mean, frame_count=count, factor=factor, parts=tuple(sums) if parts else ())


def centre_crop(picture: FloatArray) -> tuple[FloatArray, NDArray[np.float64]]:
    """A very long or wide picture's middle, which is enough for searches, and the 3 x 3 map to it."""
    most = int(_MAX_ASPECT * min(picture.shape))
    top, left = (max(0, side - most) // 2 for side in picture.shape)
    moved = np.array([[1.0, 0, -left], [0, 1, -top], [0, 0, 1]])
    return np.ascontiguousarray(picture[top : top + most, left : left + most]), moved


def half_size_crop(picture: FloatArray) -> tuple[FloatArray, NDArray[np.float64]]:
    """The middle, at half its size if it is large, and the 3 x 3 map to it."""
    picture, moved = centre_crop(picture)
    if min(picture.shape) < _MIN_SIDE_TO_HALVE:
        return picture, moved
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    small = cv2.resize(picture[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32), np.diag([0.5, 0.5, 1.0]) @ moved


def box_downscale(luma: NDArray[np.uint8], factor: int) -> FloatArray:
    """By a whole factor, by means."""
    size = (luma.shape[1] // factor, luma.shape[0] // factor)
    cut = luma[: size[1] * factor, : size[0] * factor]
    return np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.float32)


def whiten(picture: FloatArray) -> FloatArray:
    """Fine detail over local contrast, clipped, so that no edge outweighs the rest."""
    scale = min(picture.shape) / CANONICAL_SHORT_SIDE
    detail = picture - cv2.GaussianBlur(picture, (0, 0), max(1.5, 3.2 * scale))
    side = 2 * int(8 * scale) + 1
    contrast = np.sqrt(np.maximum(cv2.blur(detail * detail, (side, side)), 0)) + np.float32(_CONTRAST_FLOOR)
    limited = np.clip(detail / contrast, -_CLIP, _CLIP)
    return np.asarray(limited * cv2.pow(contrast, -_FLAT_EXPONENT), np.float32)
