"""Which faces stand in a sample, which of them can be read, and which are worth the time to describe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.frames import shrink
from media.video import Frame, Sample

MOST_DESCRIBED = 16
_LONGEST = 854  # long side on which faces are sought
_SURE = 0.9  # below, what the detector finds are mostly knots and clouds
_SMALLEST = 48  # pixels of the frame: below, descriptors of one person drift apart
_MOST_TURNED = 0.85  # of half the distance between the eyes, from their middle to the nose
_LEAST_DETAIL = 12.0  # variance of the Laplacian of the face at 96 px: below, blurred or painted over
_SAME_PLACE = 0.5  # intersection over union with a face of the frame before


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A face: its frame's index, (4,) x0 y0 x1 y1 in pixels of the frame, P(face).

    `new` says that no face stood at this place in the frame before.
    """

    frame: int
    box: NDArray[np.float32]
    probability: float
    readable: bool
    new: bool

    @property
    def size(self) -> float:
        """The shorter side in pixels."""
        return float(min(self.box[2] - self.box[0], self.box[3] - self.box[1]))


def see(sample: Sample, detector: Any) -> list[Seen]:
    """All faces of a sample, frame by frame, the largest first."""
    found: list[Seen] = []
    before: list[Seen] = []
    for place, frame in enumerate(sample.frames):
        now = [_seen(place, frame, face, scale, before) for face, scale in _faces(frame, detector)]
        found += now
        before = now
    return found


def chosen(seen: Sequence[Seen]) -> list[Seen]:
    """The readable faces to describe: those that appear anew first, then the largest, at most MOST_DESCRIBED."""
    ranked = sorted((face for face in seen if face.readable), key=lambda face: (not face.new, -face.size))
    return ranked[:MOST_DESCRIBED]


def _faces(frame: Frame, detector: Any) -> list[tuple[Any, float]]:
    small = shrink(frame.rgb, _LONGEST)
    scale = frame.rgb.shape[1] / small.shape[1]
    return [(face, scale) for face in detector.find(small) if face.probability >= _SURE]


def _seen(place: int, frame: Frame, face: Any, scale: float, before: Sequence[Seen]) -> Seen:
    box = np.asarray(face.box * scale, dtype=np.float32)
    readable = (
        min(box[2] - box[0], box[3] - box[1]) >= _SMALLEST
        and _turned(face.points) <= _MOST_TURNED
        and _detail(frame.rgb, box) >= _LEAST_DETAIL
    )
    new = all(_overlap(box, other.box) < _SAME_PLACE for other in before)
    return Seen(place, box, face.probability, bool(readable), new)


def _turned(points: NDArray[np.float32]) -> float:
    """How far the nose stands from the middle of the eyes, along the line between them: 0 frontal, 1 in profile."""
    left, right, nose = points[0], points[1], points[2]
    between = right - left
    length = float(between @ between)
    return abs(float((nose - (left + right) / 2) @ between)) / (length / 2) if length > 1 else 1.0


def _detail(rgb: NDArray[np.uint8], box: NDArray[np.float32]) -> float:
    height, width = rgb.shape[:2]
    x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
    x1, y1 = min(width, int(box[2]) + 1), min(height, int(box[3]) + 1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return 0.0
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(cv2.resize(grey, (96, 96), interpolation=cv2.INTER_AREA), cv2.CV_64F).var())


def _overlap(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(0.0, float(width)) * max(0.0, float(height))
    both = float((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])) - common
    return common / both if both > 0 else 0.0
