"""Small files that cost much to look at, made on purpose."""

from __future__ import annotations

import struct


def gif(width: int, height: int, frames: int) -> bytes:
    """A canvas with so many pictures of one pixel."""
    header = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    delay = b"\x21\xf9\x04\0\1\0\0\0"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return header + (delay + frame) * frames + b";"


def box(kind: bytes, body: bytes = b"") -> bytes:
    """A box of an MP4."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


FILE_TYPE = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
