"""Looks at a video before it is marked: pictures spread over it, and two pieces of it whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from media.arrays import LumaPlane
from media.container import open_video
from media.frame_index import FrameIndex, read_frame_index
from media.orientation import orientation_of
from media.pixel_format import check_publishable, published_size, yuv_planes
from media.sandbox.limits import InputLimits
from media.still_image import is_image
from media.transcode import Encoding
from media.video_decode import evenly_spaced_pts, frames_at
from provenance.watermark.video.strength_control import VideoAnalysis

_SAMPLED_FRAMES = 12  # pictures of a video that are looked at
_EXCERPTS = 4  # excerpts on which strengths are tried
_EXCERPT_FRAMES = 8  # pictures of each
_FULL_SAMPLING_PIXELS = 1280 * 720  # pixels of a picture above which fewer are sampled


def analyse_video(src: Path, encoding: Encoding, limits: InputLimits) -> VideoAnalysis:
    """Of the pictures as they will be published. Large ones are fewer. Raises BadMedia. For use inside the sandbox."""
    with open_video(src, limits) as (container, video):
        timeline = read_frame_index(container, video, limits)
        context = video.codec_context
        share = min(1.0, _FULL_SAMPLING_PIXELS / max(1, context.width * context.height))
    pieces = _excerpt_timestamps(timeline, max(1, round(_EXCERPTS * share)))
    wide = evenly_spaced_pts(timeline, count=max(8, round(_SAMPLED_FRAMES * share)))
    frames = dict(
        _decode_frames(src, timeline, sorted({*wide, *(pts for piece in pieces for pts in piece)}), encoding, limits)
    )
    pictures = len(timeline.pts)
    return VideoAnalysis(
        sampled_frames=[frames[pts] for pts in wide if pts in frames],
        excerpts=[[frames[pts] for pts in piece if pts in frames] for piece in pieces],
        frame_count=pictures,
        rate=pictures / timeline.duration if timeline.duration > 0 else 25.0,
    )


def video_duration(path: Path, limits: InputLimits) -> float:
    """Seconds; 0 for an image."""
    if is_image(path):
        return 0.0
    with open_video(path, limits) as (container, video):
        return read_frame_index(container, video, limits).duration


def _excerpt_timestamps(timeline: FrameIndex, count: int) -> list[list[int]]:
    """Of so many equal parts of the video the middle pictures, consecutive: what differs in them averages out."""
    total = len(timeline.pts)
    if total <= _EXCERPT_FRAMES * count:
        return [[int(pts) for pts in timeline.pts]]
    starts = [round((total - _EXCERPT_FRAMES) * (2 * at + 1) / (2 * count)) for at in range(count)]
    return [[int(pts) for pts in timeline.pts[start : start + _EXCERPT_FRAMES]] for start in starts]


def _decode_frames(
    src: Path, timeline: FrameIndex, target_pts: list[int], encoding: Encoding, limits: InputLimits
) -> Iterator[tuple[int, LumaPlane]]:
    with open_video(src, limits) as (container, video):
        for pts, frame in frames_at(container, video, timeline, target_pts):
            check_publishable(frame)
            turn = orientation_of(frame)
            size = published_size(frame, turn, encoding.height)
            yield pts, np.array(yuv_planes(frame, turn, size, scale=encoding.height is not None)[0])
