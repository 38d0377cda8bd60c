"""What encoding will do to a mark, tried out on a few pictures in memory before the video is published."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The pictures as they come back, and the bytes of those coded by themselves and of the others."""

    pictures: tuple[Luma, ...]
    alone: int
    others: int
    firsts: int

    def bytes_of(self, pictures: int) -> float:
        """What so many pictures would take, if they had one picture coded by itself."""
        rest = max(len(self.pictures) - self.firsts, 1)
        return self.alone / max(self.firsts, 1) + self.others / rest * max(pictures - 1, 1)


def encoded(pictures: Sequence[Luma], *, crf: int, rate: float, preset: str = "veryfast") -> Encoded:
    """Through x264 with grey colours; sides must be even."""
    height, width = pictures[0].shape
    grey = np.full((height // 2, width), 128, np.uint8)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        options = {"crf": str(crf), "preset": preset, "threads": "2"}
        track = out.add_stream("libx264", rate=max(1, round(rate)), options=options)
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        for luma in pictures:
            out.mux(track.encode(av.VideoFrame.from_ndarray(np.concatenate([luma, grey]), "yuv420p")))
        out.mux(track.encode(None))
    return _decoded(file, height)


def halved(pictures: Sequence[Luma]) -> list[Luma]:
    """At half the size, sides even."""
    height, width = (side // 4 * 2 for side in pictures[0].shape)
    return [np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8) for luma in pictures]


def _decoded(file: io.BytesIO, height: int) -> Encoded:
    file.seek(0)
    pictures: list[Luma] = []
    alone = others = firsts = 0
    with av.open(file, "r") as container:
        for packet in container.demux(video=0):
            if packet.size:
                alone += packet.size * packet.is_keyframe
                others += packet.size * (not packet.is_keyframe)
                firsts += packet.is_keyframe
            pictures += [np.asarray(frame.to_ndarray()[:height], np.uint8) for frame in packet.decode()]
    return Encoded(pictures=tuple(pictures), alone=alone, others=others, firsts=firsts)
