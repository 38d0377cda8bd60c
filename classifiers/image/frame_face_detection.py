"""Which faces stand in a sample, frame by frame, and which of them can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.image.face_quality import MIN_FACE_PIXELS, quality_problem, sharpness, yaw_ratio
from classifiers.image.sampled_frames import downscale
from classifiers.models.mtcnn import DetectedFace, FaceDetector
from media.video import Frame, VideoSample

_MAX_SIDE = 800  # long side on which faces are sought
_MIN_PROBABILITY = 0.9  # below, what the detector finds are mostly knots and clouds
_MIN_OVERLAP = 0.3  # intersection over union with a face of the frame before


@dataclass(frozen=True, slots=True, eq=False)
class FaceObservation:
    """A face: its frame's index, and where it is in pixels of the frame.

    `previous` is the place, in the list of all, of the face that stood here in the frame before; None if it is new.
    """

    frame: int
    face: DetectedFace
    readable: bool
    previous: int | None
    quality: float

    @property
    def new(self) -> bool:
        """Whether no face stood at this place in the frame before."""
        return self.previous is None


def detect_frame_faces(sample: VideoSample, detector: FaceDetector) -> list[FaceObservation]:
    """All faces of a sample, frame by frame, the largest first."""
    observations: list[FaceObservation] = []
    earlier = range(0)
    for place, frame in enumerate(sample.frames):
        start = len(observations)
        matched: set[int] = set()
        for face in _faces(frame, detector):
            observations.append(_observation(place, frame, face, _same_place(face, observations, earlier, matched)))
        earlier = range(start, len(observations))
    return observations


def _faces(frame: Frame, detector: FaceDetector) -> list[DetectedFace]:
    small = downscale(frame.rgb, _MAX_SIDE)
    scale = frame.rgb.shape[1] / small.shape[1]
    return [
        DetectedFace(
            np.asarray(face.box * scale, np.float32), np.asarray(face.points * scale, np.float32), face.probability
        )
        for face in detector.find(small)
        if face.probability >= _MIN_PROBABILITY
    ]


def _observation(place: int, frame: Frame, face: DetectedFace, before: int | None) -> FaceObservation:
    size = float(min(face.box[2] - face.box[0], face.box[3] - face.box[1]))
    readable = size >= MIN_FACE_PIXELS and not quality_problem(frame.rgb, face)
    sharp = min(1.0, sharpness(frame.rgb, face.box) / 200)
    return FaceObservation(
        place, face, readable, before, quality=min(size, 200.0) * (1.2 - yaw_ratio(face.points)) * (0.5 + sharp)
    )


def _same_place(
    face: DetectedFace, observations: Sequence[FaceObservation], earlier: range, matched: set[int]
) -> int | None:
    """The face of the frame before that overlaps most, once only."""
    free = [place for place in earlier if place not in matched]
    best = max(free, key=lambda place: intersection_over_union(face.box, observations[place].face.box), default=None)
    if best is None or intersection_over_union(face.box, observations[best].face.box) < _MIN_OVERLAP:
        return None
    matched.add(best)
    return best


def intersection_over_union(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Intersection over union of two boxes x0 y0 x1 y1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(0.0, float(width)) * max(0.0, float(height))
    union = float((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])) - common
    return common / union if union > 0 else 0.0
