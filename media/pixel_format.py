"""Brings any decoded frame to what we publish: 8-bit 4:2:0, upright, even sides; and says what cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from core.errors import BadMedia
from media.orientation import Orientation

Plane = NDArray[np.uint8]

_HDR = {16: "PQ", 18: "HLG"}
_UNSPECIFIED = 2  # ITU-T H.273, matrix coefficients, as FFmpeg's AVCOL_SPC numbers them
_BT709 = 1
_BT601 = 6


def check_publishable(frame: VideoFrame) -> None:
    """Raises BadMedia for transparency and for HDR, which 8-bit 4:2:0 cannot show."""
    if any(component.is_alpha for component in frame.format.components):
        raise BadMedia(f"the video has transparency ({frame.format.name}): deliver it without")
    if frame.color_trc in _HDR:
        raise BadMedia(f"the video is HDR ({_HDR[frame.color_trc]}): deliver it in standard range, BT.709")


def published_size(frame: VideoFrame, turn: Orientation, height: int | None = None) -> tuple[int, int]:
    """Width and height as published: upright, even, scaled to `height` rows if given."""
    width, rows = turn.size(frame.width, frame.height)
    if height is not None:
        width, rows = round(width * height / rows), height
    return max(2, width & ~1), max(2, rows & ~1)


def yuv_planes(
    frame: VideoFrame, turn: Orientation, size: tuple[int, int], *, scale: bool = False
) -> tuple[Plane, ...]:
    """Y (height, width), Cb and Cr (half of both) as views, upright, cut or scaled to the even `size`."""
    width, height = turn.size(*size) if scale else (frame.width, frame.height)
    if frame.format.name not in ("yuv420p", "yuvj420p") or scale:
        matrix = None if frame.format.is_rgb is False else colour_matrix(frame)
        frame = frame.reformat(width, height, "yuv420p", dst_colorspace=matrix, interpolation="BICUBIC")
    upright = [turn.apply(_view(frame, index)) for index in range(3)]
    halves = (slice(0, size[1] // 2), slice(0, size[0] // 2))
    return upright[0][: size[1], : size[0]], upright[1][halves], upright[2][halves]


def colour_matrix(frame: VideoFrame) -> int:
    """The colour matrix the published file states: the frame's own, BT.709 or BT.601 by size where it states none."""
    stated = int(frame.colorspace)
    if stated not in (_UNSPECIFIED, 0):
        return stated
    if not frame.format.is_rgb:
        return _UNSPECIFIED
    return _BT709 if frame.height >= 720 else _BT601


def new_frame(size: tuple[int, int], planes: tuple[Plane, ...]) -> VideoFrame:
    """A yuv420p frame of its own, its planes copied in."""
    frame = VideoFrame(size[0], size[1], "yuv420p")
    for index, plane in enumerate(planes):
        _view(frame, index)[:] = plane
    return frame


def _view(frame: VideoFrame, index: int) -> Plane:
    plane: Any = frame.planes[index]
    rows: Plane = np.frombuffer(plane, np.uint8)[: plane.line_size * plane.height].reshape(
        plane.height, plane.line_size
    )
    return rows[:, : plane.width]
