"""The brightness of a video's pictures, or of an image, for detectors that need no colour.

For use inside the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.container import open_video
from media.frame_index import read_frame_index
from media.orientation import orientation_of
from media.pixel_format import yuv_planes
from media.sandbox.limits import InputLimits
from media.still_image import is_image, read_rgb
from media.video_decode import evenly_spaced_pts, frames_at

_SKIP_NONREF_RATIO = 2.5
"""With so many times more pictures than are wanted, those that no other picture refers to need not be decoded."""


def sample_luma(path: Path, count: int, limits: InputLimits) -> Iterator[NDArray[np.uint8]]:
    """Up to `count` Y planes (height, width), upright, evenly spread; one for an image. Raises BadMedia.

    In a video with many pictures they may be off by a few pictures.
    """
    if is_image(path):
        rgb = read_rgb(path, None, limits)[1]
        yield np.rint(rgb @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
        return
    with open_video(path, limits) as (container, video):
        timeline = read_frame_index(container, video, limits)
    with open_video(path, limits) as (container, video):
        if len(timeline.pts) >= _SKIP_NONREF_RATIO * count:
            video.codec_context.skip_frame = "NONREF"  # they are also the most coarsely encoded
        for _, frame in frames_at(container, video, timeline, evenly_spaced_pts(timeline, count=count)):
            turn = orientation_of(frame)
            size = turn.size(frame.width & ~1, frame.height & ~1)
            yield np.ascontiguousarray(yuv_planes(frame, turn, size)[0])
