"""Looks at a video before it is marked: pictures spread over it, and two pieces of it whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.container import open_video
from media.frames import frames_at, spread
from media.limits import Limits
from media.picture import planes_of, published_size, refuse_unpublishable
from media.still import is_image
from media.timeline import Timeline, read_timeline
from media.transcode import Encoding
from media.upright import turn_of
from provenance.watermark.plan import Survey

Luma = NDArray[np.uint8]

_SPREAD, _PIECES, _PIECE = 12, 4, 8
_USUAL_PIXELS = 1280 * 720


def survey(src: Path, encoding: Encoding, limits: Limits) -> Survey:
    """Of the pictures as they will be published. Large ones are fewer. Raises BadMedia. For limited processes."""
    with open_video(src, limits) as (container, video):
        timeline = read_timeline(container, video, limits)
        context = video.codec_context
        share = min(1.0, _USUAL_PIXELS / max(1, context.width * context.height))
    pieces = _pieces(timeline, max(1, round(_PIECES * share)))
    wide = spread(timeline, count=max(8, round(_SPREAD * share)))
    taken = dict(
        _pictures(src, timeline, sorted({*wide, *(pts for piece in pieces for pts in piece)}), encoding, limits)
    )
    pictures = len(timeline.pts)
    return Survey(
        spread=[taken[pts] for pts in wide if pts in taken],
        pieces=[[taken[pts] for pts in piece if pts in taken] for piece in pieces],
        total=pictures,
        rate=pictures / timeline.duration if timeline.duration > 0 else 25.0,
    )


def duration_of(path: Path, limits: Limits) -> float:
    """Seconds; 0 for an image."""
    if is_image(path):
        return 0.0
    with open_video(path, limits) as (container, video):
        return read_timeline(container, video, limits).duration


def _pieces(timeline: Timeline, count: int) -> list[list[int]]:
    """Of so many equal parts of the video the middle pictures, consecutive: what differs in them averages out."""
    total = len(timeline.pts)
    if total <= _PIECE * count:
        return [[int(pts) for pts in timeline.pts]]
    starts = [round((total - _PIECE) * (2 * at + 1) / (2 * count)) for at in range(count)]
    return [[int(pts) for pts in timeline.pts[start : start + _PIECE]] for start in starts]


def _pictures(
    src: Path, timeline: Timeline, wanted: list[int], encoding: Encoding, limits: Limits
) -> Iterator[tuple[int, Luma]]:
    with open_video(src, limits) as (container, video):
        for pts, frame in frames_at(container, video, timeline, wanted):
            refuse_unpublishable(frame)
            turn = turn_of(frame)
            size = published_size(frame, turn, encoding.height)
            yield pts, np.array(planes_of(frame, turn, size, scale=encoding.height is not None)[0])
