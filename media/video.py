"""What is known of a video file, and frames taken from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.sound.loudness import LoudnessCurve


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What a container says and a decoder confirmed. Duration in seconds; `sample_rate` 0 without sound."""

    container: str
    codec: str
    duration: float
    width: int
    height: int
    fps: float
    frames: int
    has_audio: bool
    sample_rate: int = 0


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Frame:
    """One decoded picture: `rgb` is (height, width, 3) uint8, upright; `at` is seconds from the start."""

    at: float
    rgb: NDArray[np.uint8]


THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 64, 36  # pixels, whatever the shape of the video: parts of its area, not of space


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnails:
    """Every picture of a video, one after another and very small, for what only shows over time.

    `rgb` is (n, 36, 64, 3) uint8, `at` (n,) seconds from the start. `complete` is false where later ones are left out.
    """

    at: NDArray[np.float64]
    rgb: NDArray[np.uint8]
    complete: bool = True


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class MonoAudio:
    """A sound track as it is listened to: `samples` is (n,) float32, mono, MONO_SAMPLE_RATE a second, full scale at 1.

    `complete` is false where the track goes on after what was listened to. `loudness` is of all its channels, at their
    own level; None where it was not asked for.
    """

    samples: NDArray[np.float32]
    complete: bool = True
    loudness: LoudnessCurve | None = None


MONO_SAMPLE_RATE = 16_000  # Hz: what speech models expect


@dataclass(frozen=True, slots=True, eq=False)
class VideoSample:
    """Frames evenly spread over a video, the first and the last included.

    Where thumbnails were asked for, there are also frames of shots that were too short for that, and `cuts` are the
    seconds at which shots begin, but the first. `audio` is None where sound was not decoded, or there is none
    (`info.has_audio`), `thumbnails` where they were not asked for.
    """

    info: VideoInfo
    frames: tuple[Frame, ...]
    audio: MonoAudio | None = None
    thumbnails: Thumbnails | None = None
    cuts: tuple[float, ...] = ()
