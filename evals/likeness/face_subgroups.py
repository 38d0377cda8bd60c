"""Groups of photographs by what can be measured of them. None of it is known of the people: all are guesses."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from classifiers.image.face_alignment import align_face
from classifiers.image.face_quality import yaw_ratio
from classifiers.image.photo_face_detection import UprightFace


def face_subgroups(detection: UprightFace, heads: Path | None) -> dict[str, str]:
    """Size, pose and lightness of the face; with `heads` also the age and gender that a net guesses."""
    face = detection.face
    side = min(face.box[2] - face.box[0], face.box[3] - face.box[1])
    upright = align_face(detection.rgb, face.points, size=112, eye_distance=35.2, eye_offset=51.6)
    cheeks = cv2.cvtColor(upright[60:90, 30:82], cv2.COLOR_RGB2LAB)[:, :, 0]
    groups = {
        "size": "under 64 px" if side < 64 else "64 px and more",
        "pose": "half profile" if yaw_ratio(face.points) > 0.4 else "frontal",
        "lightness of the cheeks": ("dark", "middle", "light")[int(np.digitize(float(np.median(cheeks)), (100, 150)))],
    }
    return groups | (_guessed_age_and_gender(detection, heads) if heads else {})


def _guessed_age_and_gender(detection: UprightFace, heads: Path) -> dict[str, str]:
    view = align_face(detection.rgb, detection.face.points, size=224, eye_distance=63.4, eye_offset=84).astype(
        np.float32
    )[None]
    ages, man = _session(heads).run(["age_pred/Softmax", "gender_pred/Sigmoid"], {"input_1": view})
    age = float(ages[0] @ np.arange(1, 101))
    return {
        "guessed gender": "man" if man[0, 0] > 0.5 else "woman",
        "guessed age": "under 30" if age < 30 else "30 to 50" if age < 50 else "over 50",
    }


@cache
def _session(heads: Path) -> Any:
    from classifiers.models.onnx_net import onnx_session

    return onnx_session(heads)
