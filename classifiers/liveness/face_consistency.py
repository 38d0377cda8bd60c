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

_EMBEDDED_FACES = 8  # faces of a capture that are embedded
_STRAIGHT = 0.35  # of half the distance between the eyes: faces turned further are not compared
_SAME = 0.682
_OTHER = 1.163
"""Up to the first it is one person, from the second certainly two. The unit is the distance below which one stranger in
1,000 is: with the bundled nets they are 0.69 and 1.18.
Measured by evals/likeness/enrolment_thresholds.py: within a take 99 % are below the first, and of two people 99 %
above the second."""
_MAX_MISSING_SHARE = 0.3  # of the pictures, without a face


def other_face(take: LivenessCapture) -> float | None:
    """The share of pictures with a second face at least half as wide, tenfold: in a tenth of them it is certain."""
    frames_with_faces = [faces for faces in take.faces if faces]
    if not frames_with_faces:
        return None
    two = sum(len(faces) > 1 and faces[1].width >= 0.5 * faces[0].width for faces in frames_with_faces)
    return min(1.0, 10.0 * max(0, two - 1) / len(frames_with_faces))


def face_changed(take: LivenessCapture, models: Models) -> float | None:
    """From the distance between the faces: 0.0 up to _SAME, 1.0 from _OTHER.

    A face that is often missing may be another when
    it comes back, and counts at least a half."""
    described = [vector for _, vector in _described(take, models)]
    if len(described) < 3:
        return None
    stacked = np.stack(described).astype(np.float64)
    middle = np.median(stacked, axis=0)
    apart = float(np.linalg.norm(stacked - middle, axis=1).max())
    ends = float(np.linalg.norm(stacked[0] - stacked[-1]))
    missing_share = sum(not faces for faces in take.faces) / len(take.faces)
    relative_distance = max(apart, ends) / distance_threshold(face_calibration(models.options).scale, 1e-3)
    score = float(np.clip((relative_distance - _SAME) / (_OTHER - _SAME), 0.0, 1.0))
    return max(score, 0.5 if missing_share > _MAX_MISSING_SHARE else 0.0)


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
    straight = [item for item, yaw in zip(faces, sideways, strict=True) if abs(yaw) <= _STRAIGHT]
    chosen = (
        [straight[i] for i in np.unique(np.linspace(0, len(straight) - 1, _EMBEDDED_FACES).astype(int))]
        if straight
        else []
    )
    return [(number, _describe(take, number, face, models)) for number, face in chosen]


def _describe(take: LivenessCapture, number: int, face: CapturedFace, models: Models) -> Embedding:
    return embed_face(take.frames[number].rgb, Detected(face.box, face.points, 1.0), models, VIDEO_VIEWS)
