"""Did the head turn as asked, and did it turn as a head does? From five points of the face, over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.liveness.capture import LivenessCapture
from media.arrays import Landmarks

_MIN_FACES = 10  # pictures with a face: below, nothing can be said
_FULL_TURN = {"left": 0.45, "right": 0.45, "up": 0.16, "down": 0.16}
"""How far a turn goes: sideways in half distances of the eyes, up and down in heights from eyes to mouth."""
_TURN_BEGINS = 0.5  # of a full turn: below, a head is held still
# How far the nose leaves its place in the plane of eyes and mouth, in eye distances.
_FLAT_OFFSET = 0.05  # a flat picture, score 1
_SOLID_OFFSET = 0.15  # a head, score 0

Series = NDArray[np.float64]


def turns_wrong(take: LivenessCapture) -> float | None:
    """0.0 where the two turns were made fully, in order, and no others; 1.0 where one of them was not made at all."""
    faces = take.main_faces()
    if len(faces) < _MIN_FACES:
        return None
    observed_turns = _turns(np.stack([face.points for _, face in faces]))
    strengths: list[float] = []
    next_index = 0
    for turn in take.challenge.turns:
        index = next(
            (place for place in range(next_index, len(observed_turns)) if observed_turns[place][0] == turn), None
        )
        if index is None:
            return 1.0
        strengths.append(min(1.0, observed_turns[index][1]))
        next_index = index + 1
    extra_turns = len(observed_turns) - len(strengths)  # a film of every turn there is answers every challenge
    return max(1.0 - min(strengths), 0.3 if extra_turns == 1 else 0.6 if extra_turns > 1 else 0.0)


def flat_picture(take: LivenessCapture) -> float | None:
    """1.0 where the nose keeps its place between eyes and mouth, as on a picture held up, however that is tilted."""
    faces = take.main_faces()
    if len(faces) < _MIN_FACES:
        return None
    points = np.stack([face.points for _, face in faces]).astype(np.float64)
    middle = points[len(points) // 2 if len(points) < 3 else _frontal(points)]
    off_plane = float(np.percentile([_off_plane(middle, landmarks) for landmarks in points], 95))
    return float(1.0 - np.clip((off_plane - _FLAT_OFFSET) / (_SOLID_OFFSET - _FLAT_OFFSET), 0.0, 1.0))


def head_yaw(points: Landmarks) -> Series:
    """(n,) how far the nose is to the picture's right of the middle of the eyes, in half distances of the eyes."""
    left, right, nose = points[:, 0], points[:, 1], points[:, 2]
    between = right - left
    length = np.maximum((between * between).sum(1), 1.0)
    return np.asarray(((nose - (left + right) / 2) * between).sum(1) / (length / 2), np.float64)


def head_pitch(points: Landmarks) -> Series:
    """(n,) where the nose is on the way from the eyes (0) to the mouth (1)."""
    eyes, mouth = (points[:, 0] + points[:, 1]) / 2, (points[:, 3] + points[:, 4]) / 2
    down = mouth - eyes
    length = np.maximum((down * down).sum(1), 1.0)
    return np.asarray(((points[:, 2] - eyes) * down).sum(1) / length, np.float64)


def _turns(points: Landmarks) -> list[tuple[str, float]]:
    """Turns in the order in which they were made, with how far each went, a full one being 1."""
    sideways, level = head_yaw(points), head_pitch(points)
    moved = {  # a person's left is the picture's right, unless the camera mirrors
        "left": (sideways - np.median(sideways)) / _FULL_TURN["left"],
        "right": (np.median(sideways) - sideways) / _FULL_TURN["right"],
        "up": (np.median(level) - level) / _FULL_TURN["up"],
        "down": (level - np.median(level)) / _FULL_TURN["down"],
    }
    names = list(moved)
    stacked = np.stack([_smooth(moved[name]) for name in names])
    strongest = stacked.argmax(0)
    turns: list[tuple[str, float]] = []
    before = -1
    for frame in range(stacked.shape[1]):
        strongest_turn = int(strongest[frame]) if stacked[strongest[frame], frame] >= _TURN_BEGINS else -1
        if strongest_turn >= 0 and strongest_turn != before:
            turns.append((names[strongest_turn], 0.0))
        if strongest_turn >= 0:
            turns[-1] = (names[strongest_turn], max(turns[-1][1], float(stacked[strongest_turn, frame])))
        before = strongest_turn
    return _joined(turns)


def _joined(turns: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The same turn twice in a row is one that wavered."""
    kept: list[tuple[str, float]] = []
    for turn, strength in turns:
        if kept and kept[-1][0] == turn:
            kept[-1] = (turn, max(kept[-1][1], strength))
        else:
            kept.append((turn, strength))
    return kept


def _smooth(series: Series) -> Series:
    padded = np.pad(series, 1, mode="edge")
    return np.asarray(np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0))


def _frontal(points: NDArray[np.float64]) -> int:
    return int(np.abs(head_yaw(points.astype(np.float32)) - np.median(head_yaw(points.astype(np.float32)))).argmin())


def _off_plane(middle: NDArray[np.float64], landmarks: NDArray[np.float64]) -> float:
    """How far the nose is from where it would be if the face were flat: eyes and mouth give the motion of the plane."""
    corners = [0, 1, 3, 4]
    ones = np.hstack([middle[corners], np.ones((4, 1))])
    moved, *_ = np.linalg.lstsq(ones, landmarks[corners], rcond=None)
    expected = np.append(middle[2], 1.0) @ moved
    return float(np.linalg.norm(landmarks[2] - expected)) / max(1.0, float(np.linalg.norm(landmarks[1] - landmarks[0])))
