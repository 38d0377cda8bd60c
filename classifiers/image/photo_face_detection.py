"""Finds faces in a photograph, taking pains: small ones, small pictures, and people who lie or hang upside down."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.image.face_alignment import roll_angle
from classifiers.image.sampled_frames import downscale
from classifiers.models.mtcnn import DetectedFace, FaceDetector

_LONGEST = 1024  # long side on which faces are sought
_SMALLEST = 20  # pixels there
_SURE = 0.9
_LYING = 40.0  # degrees from which a face is turned upright and sought again
_TURNS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180)


@dataclass(frozen=True, slots=True, eq=False)
class UprightFace:
    """A face, and the picture in which it stands upright."""

    rgb: NDArray[np.uint8]
    face: DetectedFace


def detect_photo_faces(rgb: NDArray[np.uint8], detector: FaceDetector) -> list[UprightFace]:
    """All faces of a photograph, the one it is of first: large and near the middle."""
    upright = _detect_at_scales(rgb, detector)
    if upright and roll_angle(upright[0].face.points) < _LYING and upright[0].face.probability >= _SURE:
        return upright
    turned = [_detect_at_scales(np.ascontiguousarray(cv2.rotate(rgb, turn)), detector) for turn in _TURNS]
    standing = [found for found in (upright, *turned) if found and roll_angle(found[0].face.points) < _LYING]
    return max(standing, key=lambda found: found[0].face.probability, default=upright)


def _detect_at_scales(rgb: NDArray[np.uint8], detector: FaceDetector) -> list[UprightFace]:
    """In the picture as it is; enlarged twice and thrice where nothing is found."""
    for times in (1, 2, 3):
        small = downscale(_enlarged(rgb, times), _LONGEST)
        scale = rgb.shape[1] / small.shape[1]
        found = [_scaled(face, scale) for face in detector.find(small, min_face=_SMALLEST)]
        if sure := [face for face in found if face.probability >= _SURE]:
            return [UprightFace(rgb, face) for face in sorted(sure, key=lambda face: -_prominence(face, rgb))]
    return [UprightFace(rgb, face) for face in sorted(found, key=lambda face: -face.probability)[:1]]


def _enlarged(rgb: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    if times == 1:
        return rgb
    return np.asarray(cv2.resize(rgb, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), np.uint8)


def _scaled(face: DetectedFace, scale: float) -> DetectedFace:
    return DetectedFace(
        np.asarray(face.box * scale, np.float32), np.asarray(face.points * scale, np.float32), face.probability
    )


def _prominence(face: DetectedFace, rgb: NDArray[np.uint8]) -> float:
    """Its area less twice the square of its distance from the middle, in pixels (InsightFace's rule)."""
    middle = np.array([rgb.shape[1], rgb.shape[0]]) / 2
    away = (face.box[:2] + face.box[2:]) / 2 - middle
    return float((face.box[2] - face.box[0]) * (face.box[3] - face.box[1]) - 2 * away @ away)
