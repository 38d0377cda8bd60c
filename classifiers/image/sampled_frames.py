"""What every frame classifier does to frames: take them from the material, shrink them, name their place."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.signals import Span
from media.video import Frame, VideoInfo, VideoSample

WORTH_REPORTING = 0.3  # score below which only the highest is reported
MAX_STRETCHES = 8  # of one label in one video
_NEIGHBOUR_SECONDS = 1.0  # seconds: further apart, two frames are not of one moment
_SURE = 0.9  # score that needs no second frame: what is shown for a moment is shown too


def require_sample(material: object) -> VideoSample:
    """The material as frames. Raises TypeError for a text."""
    if not isinstance(material, VideoSample):
        raise TypeError("this classifier looks at frames")
    return material


def downscale(rgb: NDArray[np.uint8], max_side: int) -> NDArray[np.uint8]:
    """The picture with its long side at most `max_side`. Never enlarged; never less than a pixel."""
    height, width = rgb.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(rgb)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def downscaled_frames(sample: VideoSample, max_side: int) -> list[NDArray[np.uint8]]:
    """All frames, shrunk."""
    return [downscale(frame.rgb, max_side) for frame in sample.frames]


def spread_frames(sample: VideoSample, count: int) -> VideoSample:
    """The sample with at most so many of its frames, evenly spread, the first and the last among them."""
    if len(sample.frames) <= count:
        return sample
    places = np.unique(np.linspace(0, len(sample.frames) - 1, count).round().astype(int))
    return replace(sample, frames=tuple(sample.frames[place] for place in places))


def frame_span(sample: VideoSample, index: int) -> Span:
    """From this frame to the next, or to the end."""
    start = sample.frames[index].at
    following = sample.frames[index + 1].at if index + 1 < len(sample.frames) else sample.info.duration
    return Span(start=round(start, 3), end=round(max(start, following), 3))


def peak_score(sample: VideoSample, scores: NDArray[np.float32]) -> tuple[float, Span]:
    """The highest of one score a frame, and that frame's span."""
    place = int(np.argmax(scores))  # a NaN wins, and is refused when the signal is made
    return float(scores[place]), frame_span(sample, place)


def persistent_score(sample: VideoSample, scores: NDArray[np.float32]) -> tuple[float, Span]:
    """The highest of persistent_scores, and that frame's span."""
    return peak_score(sample, persistent_scores(sample, scores))


def persistent_scores(sample: VideoSample, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """One score a frame, as high as a neighbouring frame shares it.

    A single frame over a threshold is not a scene: each counts as high as the higher of its neighbours does. Alone
    count a frame that is sure, one that has no neighbour within a second, and a single picture.
    """
    at = np.array([frame.at for frame in sample.frames])
    padded = np.concatenate(([-np.inf], np.where(np.diff(at) <= _NEIGHBOUR_SECONDS, 0.0, -np.inf), [-np.inf]))
    around = np.concatenate(([0.0], scores, [0.0]))
    beside = np.maximum(around[:-2] + padded[:-1], around[2:] + padded[1:])
    alone = np.isneginf(beside) | (scores >= _SURE)
    return np.where(alone, scores, np.minimum(scores, beside)).astype(np.float32)


def scored_spans(sample: VideoSample, scores: NDArray[np.float32]) -> list[tuple[float, Span]]:
    """Each stretch that is worth reporting, and last the highest of one score a frame with that frame's span.

    A stretch is frame after frame of WORTH_REPORTING or more: its highest score, from when to when. At most
    MAX_STRETCHES, those that score highest. Rules about what happens together or in which order need them all.
    """
    peak = peak_score(sample, scores)
    above = np.concatenate(([False], np.asarray(scores) >= WORTH_REPORTING, [False]))
    begins, ends = np.flatnonzero(above[1:] & ~above[:-1]), np.flatnonzero(above[:-1] & ~above[1:])
    found = [
        (float(scores[i:j].max()), Span(start=frame_span(sample, i).start, end=frame_span(sample, j - 1).end))
        for i, j in zip(begins.tolist(), ends.tolist(), strict=True)
    ]
    ranked = sorted(found, key=lambda one: (-one[0], one[1].start))[:MAX_STRETCHES]
    return [*(one for one in reversed(ranked) if one[1] != peak[1]), peak]


def flat_image(level: int, size: tuple[int, int] = (180, 320)) -> NDArray[np.uint8]:
    """A picture of one grey, for examples."""
    return np.full((*size, 3), level, dtype=np.uint8)


def sample_of_images(*pictures: NDArray[np.uint8]) -> VideoSample:
    """A sample of these pictures, a second apart, for examples and for single pictures."""
    height, width = pictures[0].shape[:2]
    count = len(pictures)
    info = VideoInfo(
        container="none",
        codec="raw",
        duration=float(count),
        width=width,
        height=height,
        fps=1.0,
        frames=count,
        has_audio=False,
    )
    return VideoSample(info=info, frames=tuple(Frame(at=float(n), rgb=rgb) for n, rgb in enumerate(pictures)))
