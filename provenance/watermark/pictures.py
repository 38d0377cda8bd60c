"""The pictures of a file that show its mark best, and how much each counts.

An encoder spends most on pictures coded by themselves and on the few after them: from there to the next one the mark
fades. At low bitrates most of what is left of it lies there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.container import open_video
from media.frames import frames_at
from media.limits import Limits
from media.luma import luma_of
from media.picture import planes_of
from media.still import is_image
from media.timeline import Timeline, read_timeline
from media.upright import turn_of

Luma = NDArray[np.uint8]

KEY_WEIGHT, NEXT_WEIGHT = 10.0, 4.0
_FADES = 4.0
"""Pictures after which what the next ones count more has fallen to a third."""


def weighed_pictures(path: Path, count: int, limits: Limits) -> Iterator[tuple[Luma, float]]:
    """Up to `count` Y planes (height, width), upright, about evenly spread, with their weights. Raises BadMedia."""
    if is_image(path):
        yield from ((luma, 1.0) for luma in luma_of(path, 1, limits))
        return
    with open_video(path, limits) as (container, video):
        timeline = read_timeline(container, video, limits)
    weights = weights_of(timeline)
    with open_video(path, limits) as (container, video):
        for pts, frame in frames_at(container, video, timeline, chosen(timeline, weights, count)):
            turn = turn_of(frame)
            size = turn.size(frame.width & ~1, frame.height & ~1)
            at = min(int(np.searchsorted(timeline.pts, pts)), len(weights) - 1)
            yield np.ascontiguousarray(planes_of(frame, turn, size)[0]), float(weights[at])


def weights_of(timeline: Timeline) -> NDArray[np.float64]:
    """Of each picture in the order shown; all alike where each is coded by itself."""
    places = np.searchsorted(timeline.pts, timeline.keys)
    every = np.arange(len(timeline.pts))
    last = np.searchsorted(places, every, side="right") - 1
    since = np.where(last >= 0, every - places[np.maximum(last, 0)], len(every)) if len(places) else every + len(every)
    return np.where(since == 0, KEY_WEIGHT, 1.0 + NEXT_WEIGHT * np.exp(-since / _FADES))


def chosen(timeline: Timeline, weights: NDArray[np.float64], count: int) -> list[int]:
    """The pts of `count` pictures: the video cut into so many stretches, the best of each."""
    edges = np.unique(np.linspace(0, len(weights), min(count, len(weights)) + 1).astype(int))
    best = [a + int(weights[a:b].argmax()) for a, b in pairwise(edges)]
    return [int(timeline.pts[place]) for place in best]
