"""The pictures of a file that show its mark best, and how much each counts.

An encoder spends most on pictures coded by themselves and on the few after them: from there to the next one the mark
fades. At low bitrates most of what is left of it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.arrays import LumaPlane
from media.container import open_video
from media.frame_index import FrameIndex, read_frame_index
from media.luma import sample_luma
from media.orientation import orientation_of
from media.pixel_format import yuv_planes
from media.sandbox.file_structure import check_decoding_cost
from media.sandbox.limits import InputLimits
from media.still_image import is_image
from media.video_decode import frames_at, frames_to_decode

KEYFRAME_WEIGHT = 10.0  # weight of a keyframe over that of an ordinary picture
AFTER_KEYFRAME_WEIGHT = 4.0  # the same for the picture after a keyframe
_DECAY_FRAMES = 4.0
"""Pictures after which what the next ones count more has fallen to a third."""


def weighted_frames(path: Path, count: int, limits: InputLimits) -> Iterator[tuple[LumaPlane, float]]:
    """Up to `count` Y planes (height, width), upright, about evenly spread, with their weights. Raises BadMedia."""
    if is_image(path):
        yield from ((luma, 1.0) for luma in sample_luma(path, 1, limits))
        return
    with open_video(path, limits) as (container, video):
        timeline = read_frame_index(container, video, limits)
    weights = frame_weights(timeline)
    chosen = select_frames(timeline, weights, count)
    with open_video(path, limits) as (container, video):
        size = video.codec_context.width, video.codec_context.height
        check_decoding_cost(frames_to_decode(timeline, chosen), *size, limits)
        for pts, frame in frames_at(container, video, timeline, chosen):
            turn = orientation_of(frame)
            size = turn.size(frame.width & ~1, frame.height & ~1)
            index = min(int(np.searchsorted(timeline.pts, pts)), len(weights) - 1)
            yield np.ascontiguousarray(yuv_planes(frame, turn, size)[0]), float(weights[index])


def frame_weights(timeline: FrameIndex) -> NDArray[np.float64]:
    """Of each picture in the order shown; all alike where each is coded by itself."""
    places = np.searchsorted(timeline.pts, timeline.keyframes)
    every = np.arange(len(timeline.pts))
    last = np.searchsorted(places, every, side="right") - 1
    since = np.where(last >= 0, every - places[np.maximum(last, 0)], len(every)) if len(places) else every + len(every)
    return np.where(since == 0, KEYFRAME_WEIGHT, 1.0 + AFTER_KEYFRAME_WEIGHT * np.exp(-since / _DECAY_FRAMES))


def select_frames(timeline: FrameIndex, weights: NDArray[np.float64], count: int) -> list[int]:
    """The pts of `count` pictures: the video cut into so many stretches, the best of each."""
    edges = np.unique(np.linspace(0, len(weights), min(count, len(weights)) + 1).astype(int))
    best = [a + int(weights[a:b].argmax()) for a, b in pairwise(edges)]
    return [int(timeline.pts[place]) for place in best]
