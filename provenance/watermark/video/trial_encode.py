"""What encoding a mark will cost, tried out on a few pictures in memory before the video is published."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
import numpy as np

from media.arrays import LumaPlane


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEncoding:
    """The bytes of pictures coded by themselves and of the others, and how many there are of either."""

    keyframe_bytes: int
    other_bytes: int
    keyframes: int
    other_frames: int

    def estimated_bytes(self, frame_count: int) -> float:
        """What so many pictures would take, if they had one picture coded by itself."""
        return self.keyframe_bytes / max(self.keyframes, 1) + self.other_bytes / max(self.other_frames, 1) * max(
            frame_count - 1, 1
        )


def trial_encode(pictures: Sequence[LumaPlane], *, crf: int, rate: float) -> TrialEncoding:
    """Through x264 ("veryfast") with grey colours; sides must be even."""
    height, width = pictures[0].shape
    grey = np.full((height // 2, width), 128, np.uint8)
    with av.open(io.BytesIO(), "w", format="null") as out:
        options = {"crf": str(crf), "preset": "veryfast", "threads": "2"}
        track = out.add_stream("libx264", rate=max(1, round(rate)), options=options)
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        packets = [
            packet
            for luma in pictures
            for packet in track.encode(av.VideoFrame.from_ndarray(np.concatenate([luma, grey]), "yuv420p"))
        ]
        packets += track.encode(None)
    sizes = {key: [packet.size for packet in packets if packet.is_keyframe is key] for key in (True, False)}
    return TrialEncoding(
        keyframe_bytes=sum(sizes[True]),
        other_bytes=sum(sizes[False]),
        keyframes=len(sizes[True]),
        other_frames=len(sizes[False]),
    )
