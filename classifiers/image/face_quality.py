"""Whether a face can be recognised at all: its size, how far it is turned, how sharp it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.models.mtcnn import DetectedFace

MIN_FACE_PIXELS = 48
"""Pixels of a face's shorter side from which it is enrolled, or recognised in a video; a photograph may have less."""

_MIN_PHOTO_FACE_PIXELS = 16  # pixels of the shorter side of a face in a photograph
_MIN_PROBABILITY = 0.9  # what the detector is less sure of is mostly a knot or a cloud
_MAX_YAW_RATIO = 0.85  # of half the distance between the eyes, from their middle to the nose
_MIN_DETAIL = 12.0  # variance of the Laplacian of the face at 96 px: below, blurred or painted over


def quality_problem(rgb: NDArray[np.uint8], face: DetectedFace, *, enrolling: bool = False) -> str:
    """Why the face cannot be recognised, in a word or two, or nothing."""
    smallest = MIN_FACE_PIXELS if enrolling else _MIN_PHOTO_FACE_PIXELS
    if min(face.box[2] - face.box[0], face.box[3] - face.box[1]) < smallest:
        return "too small"
    if face.probability < _MIN_PROBABILITY:
        return "not certainly a face"
    if yaw_ratio(face.points) > _MAX_YAW_RATIO:
        return "turned away"
    if sharpness(rgb, face.box) < _MIN_DETAIL:
        return "blurred"
    return ""


def yaw_ratio(points: NDArray[np.float32]) -> float:
    """How far the nose is from the middle of the eyes, along the line between them: 0 frontal, 1 in profile."""
    left, right, nose = points[0], points[1], points[2]
    between = right - left
    length = float(between @ between)
    return abs(float((nose - (left + right) / 2) @ between)) / (length / 2) if length > 1 else 1.0


def sharpness(rgb: NDArray[np.uint8], box: NDArray[np.float32]) -> float:
    """The variance of the Laplacian within the box, at 96 px."""
    height, width = rgb.shape[:2]
    x0, y0 = max(0, int(box[0])), max(0, int(box[1]))
    x1, y1 = min(width, int(box[2]) + 1), min(height, int(box[3]) + 1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return 0.0
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(cv2.resize(grey, (96, 96), interpolation=cv2.INTER_AREA), cv2.CV_64F).var())
