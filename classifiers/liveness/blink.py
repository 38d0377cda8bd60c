"""Was there a blink? For a moment both eyes lose their contrast, while the rest of the face does not change.

A weak witness: pictures every tenth of a second miss short blinks, and glasses hide them. Policy only holds for it.
"""

from __future__ import annotations

import numpy as np

from classifiers.liveness.capture import LivenessCapture
from classifiers.liveness.face_patches import EYES, aligned_patch
from classifiers.liveness.head_pose import head_yaw

_MIN_FACES = 20  # pictures with a face: two seconds; below, nothing can be said
_DROP = 0.35  # of the eyes' usual contrast
_MAX_YAW = 0.3  # of half the distance between the eyes: further turned, eyes are not seen well enough


def no_blink(take: LivenessCapture) -> float | None:
    """1.0 where the eyes never lose contrast for up to half a second; 0.0 where they lose a third of it and more."""
    faces = take.main_faces()
    if len(faces) < _MIN_FACES:
        return None
    sideways = head_yaw(np.stack([face.points for _, face in faces]))
    straight = np.abs(sideways - np.median(sideways)) < _MAX_YAW
    straight_faces = [face for face, kept in zip(faces, straight, strict=True) if kept]
    if len(straight_faces) < _MIN_FACES:
        return None
    contrast = np.array([aligned_patch(take.frames[number].rgb, face)[EYES].std() for number, face in straight_faces])
    around = np.array([np.median(contrast[max(0, i - 7) : i + 8]) for i in range(len(contrast))])
    drops = 1.0 - contrast / np.maximum(around, 1e-6)
    short = [drops[i] for i in range(2, len(drops) - 2) if min(drops[i - 2], drops[i + 2]) < drops[i] / 2]
    deepest = max(short, default=0.0)
    return float(1.0 - np.clip(deepest / _DROP, 0.0, 1.0))
