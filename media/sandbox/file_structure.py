"""How much there is in a container, counted before anything parses or decodes it: boxes, tracks, pictures.

Plain reads of headers that stop at the limit: a file of millions of empty boxes takes other readers minutes, and one of
thousands of tiny pictures on a large canvas takes decoders hours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from core.errors import OverBudget
from media.file_kind import begins_with_box
from media.isobmff import box_at
from media.sandbox.limits import InputLimits

_BRANCHES = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"udta", b"mvex", b"edts"))
_GIF = (b"GIF87a", b"GIF89a")
_GIF_EXTENSION, _GIF_PICTURE = 0x21, 0x2C
_GIF_TABLE = 0x80  # a colour table follows
_DEEPEST = 8


def check_structure(path: Path, limits: InputLimits) -> None:
    """Raises OverBudget for more boxes, tracks or pixels than the limits allow. Says nothing of what is broken."""
    with path.open("rb") as stream:
        head = stream.read(13)
        if begins_with_box(head):
            _count_boxes(stream, limits)
        elif head[:6] in _GIF and len(head) == 13:
            _check_gif(stream, head, limits)


def check_boxes(path: Path, limits: InputLimits) -> None:
    """Raises OverBudget for more boxes than the limits allow, which is all that reading credentials depends on."""
    with path.open("rb") as stream:
        if begins_with_box(stream.read(8)):
            _count_boxes(stream, replace(limits, max_tracks=limits.max_boxes))


def check_decoding_cost(frames: int, width: int, height: int, limits: InputLimits) -> None:
    """Raises OverBudget where decoding so many pictures of so many pixels is more than is done."""
    if frames * width * height > limits.max_decoded_pixels:
        raise OverBudget(f"{frames:,} or more pictures of {width} × {height} pixels would have to be decoded")


def _count_boxes(stream: BinaryIO, limits: InputLimits) -> None:
    boxes = tracks = 0
    for kind in _kinds(stream, 0, stream.seek(0, 2), 0):
        boxes, tracks = boxes + 1, tracks + (kind == b"trak")
        if boxes > limits.max_boxes:
            raise OverBudget(f"it has more than {limits.max_boxes:,} boxes")
        if tracks > limits.max_tracks:
            raise OverBudget(f"it has more than {limits.max_tracks:,} tracks")


def _kinds(stream: BinaryIO, start: int, end: int, depth: int) -> Iterator[bytes]:
    """The kinds of all boxes from `start` to `end`; ends where they do not fit into each other."""
    at = start
    while at + 8 <= end:
        stream.seek(at)
        box = box_at(stream.read(16), at, end)
        if box is None or box.size < box.header_size:
            return
        yield box.kind
        if box.kind in _BRANCHES and depth < _DEEPEST:
            yield from _kinds(stream, box.body, min(box.end, end), depth + 1)
        at = box.end


def _check_gif(stream: BinaryIO, head: bytes, limits: InputLimits) -> None:
    width, height, flags = struct.unpack_from("<HHB", head, 6)
    stream.seek(_table_size(flags), 1)
    pictures = 0
    while introducer := stream.read(1):
        if introducer[0] == _GIF_EXTENSION:
            stream.seek(1, 1)
        elif introducer[0] == _GIF_PICTURE:
            pictures += 1
            check_decoding_cost(pictures, width, height, limits)
            descriptor = stream.read(9)
            if len(descriptor) < 9:
                return
            stream.seek(_table_size(descriptor[8]) + 1, 1)
        else:
            return
        while (length := stream.read(1)) and length[0]:
            stream.seek(length[0], 1)


def _table_size(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & _GIF_TABLE else 0
