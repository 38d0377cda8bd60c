"""When each picture of a video is shown, read from its packets: a container's header may lie, packets rarely do."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from core.errors import BadMedia
from media.container import container_name
from media.sandbox.limits import InputLimits


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """`pts` in ticks of `time_base`, ascending; `keyframes` those a decoder can start from; `end` is after the last."""

    pts: NDArray[np.int64]
    keyframes: NDArray[np.int64]
    end: int
    time_base: Fraction

    @property
    def duration(self) -> float:
        """Seconds from the first picture's start to the last one's end."""
        return float((self.end - int(self.pts[0])) * self.time_base)

    def seconds(self, pts: int) -> float:
        """Seconds from the first picture."""
        return float((pts - int(self.pts[0])) * self.time_base)


def read_frame_index(container: InputContainer, video: VideoStream, limits: InputLimits) -> FrameIndex:
    """Reads all packets and decodes none. Raises BadMedia for no pictures, too many, a cut file, or too long."""
    displayed: list[tuple[int, int, bool]] = []
    hidden = 0
    for packet in container.demux(video):
        if packet.size == 0 or packet.is_corrupt:
            continue
        if packet.is_discard:
            hidden += 1
            continue
        displayed.append((_when(packet, len(displayed), video), packet.duration or 0, packet.is_keyframe))
        if len(displayed) > limits.max_frames:
            raise BadMedia(f"the video has more than {limits.max_frames} pictures")
    _check_complete(len(displayed) + hidden, container, video)
    timeline = _frame_index(displayed, video.time_base or Fraction(1, 1000))
    if timeline.duration > limits.max_duration:
        raise BadMedia(f"the video lasts {timeline.duration:.0f} s; at most {limits.max_duration:.0f} s are accepted")
    return timeline


def _when(packet: Packet[VideoStream], index: int, video: VideoStream) -> int:
    if packet.pts is not None:
        return packet.pts
    if packet.dts is not None:
        return packet.dts
    rate, base = video.average_rate or Fraction(25), video.time_base or Fraction(1, 1000)
    return round(index / rate / base)


def _check_complete(frame_count: int, container: InputContainer, video: VideoStream) -> None:
    """An MP4's index counts its pictures: all of them must be there."""
    if container_name(container) == "mp4" and frame_count < video.frames:
        raise BadMedia(f"the file is cut short or damaged: {frame_count} of {video.frames} pictures are there")
    if frame_count == 0:
        raise BadMedia("the video has no pictures")


def _frame_index(displayed: list[tuple[int, int, bool]], time_base: Fraction) -> FrameIndex:
    displayed.sort()
    pts = np.array([pts_value for pts_value, _, _ in displayed], np.int64)
    keys = np.array([pts_value for pts_value, _, key in displayed if key] or [displayed[0][0]], np.int64)
    usual = int(np.median(np.diff(pts))) if len(pts) > 1 else round(1 / (25 * time_base))
    return FrameIndex(
        pts=pts, keyframes=keys, end=int(pts[-1]) + (displayed[-1][1] or max(usual, 1)), time_base=time_base
    )
