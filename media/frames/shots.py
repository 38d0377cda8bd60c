"""Finds the shots of a video while it is decoded, and keeps pictures of those that were too short to be sampled.

Plain and causal: two very small pictures that follow one another differ more than pictures have differed so far.
What is faded or wiped over is one shot with what comes before. A flash counts as a shot, and so does a cut to black.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media.arrays import RgbImage
from media.video_decode import to_rgb

PICTURES_A_SHOT = 2
"""Of a shot that has as many: one alone may be an accident, and classifiers believe what two show."""

# Mean differences of levels of 255, between thumbnails; measured by evals.footage.shot_recall.
_LEAST = 12.0  # below it nothing is a cut
_TIMES_USUAL = 3.0  # as much as pictures differed lately
_LATELY = 8  # pictures
_STILL = 1.0  # by so much pictures differ at the least: else a still would be cut by its noise
_LARGE, _OTHER_COLOURS = 40.0, 0.2  # a difference that is a cut in fast motion too, where the colours change so much
_LEVELS = 16  # of each channel, in histograms
_SETTLED = 2  # pictures after a cut that still show what was before, as codecs have it


class ShotFinder:
    """Is shown the thumbnails of a video one after another, and says with which a new shot begins."""

    def __init__(self) -> None:
        self._last: NDArray[np.int16] | None = None
        self._differences: deque[float] = deque(maxlen=_LATELY)

    def begins_with(self, thumbnail: RgbImage) -> bool:
        """Whether this is the first picture of a shot; the first of a video is none."""
        now, last = thumbnail.astype(np.int16), self._last
        self._last = now
        if last is None:
            return False
        difference = float(np.abs(now - last).mean())
        stands_out = difference >= max(_LEAST, _TIMES_USUAL * self._usual())
        self._differences.append(difference)
        return stands_out or (difference >= _LARGE and _colours_apart(now, last) >= _OTHER_COLOURS)

    def _usual(self) -> float:
        """By how much pictures differ here; where something begins to move, that is how much they did last."""
        if not self._differences:
            return math.inf
        return max(_STILL, self._differences[-1], float(np.median(self._differences)))


@dataclass(slots=True, eq=False)
class _Shot:
    """The shot that is being decoded: the moments that were sampled of it, and pictures that may be."""

    sampled: list[float] = field(default_factory=list)
    pictures: int = 0
    start: float = 0.0
    early: tuple[float, VideoFrame] | None = None
    last: tuple[float, VideoFrame] | None = None

    def lacking(self) -> list[tuple[float, VideoFrame]]:
        """The pictures that are still to be taken of it, the one that is farthest from what was sampled first."""
        there = {one[0]: one for one in (self.early, self.last) if one is not None}
        left = [one for at, one in there.items() if at not in self.sampled]
        left.sort(key=lambda one: -min((abs(one[0] - at) for at in self.sampled), default=0.0))
        return left[: max(0, min(PICTURES_A_SHOT, self.pictures) - len(self.sampled))]


class ShotSampler:
    """Is shown every picture of a video, and takes some of those shots of which too few were sampled.

    At most `most` pictures are kept, of the longest of those shots; `size` is as for to_rgb.
    """

    def __init__(self, size: tuple[int, int], most: int) -> None:
        self._size, self._most = size, most
        self._finder = ShotFinder()
        self._shot = _Shot()
        self._taken: list[tuple[float, list[tuple[float, RgbImage]]]] = []
        self.cuts: list[float] = []

    def show(self, at: float, frame: VideoFrame, thumbnail: RgbImage, *, sampled: bool) -> None:
        """The next picture; `sampled` where it is taken in any case."""
        if self._finder.begins_with(thumbnail):
            self._end(at)
            self.cuts.append(at)
            self._shot = _Shot(start=at)
        shot = self._shot
        shot.pictures += 1
        if sampled:
            shot.sampled.append(at)
        if shot.early is None or shot.pictures == _SETTLED + 1:
            shot.early = at, frame
        shot.last = at, frame

    def pictures(self, end: float) -> Sequence[tuple[float, RgbImage]]:
        """What was taken, once all of the video was shown, which ends then."""
        self._end(end)
        self._shot = _Shot(start=end)
        return sorted((one for _, several in self._taken for one in several), key=lambda one: one[0])

    def _end(self, at: float) -> None:
        """Take pictures of the shot that ended, unless all that are kept are of longer ones."""
        lasted, lacking = at - self._shot.start, self._shot.lacking()
        kept = sum(len(several) for _, several in self._taken)
        while kept + len(lacking) > self._most:
            shortest = min(self._taken, key=lambda one: one[0], default=None)
            if not lacking or shortest is None or shortest[0] >= lasted:
                return
            self._taken.remove(shortest)
            kept -= len(shortest[1])
        if lacking:
            self._taken.append((lasted, [(when, to_rgb(frame, self._size)) for when, frame in lacking]))


def _colours_apart(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    """The share of levels that two pictures have apart, from 0 to 1, on a histogram of each channel."""
    shares = []
    for channel in range(3):
        first, second = (
            np.bincount(picture[..., channel].ravel() * _LEVELS // 256, minlength=_LEVELS) for picture in (one, other)
        )
        shares.append(np.abs(first - second).sum() / (2 * one[..., 0].size))
    return float(np.mean(shares))
