"""Who is seen: one face, alone, and the same one throughout."""

from __future__ import annotations

import numpy as np

from classifiers.image.face_backend import embed_face, face_calibration
from classifiers.image.face_template import VIDEO_VIEWS
from classifiers.liveness.capture import CapturedFace, LivenessCapture
from classifiers.liveness.head_pose import head_yaw
from classifiers.match_calibration import distance_threshold
from classifiers.models import Models
from classifiers.models.mtcnn import DetectedFace as Detected
from media.arrays import Embedding

_DESCRIBED = 8
_STRAIGHT = 0.35
_SAME, _OTHER = 0.775, 1.22
"""One person, certainly two: in distances below which one stranger in 1,000 lies, 0.33 and 0.52 of the
installation's nets.
Measured by evals/likeness/enrolment_thresholds.py: within a take 99 % lie below the first, and of two people 99 %
above the second."""
_MISSED = 0.3  # of the pictures, without a face


def other_face(take: LivenessCapture) -> float | None:
    """The share of pictures with a second face at least half as wide, tenfold: in a tenth of them it is certain."""
    seen = [faces for faces in take.faces if faces]
    if not seen:
        return None
    two = sum(len(faces) > 1 and faces[1].width >= 0.5 * faces[0].width for faces in seen)
    return min(1.0, 10.0 * max(0, two - 1) / len(seen))


def face_changed(take: LivenessCapture, models: Models) -> float | None:
    """From how far the faces lie apart: 0.0 up to _SAME, 1.0 from _OTHER. A face that is often away may be another when
    it comes back, and counts at least a half."""
    described = [vector for _, vector in _described(take, models)]
    if len(described) < 3:
        return None
    stacked = np.stack(described).astype(np.float64)
    middle = np.median(stacked, axis=0)
    apart = float(np.linalg.norm(stacked - middle, axis=1).max())
    ends = float(np.linalg.norm(stacked[0] - stacked[-1]))
    away = sum(not faces for faces in take.faces) / len(take.faces)
    far = max(apart, ends) / distance_threshold(face_calibration(models.options).scale, 1e-3)
    score = float(np.clip((far - _SAME) / (_OTHER - _SAME), 0.0, 1.0))
    return max(score, 0.5 if away > _MISSED else 0.0)


def capture_face_template(take: LivenessCapture, models: Models) -> Embedding | None:
    """The template: the mean of the descriptors of the straightest, largest faces; None where there are none."""
    described = [vector for _, vector in _described(take, models)]
    return np.mean(np.stack(described), axis=0).astype(np.float32) if len(described) >= 3 else None


def _described(take: LivenessCapture, models: Models) -> list[tuple[int, Embedding]]:
    """Descriptors of straight faces, spread over the whole take."""
    faces = take.main_faces()
    if not faces:
        return []
    sideways = head_yaw(np.stack([face.points for _, face in faces]))
    straight = [one for one, turned in zip(faces, sideways, strict=True) if abs(turned) <= _STRAIGHT]
    chosen = (
        [straight[i] for i in np.unique(np.linspace(0, len(straight) - 1, _DESCRIBED).astype(int))] if straight else []
    )
    return [(number, _describe(take, number, face, models)) for number, face in chosen]


def _describe(take: LivenessCapture, number: int, face: CapturedFace, models: Models) -> Embedding:
    return embed_face(take.frames[number].rgb, Detected(face.box, face.points, 1.0), models, VIDEO_VIEWS)
