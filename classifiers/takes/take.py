"""A take: pictures ten times a second with the faces in them, its sound, and what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from core.errors import BadMedia
from media.hearing import listen
from media.probe import probe
from media.sample import sample
from media.video import HEARD_RATE, Frame

EVERY = 0.1
LONGEST = 45.0
SURE = 0.9
RATE = HEARD_RATE
_SIDE = 480

Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`digits` as a row of six digits, `turns` two of left, right, up, down as the person sees them."""

    digits: str
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a picture: box x0 y0 x1 y1 and points (5, 2): eyes, nose, corners of the mouth, in pixels."""

    box: NDArray[np.float32]
    points: Points

    @property
    def width(self) -> float:
        """In pixels."""
        return float(self.box[2] - self.box[0])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Take:
    """`faces[i]` are those of `frames[i]`, the largest first. `sound` is mono at RATE, empty where there is none."""

    frames: tuple[Frame, ...]
    faces: tuple[tuple[Face, ...], ...]
    sound: NDArray[np.float32]
    asked: Asked

    def main(self) -> list[tuple[int, Face]]:
        """The largest face of each picture that has one, with the picture's number."""
        return [(number, faces[0]) for number, faces in enumerate(self.faces) if faces]


def asked(digits: str, turns: tuple[str, ...]) -> Asked:
    """From the words of a challenge."""
    return Asked(digits="".join(one for one in digits if one.isdigit()), turns=tuple(turns))


def look(path: Path, what: Asked) -> Take:
    """Read a take and find the faces in it. Raises BadMedia, also for one that is longer than 45 s; Unavailable."""
    if probe(path).duration > LONGEST:
        raise BadMedia(f"a take lasts {LONGEST:.0f} s at most")
    taken = sample(path, every=EVERY, max_side=_SIDE)
    heard = listen(path, seconds=LONGEST)
    detector = models.get("mtcnn")
    faces = tuple(_faces(frame, detector.find(frame.rgb)) for frame in taken.frames)
    sound = heard.samples if heard else np.zeros(0, np.float32)
    return Take(frames=taken.frames, faces=faces, sound=sound, asked=what)


def _faces(frame: Frame, found: Sequence[Any]) -> tuple[Face, ...]:
    height, width = frame.rgb.shape[:2]
    sure = [Face(one.box, one.points) for one in found if one.probability >= SURE]
    return tuple(face for face in sure if face.width >= 0.05 * max(height, width))
