"""A take: pictures ten times a second with the faces in them, its sound, and what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models import Models
from classifiers.models.mtcnn import DetectedFace
from core.errors import BadMedia
from media.arrays import Landmarks
from media.audio_decode import decode_mono_audio
from media.probe import probe
from media.sampling import sample_video
from media.video import MONO_SAMPLE_RATE, Frame

FRAME_INTERVAL = 0.1  # seconds from one sampled picture to the next
MAX_CAPTURE_SECONDS = 45.0  # seconds; a challenge takes less than half of it
MIN_FACE_PROBABILITY = 0.9  # P(face) of the detector from which a face counts
SAMPLE_RATE = MONO_SAMPLE_RATE
_MAX_SIDE = 480  # pixels of the longer side of sampled pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class LivenessChallenge:
    """`digits` as a row of six digits, `turns` two of left, right, up, down as the person sees them."""

    digits: str
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CapturedFace:
    """A face in a picture: box x0 y0 x1 y1 and points (5, 2): eyes, nose, corners of the mouth, in pixels."""

    box: NDArray[np.float32]
    points: Landmarks

    @property
    def width(self) -> float:
        """In pixels."""
        return float(self.box[2] - self.box[0])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LivenessCapture:
    """`faces[i]` are those of `frames[i]`, the largest first. `sound` is mono at SAMPLE_RATE, empty where there is
    none.
    """

    frames: tuple[Frame, ...]
    faces: tuple[tuple[CapturedFace, ...], ...]
    sound: NDArray[np.float32]
    challenge: LivenessChallenge

    def main_faces(self) -> list[tuple[int, CapturedFace]]:
        """The largest face of each picture that has one, with the picture's number."""
        return [(number, faces[0]) for number, faces in enumerate(self.faces) if faces]


def parse_challenge(digits: str, turns: tuple[str, ...]) -> LivenessChallenge:
    """From the words of a challenge."""
    return LivenessChallenge(
        digits="".join(character for character in digits if character.isdigit()), turns=tuple(turns)
    )


def load_capture(path: Path, challenge: LivenessChallenge, models: Models) -> LivenessCapture:
    """Read a take and find the faces in it. Raises BadMedia, also for one that is longer than 45 s; Unavailable."""
    if probe(path).duration > MAX_CAPTURE_SECONDS:
        raise BadMedia(f"a take lasts {MAX_CAPTURE_SECONDS:.0f} s at most")
    sampled = sample_video(path, every=FRAME_INTERVAL, max_side=_MAX_SIDE)
    decoded = decode_mono_audio(path, seconds=MAX_CAPTURE_SECONDS)
    detector = models.get("mtcnn")
    faces = tuple(_faces(frame, detector.find(frame.rgb)) for frame in sampled.frames)
    sound = decoded.samples if decoded else np.zeros(0, np.float32)
    return LivenessCapture(frames=sampled.frames, faces=faces, sound=sound, challenge=challenge)


def _faces(frame: Frame, found: Sequence[DetectedFace]) -> tuple[CapturedFace, ...]:
    height, width = frame.rgb.shape[:2]
    sure = [CapturedFace(one.box, one.points) for one in found if one.probability >= MIN_FACE_PROBABILITY]
    return tuple(face for face in sure if face.width >= 0.05 * max(height, width))
