"""Does the mouth move with the sound? It moves more while there is speech than in the pauses, or it does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.liveness.capture import FRAME_INTERVAL, SAMPLE_RATE, LivenessCapture
from classifiers.liveness.face_patches import CHEEKS, MOUTH, aligned_patch
from classifiers.liveness.head_pose import head_yaw

_MIN_FRAMES = 6  # pictures with speech, and without: below, nothing can be said
_MAX_YAW = 0.3  # of half the distance between the eyes; while the head turns, everything moves


def mouth_still(take: LivenessCapture) -> float | None:
    """From P(the mouth moves more in a moment of speech than in one of silence): 1.0 at a half, 0.0 from 0.7."""
    moves, speaks = mouth_motion(take)
    loud, quiet = moves[speaks], moves[~speaks]
    if len(loud) < _MIN_FRAMES or len(quiet) < _MIN_FRAMES:
        return None
    louder_share = float((loud[:, None] > quiet[None, :]).mean())
    return float(np.clip((0.7 - louder_share) / 0.2, 0.0, 1.0))


def mouth_motion(take: LivenessCapture) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """For each pair of neighbouring pictures with a face held straight: how the mouth moves beyond the rest of the
    face, and whether there is speech then."""
    faces = take.main_faces()
    if len(faces) < 2:
        return np.zeros(0), np.zeros(0, bool)
    yaw = np.abs(head_yaw(np.stack([face.points for _, face in faces])))
    speech = speech_activity(take.sound)
    moves, speaks = [], []
    patches = [aligned_patch(take.frames[number].rgb, face) for number, face in faces]
    for i in range(1, len(faces)):
        if faces[i][0] != faces[i - 1][0] + 1 or max(yaw[i], yaw[i - 1]) > _MAX_YAW:
            continue
        change = np.abs(patches[i] - patches[i - 1])
        moves.append(float(change[MOUTH].mean() - change[CHEEKS].mean()))
        frame_index = int(take.frames[faces[i][0]].at / FRAME_INTERVAL)
        speaks.append(bool(speech[max(0, frame_index - 1) : frame_index + 1].any()))
    return np.array(moves), np.array(speaks, bool)


def speech_activity(sound: NDArray[np.float32]) -> NDArray[np.bool_]:
    """For each tenth of a second, whether it is loud: above the geometric middle of the quiet and the loud tenths."""
    size = int(SAMPLE_RATE * FRAME_INTERVAL)
    count = len(sound) // size
    if not count:
        return np.zeros(1, bool)
    power = np.sqrt((sound[: count * size].reshape(count, size).astype(np.float64) ** 2).mean(1)) + 1e-5
    low, high = np.percentile(power, [10, 90])
    return np.asarray(power > np.sqrt(low * high)) if high > 3 * low else np.zeros(count, bool)
