"""Decodes chosen pictures of a video, and no more than necessary. For use inside the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.errors import BadMedia
from media.frame_index import FrameIndex
from media.orientation import orientation_of
from media.presentation_clock import PresentationClock

_MIN_FRAMES_TO_SEEK = 48  # frames skipped from which seeking is faster than decoding
_RGB_709 = 1  # libswscale: SWS_CS_ITU709
_RGB_601 = 5  # libswscale: SWS_CS_ITU601
_UNSPECIFIED = 2  # FFmpeg: AVCOL_SPC_UNSPECIFIED


def evenly_spaced_pts(
    timeline: FrameIndex,
    *,
    count: int | None = None,
    every: float | None = None,
    min_count: int = 1,
    max_count: int | None = None,
) -> list[int]:
    """The pts of evenly spread pictures, at most so many, ascending, the video's first and last included."""
    number = count if count is not None else max(int(timeline.duration / (every or 1.0)) + 1, min_count)
    number = number if max_count is None else min(number, max_count)
    return _nearest_pts(timeline, np.linspace(timeline.pts[0], timeline.pts[-1], max(number, 1)))


def pts_at(timeline: FrameIndex, moments: Sequence[float]) -> list[int]:
    """The pts of the pictures nearest to these seconds, ascending, each once."""
    return _nearest_pts(timeline, timeline.pts[0] + np.array(moments, np.float64) / float(timeline.time_base))


def _nearest_pts(timeline: FrameIndex, ideal: NDArray[np.float64]) -> list[int]:
    places = np.clip(np.searchsorted(timeline.pts, ideal), 1, max(len(timeline.pts) - 1, 1))
    if len(timeline.pts) == 1:
        return [int(timeline.pts[0])]
    before, after = timeline.pts[places - 1], timeline.pts[places]
    nearest = np.where(ideal - before < after - ideal, before, after)
    return [int(pts) for pts in np.unique(nearest)]


def fit_size(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """The size in which the longer side is at most `max_side`, the proportions kept."""
    if max_side is None or max(width, height) <= max_side:
        return width, height
    scale = max_side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def frames_at(
    container: InputContainer, video: VideoStream, timeline: FrameIndex, target_pts: list[int]
) -> Iterator[tuple[int, VideoFrame]]:
    """Decodes the pictures shown at these pts (ascending); what cannot be decoded is replaced by the next.

    Yields when each is shown, and it.
    """
    last: VideoFrame | None = None
    at, pictures, clock = int(timeline.pts[0]) - 1, container.decode(video), PresentationClock(container, video)
    yielded = 0
    for target in target_pts:
        if last is not None and at >= target:
            continue
        if (key := _keyframe_to_seek(timeline, at, target)) is not None:
            container.seek(key, stream=video)
            pictures = container.decode(video)
        for last in pictures:
            at = clock.of(last)
            if at >= target:
                yielded += 1
                yield at, last
                break
    if not yielded:
        raise BadMedia("none of the video's pictures can be decoded")


def frames_to_decode(timeline: FrameIndex, target_pts: list[int]) -> int:
    """How many pictures `frames_at` has to decode for these, as it seeks."""
    number, at = 0, int(timeline.pts[0]) - 1
    for target in target_pts:
        if number and at >= target:
            continue
        key = _keyframe_to_seek(timeline, at, target)
        first = np.searchsorted(timeline.pts, at, side="right") if key is None else np.searchsorted(timeline.pts, key)
        number += max(1, int(np.searchsorted(timeline.pts, target, side="right")) - int(first))
        at = target
    return number


def to_rgb(frame: VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The frame as (height, width, 3) uint8, upright, shrunk to `size` (width, height as shown)."""
    turn = orientation_of(frame)
    width, height = turn.size(*size)
    unknown = frame.colorspace == _UNSPECIFIED
    guess = (_RGB_709 if frame.height >= 720 else _RGB_601) if unknown else None
    rgb = frame.reformat(width, height, "rgb24", src_colorspace=guess, interpolation="AREA").to_ndarray()
    return np.ascontiguousarray(turn.apply(rgb.astype(np.uint8, copy=False)))


def _keyframe_to_seek(timeline: FrameIndex, position: int, target: int) -> int | None:
    """A picture to jump to, if that spares enough decoding."""
    place = int(np.searchsorted(timeline.keyframes, target, side="right"))
    key = int(timeline.keyframes[max(place - 1, 0)])
    skipped = int(np.searchsorted(timeline.pts, key)) - int(np.searchsorted(timeline.pts, position))
    return key if key > position and skipped > _MIN_FRAMES_TO_SEEK else None
