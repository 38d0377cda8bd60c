"""The boxes of an MP4: where each begins and ends, and a copy in which the index is another (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from core.errors import BadMedia
from media.sandbox.limits import MIB

MAX_INDEX_BYTES = 512 * MIB  # bytes of a moov box that is read into memory
_CONTAINER_BOXES = (b"trak", b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Kind (four characters), where it starts, its header's length and its whole size, in bytes."""

    kind: bytes
    start: int
    header_size: int
    size: int

    @property
    def body(self) -> int:
        """Where the content begins."""
        return self.start + self.header_size

    @property
    def end(self) -> int:
        """Where the next box begins."""
        return self.start + self.size


def iter_boxes(stream: BinaryIO) -> Iterator[Box]:
    """The boxes of a file. Raises BadMedia where they do not fit into it."""
    end = stream.seek(0, 2)
    at = 0
    while at < end:
        stream.seek(at)
        box = _header(stream.read(16), at, end)
        yield box
        at = box.end


def child_boxes(data: bytes | bytearray, start: int, end: int) -> Iterator[Box]:
    """The boxes between two places. Raises BadMedia where they do not fit; a udta may end in four zero bytes."""
    at = start
    while at + 8 <= end:
        box = _header(bytes(data[at : at + 16]), at, end)
        yield box
        at = box.end


def read_box(stream: BinaryIO, box: Box, max_bytes: int) -> bytes:
    """The bytes of a box, header included. Raises BadMedia for more than `max_bytes`."""
    if box.size > max_bytes:
        raise BadMedia(f"this file has a {box.kind.decode('latin-1')} box of {box.size // MIB} MiB: refused")
    stream.seek(box.start)
    return stream.read(box.size)


def make_box(kind: bytes, body: bytes) -> bytes:
    """A box."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def copy_with_index(source: BinaryIO, target: BinaryIO, boxes: Sequence[Box], index: bytes, after: bytes) -> None:
    """Write these boxes of `source`, with another moov (`index`, a whole box) and `after` behind it.

    Chunk offsets follow the bytes they point to. Raises BadMedia where they no longer fit into 32 bits.
    """
    moving = bytearray(index)
    _shift_offsets(moving, 8, len(moving), _offset_map(boxes, len(index) + len(after)))
    for box in boxes:
        if box.kind == b"moov":
            target.write(moving + after)
        else:
            source.seek(box.start)
            _copy_bytes(source, target, box.size)


def _offset_map(boxes: Sequence[Box], length: int) -> Callable[[int], int]:
    """Where in the new file a byte of the old one lies, if it lies in one of these boxes."""
    shifts, at = [], 0
    for box in boxes:
        shifts.append((box.start, box.end, at - box.start))
        at += length if box.kind == b"moov" else box.size

    def moved(offset: int) -> int:
        for start, end, by in shifts:
            if start <= offset < end:
                return offset + by
        return offset  # pointed nowhere before: a track without samples

    return moved


def _shift_offsets(index: bytearray, start: int, end: int, moved: Callable[[int], int]) -> None:
    for box in child_boxes(index, start, end):
        if box.kind in _CONTAINER_BOXES:
            _shift_offsets(index, box.body, box.end, moved)
        elif box.kind in (b"stco", b"co64"):
            _shift_table(index, box, moved)


def _shift_table(index: bytearray, table: Box, moved: Callable[[int], int]) -> None:
    count = int.from_bytes(index[table.body + 4 : table.body + 8], "big")
    layout = f">{count}{'Q' if table.kind == b'co64' else 'I'}"
    if table.body + 8 + struct.calcsize(layout) > table.end:
        raise BadMedia("this file's index is damaged: a table of chunks is cut short")
    offsets = [moved(offset) for offset in struct.unpack_from(layout, index, table.body + 8)]
    try:
        struct.pack_into(layout, index, table.body + 8, *offsets)
    except struct.error as error:
        raise BadMedia("this file has more than 4 GiB and an index for less") from error


def box_at(head: bytes, at: int, end: int) -> Box | None:
    """The box whose first 16 bytes, or what there is of them, are `head`; None where no whole header is there.

    One that says no size goes to `end`. Whether it fits into the file, or is as large as its own header, is not asked.
    """
    if len(head) < 8:
        return None
    size, kind = struct.unpack_from(">I4s", head)
    header = 8
    if size == 1 and len(head) >= 16:
        size, header = struct.unpack_from(">Q", head, 8)[0], 16
    elif size == 0:
        size = end - at
    return Box(kind=kind, start=at, header_size=header, size=size)


def _header(head: bytes, at: int, end: int) -> Box:
    box = box_at(head, at, end)
    if box is None:
        raise BadMedia("this file ends in the middle of a box: it is cut short")
    if box.size < box.header_size or box.end > end:
        raise BadMedia("this file's boxes do not fit into each other: it is damaged or cut short")
    return box


def _copy_bytes(source: BinaryIO, target: BinaryIO, size: int) -> None:
    remaining = size
    while remaining:
        chunk = source.read(min(remaining, 4 * MIB))
        if not chunk:
            raise BadMedia("this file ends in the middle of a box: it is cut short")
        target.write(chunk)
        remaining -= len(chunk)
