"""Finds faces in a photograph thoroughly: small ones, small pictures, and faces that are turned or upside down."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.image.face_alignment import roll_angle
from classifiers.image.sampled_frames import downscale
from classifiers.models.mtcnn import DetectedFace, FaceDetector

_MAX_SIDE = 1024  # long side on which faces are sought
_MIN_FACE_PIXELS = 20  # pixels there
_MIN_PROBABILITY = 0.9  # P(face) of the detector from which a face counts
_MAX_ROLL_DEGREES = 40.0  # degrees from which a face is turned upright and sought again
_TURNS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180)


@dataclass(frozen=True, slots=True, eq=False)
class UprightFace:
    """A face, and the picture turned so that it is upright."""

    rgb: NDArray[np.uint8]
    face: DetectedFace


def detect_photo_faces(rgb: NDArray[np.uint8], detector: FaceDetector) -> list[UprightFace]:
    """All faces of a photograph, the one it is of first: large and near the middle."""
    upright = _detect_at_scales(rgb, detector)
    if (
        upright
        and roll_angle(upright[0].face.points) < _MAX_ROLL_DEGREES
        and upright[0].face.probability >= _MIN_PROBABILITY
    ):
        return upright
    rotated = [_detect_at_scales(np.ascontiguousarray(cv2.rotate(rgb, turn)), detector) for turn in _TURNS]
    standing = [
        faces for faces in (upright, *rotated) if faces and roll_angle(faces[0].face.points) < _MAX_ROLL_DEGREES
    ]
    return max(standing, key=lambda found: found[0].face.probability, default=upright)


def _detect_at_scales(rgb: NDArray[np.uint8], detector: FaceDetector) -> list[UprightFace]:
    """In the picture as it is; enlarged twice and thrice where nothing is found."""
    for times in (1, 2, 3):
        small = downscale(_enlarged(rgb, times), _MAX_SIDE)
        scale = rgb.shape[1] / small.shape[1]
        faces = [_scaled(face, scale) for face in detector.find(small, min_face=_MIN_FACE_PIXELS)]
        if sure := [face for face in faces if face.probability >= _MIN_PROBABILITY]:
            return [UprightFace(rgb, face) for face in sorted(sure, key=lambda face: -_prominence(face, rgb))]
    return [UprightFace(rgb, face) for face in sorted(faces, key=lambda face: -face.probability)[:1]]


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
    distance = (face.box[:2] + face.box[2:]) / 2 - middle
    return float((face.box[2] - face.box[0]) * (face.box[3] - face.box[1]) - 2 * distance @ distance)
