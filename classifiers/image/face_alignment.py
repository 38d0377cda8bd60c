"""Turns a face upright and to one size, from where its eyes, nose and mouth are."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import Landmarks, RgbImage

# Where eyes, nose and mouth corners of a frontal face are, in distances between the eyes, from the middle of the eyes
# (the template of InsightFace's norm_crop, which is a mean of many faces).
_FRONTAL_LANDMARKS = np.array([[-0.5, 0.0028], [0.5, -0.0028], [0.0033, 0.5716], [-0.4077, 1.1574], [0.4204, 1.1528]])


def align_face(rgb: RgbImage, points: Landmarks, *, size: int, eye_distance: float, eye_offset: float) -> RgbImage:
    """An upright face, (size, size, 3): `eye_distance` pixels between the eyes, their middle `eye_offset` pixels
    from the top.

    `points` are (5, 2): eyes, nose, mouth corners, in pixels of the picture. Outside the picture its edge is repeated.
    """
    target = _FRONTAL_LANDMARKS * eye_distance + np.array([size / 2, eye_offset])
    turn = _similarity(np.asarray(points, np.float64), target)
    shrinking = int(1 / max(1e-3, math.hypot(turn[0, 0], turn[0, 1])))
    if shrinking > 1:  # a large face is made smaller first, or it would flicker
        rgb = np.asarray(cv2.resize(rgb, None, fx=1 / shrinking, fy=1 / shrinking, interpolation=cv2.INTER_AREA))
        turn[:, :2] *= shrinking
    warped = cv2.warpAffine(rgb, turn, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def roll_angle(points: Landmarks) -> float:
    """By how many degrees the line of the eyes is turned: 0 upright, 90 lying."""
    between = np.asarray(points[1] - points[0], np.float64)
    return abs(math.degrees(math.atan2(between[1], between[0])))


def box_from_landmarks(points: Landmarks) -> NDArray[np.float32]:
    """The box x0 y0 x1 y1 from brow to chin that dlib's predictor was taught with."""
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    half = 1.25 * max(float(np.linalg.norm(points[1] - points[0])), float(np.linalg.norm(mouth - eyes)))
    middle = (eyes + mouth) / 2
    return np.asarray([*(middle - half), *(middle + half)], np.float32)


def _similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The (2, 3) turn, scale and shift that bring points nearest to where they are wanted (least squares)."""
    from_middle, to_middle = source.mean(axis=0), target.mean(axis=0)
    a, b = (source - from_middle) @ [1, 1j], (target - to_middle) @ [1, 1j]
    factor = complex(np.vdot(a, b) / max(float(np.vdot(a, a).real), 1e-9))
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([turn, to_middle - turn @ from_middle])
