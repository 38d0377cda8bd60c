"""Turns pictures the way a player would show them, by the display matrix a phone writes instead of turning them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """Swap rows and columns, then mirror left-right, then top-bottom: the eight ways to lay a picture."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A view of the picture (height, width, ...), turned."""
        if self.transpose:
            picture = picture.swapaxes(0, 1)
        if self.mirror_x:
            picture = picture[:, ::-1]
        return picture[::-1] if self.mirror_y else picture

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height once turned."""
        return (height, width) if self.transpose else (width, height)


def orientation_of(frame: VideoFrame) -> Orientation:
    """How the frame must be turned; by the nearest quarter turn if its matrix is none.

    The matrix is nine 32-bit numbers a b u c d v x y w with x' = ax + cy, y' = bx + dy (ISO/IEC 14496-12, 6.2.2).
    """
    data = frame.side_data.get(SideDataType.DISPLAYMATRIX)  # type: ignore[call-overload]
    if data is None:
        return Orientation()
    a, b, _, c, d, *_ = struct.unpack("<9i", bytes(data)[:36])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(mirror_x=a < 0, mirror_y=d < 0)
    return Orientation(transpose=True, mirror_x=c < 0, mirror_y=b < 0)
