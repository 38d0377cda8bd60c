"""Finds faces: MTCNN (Zhang et al. 2016, arXiv:1604.02878), its three nets as facenet-pytorch 2.6.0 publishes them.

The first net looks at the whole picture at many sizes, the second and third at what the one before has found. All
numbers here are facenet-pytorch's: thresholds, steps between sizes, and how a cut-out is rounded to pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.models.boxes import nms
from classifiers.models.onnx_net import OnnxSession, onnx_session

_MIN_SIDE = 48  # below, the net's image pyramid is empty
DEFAULT_MIN_FACE = 40
"""Pixels of the shorter side below which faces are not sought, unless that is asked for."""
_CELL_PIXELS = 12  # pixels that the first net sees at once
_STRIDE_PIXELS = 2  # pixels between two of its outputs
_SCALE_FACTOR = 0.709  # from one size of the picture to the next
_MIN_PROBABILITIES = (0.6, 0.7, 0.7)  # P(face) above which a box goes on, after each net
_BATCH = 512  # cut-outs at once
_MAX_INT32_PIXELS = 2**31 // 255  # pixels up to which a sum of bytes fits 32 bits

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """A face in a picture: (4,) x0 y0 x1 y1, (5, 2) eyes, nose, mouth corners, and P(face)."""

    box: NDArray[np.float32]
    points: NDArray[np.float32]
    probability: float


class FaceDetector:
    """Finds faces; safe to share between threads."""

    def __init__(self, proposing: Path, refining: Path, final: Path) -> None:
        self._proposing, self._refining, self._final = (onnx_session(path) for path in (proposing, refining, final))

    def find(self, rgb: NDArray[np.uint8], *, min_face: int = DEFAULT_MIN_FACE) -> list[DetectedFace]:
        """Faces of `min_face` px and more in an RGB uint8 picture, the largest first.

        A picture under 48 px high or wide holds none.
        """
        if min(rgb.shape[:2]) < _MIN_SIDE:
            return []
        picture = _Sums(rgb)
        boxes = _square(self._propose(picture, min_face))
        boxes = _square(self._refine(picture, boxes))
        boxes, points, scores = self._finish(picture, boxes)
        order = np.argsort(_areas(boxes), kind="stable")[::-1]
        return [DetectedFace(boxes[index], points[index], float(scores[index])) for index in order]

    def _propose(self, picture: _Sums, smallest: int) -> Floats:
        """(n, 4) boxes of what might be a face, from the whole picture at every size."""
        proposals = [_told(self._proposing, picture, scale) for scale in _scales(picture, smallest)]
        boxes, scores, moved = (np.concatenate(part) for part in zip(*proposals, strict=True))
        kept = nms(boxes, scores, 0.7)
        boxes, moved = boxes[kept], moved[kept]
        sides = boxes[:, 2:] - boxes[:, :2]
        return np.asarray(boxes + moved * np.tile(sides, 2), np.float32)

    def _refine(self, picture: _Sums, boxes: Floats) -> Floats:
        boxes, (probabilities, moved) = _asked(self._refining, ("face", "moved"), picture, boxes, 24)
        sure = probabilities[:, 1] > _MIN_PROBABILITIES[1]
        boxes, scores, moved = boxes[sure], probabilities[sure, 1], moved[sure]
        kept = nms(boxes, scores, 0.7)
        return _corrected(boxes[kept], moved[kept])

    def _finish(self, picture: _Sums, boxes: Floats) -> tuple[Floats, Floats, Floats]:
        boxes, (probabilities, moved, marks) = _asked(self._final, ("face", "moved", "points"), picture, boxes, 48)
        sure = probabilities[:, 1] > _MIN_PROBABILITIES[2]
        boxes, scores, moved, marks = boxes[sure], probabilities[sure, 1], moved[sure], marks[sure]
        sides = boxes[:, 2:] - boxes[:, :2] + 1
        shares = marks.reshape(-1, 2, 5).transpose(0, 2, 1)  # five x and then five y
        points = sides[:, None] * shares + boxes[:, None, :2] - 1
        boxes = _corrected(boxes, moved)
        kept = _least_covered(boxes, scores, 0.7)
        return boxes[kept], np.asarray(points[kept], np.float32), scores[kept]


class _Sums:
    """A picture whose rectangles can be averaged in no time: an integral image, exact."""

    def __init__(self, rgb: NDArray[np.uint8]) -> None:
        self.height, self.width = rgb.shape[:2]
        depth = cv2.CV_32S if self.height * self.width < _MAX_INT32_PIXELS else cv2.CV_64F
        self._sums = cv2.integral(np.ascontiguousarray(rgb), sdepth=depth)

    def cut(self, corners: Ints, height: int, width: int) -> Floats:
        """(n, 3, height, width) in [-1, 1) of n rectangles x0 y0 x1 y1, shrunk or grown by averaging areas.

        A pixel is the mean of all pixels that it touches, as in torch's adaptive_avg_pool2d.
        """
        top, bottom = _edges(corners[:, 1], corners[:, 3], height)
        left, right = _edges(corners[:, 0], corners[:, 2], width)
        rows, columns = (bottom - top)[:, :, None, None], (right - left)[:, None, :, None]
        top, bottom = top[:, :, None], bottom[:, :, None]
        left, right = left[:, None, :], right[:, None, :]
        sums = self._sums
        total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        mean = total.astype(np.float32) / rows.astype(np.float32) / columns.astype(np.float32)
        return np.ascontiguousarray(((mean - np.float32(127.5)) * np.float32(1 / 128)).transpose(0, 3, 1, 2))


def load(paths: Sequence[Path]) -> FaceDetector:
    """From the nets that propose, refine and finish, in this order."""
    return FaceDetector(*paths)


def _scales(picture: _Sums, smallest: int) -> list[float]:
    scale = _CELL_PIXELS / smallest
    side = min(picture.height, picture.width) * scale
    scales = []
    while side >= _CELL_PIXELS:
        scales.append(scale)
        scale, side = scale * _SCALE_FACTOR, side * _SCALE_FACTOR
    return scales


def _told(net: OnnxSession, picture: _Sums, scale: float) -> tuple[Floats, Floats, Floats]:
    """The first net's boxes (n, 4), scores (n,) and corrections (n, 4) at one size, overlapping ones left out."""
    whole = np.array([[0, 0, picture.width, picture.height]], np.int64)
    small = picture.cut(whole, int(picture.height * scale + 1), int(picture.width * scale + 1))
    said, moved = net.run(["face", "moved"], {"rgb": small})
    rows, columns = np.nonzero(said[0, 1] >= _MIN_PROBABILITIES[0])
    scores = said[0, 1, rows, columns]
    cells = np.stack([columns, rows], axis=1).astype(np.float32) * _STRIDE_PIXELS
    boxes = np.concatenate([np.floor((cells + 1) / scale), np.floor((cells + _CELL_PIXELS) / scale)], axis=1)
    kept = nms(boxes, scores, 0.5)
    return boxes[kept], scores[kept], moved[0, :, rows, columns][kept]


def _asked(
    net: OnnxSession, outputs: tuple[str, ...], picture: _Sums, boxes: Floats, side: int
) -> tuple[Floats, tuple[Floats, ...]]:
    """The boxes that have a pixel in the picture, and what the net says of each, as (n, …) for each output."""
    corners = np.trunc(boxes).astype(np.int64)
    corners[:, :2] = np.maximum(corners[:, :2], 1) - 1
    corners[:, 2:] = np.minimum(corners[:, 2:], (picture.width, picture.height))
    inside = (corners[:, 2:] > corners[:, :2]).all(axis=1)
    boxes, corners = boxes[inside], corners[inside]
    starts = range(0, max(len(corners), 1), _BATCH)
    said = [net.run(list(outputs), {"rgb": picture.cut(corners[at : at + _BATCH], side, side)}) for at in starts]
    return boxes, tuple(np.concatenate(part) for part in zip(*said, strict=True))


def _edges(first: Ints, last: Ints, count: int) -> tuple[Ints, Ints]:
    """Where each of `count` pixels begins and ends in stretches from `first` to `last`, both (n, count)."""
    length, number = (last - first)[:, None], np.arange(count)[None, :]
    begins = number * length // count
    ends = -((number + 1) * -length // count)
    return first[:, None] + begins, first[:, None] + ends


def _square(boxes: Floats) -> Floats:
    """Each box made a square around its middle, as long as its longer side."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.max(axis=1, keepdims=True)
    corner = boxes[:, :2] + sides * np.float32(0.5) - longer * np.float32(0.5)
    return np.concatenate([corner, corner + longer], axis=1)


def _corrected(boxes: Floats, moved: Floats) -> Floats:
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes + moved * np.tile(sides, 2)


def _areas(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)


def _least_covered(boxes: Floats, scores: Floats, most: float) -> list[int]:
    """Indices of the boxes kept, best first: none shares more than `most` of the smaller one with a better one."""
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    area = sides[:, 0] * sides[:, 1]
    order = np.argsort(scores, kind="stable")[::-1]
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        high = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        common = np.maximum(high - np.maximum(boxes[best, :2], boxes[rest, :2]) + 1, 0)
        order = rest[common[:, 0] * common[:, 1] / np.minimum(area[best], area[rest]) <= most]
    return kept
