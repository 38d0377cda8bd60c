"""Whether a file holds C2PA credentials, by the place that its container keeps for them, damaged ones included.

The library says of credentials that it cannot parse no more than an error, which a file without any may cause too.
Places: C2PA 2.2, appendix A.3. For use inside the sandbox.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from media.file_kind import HEAD_BYTES, FileKind, begins_with_box, kind_of_head
from media.isobmff import box_at

C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""The usertype of the `uuid` box that holds a manifest store in MP4 and its relatives."""
_STORE_TYPE = bytes.fromhex("6332706100110010800000aa00389b71")  # JUMBF type of a C2PA manifest store
_CHUNK = 1 << 22  # bytes searched at a time
_MAX_PARTS = 10_000  # segments, chunks or boxes of a file that are followed, which may be untrusted
_LABEL_BYTES = 200  # bytes of a JUMBF box in which its type and its label stand
_TIFF_TAG = 0xCD41  # 52545: the tag of a manifest store in TIFF and DNG
_TIFF_MAX_DIRECTORIES = 32
_PDF_ENDS = 1 << 20  # bytes from each end of a PDF in which its name of the relationship is looked for
_ID3_MAX = 1 << 24  # bytes of an ID3 tag that are searched


def find_credentials(path: str) -> bool:
    """As has_credentials(), for the sandbox."""
    return has_credentials(Path(path))


def has_credentials(path: Path) -> bool:
    """Whether the file's container has something in the place for credentials, whatever it holds."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        look = _in_bmff if begins_with_box(head) else _PLACES.get(kind_of_head(head))
        stream.seek(0)
        try:
            return look is not None and look(stream)
        except (struct.error, IndexError):  # cut short in the middle of a header
            return False


def holds_credential_bytes(path: Path) -> bool:
    """Whether the bytes hold what begins a manifest store, anywhere: for a container that is damaged itself."""
    tail, longest = b"", max(len(C2PA_BOX), len(_STORE_TYPE))
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            window = tail + chunk
            if C2PA_BOX in window or _STORE_TYPE in window:
                return True
            tail = window[-longest:]
    return False


def _in_jpeg(stream: BinaryIO) -> bool:
    """APP11 segments that carry JUMBF, by the label or the type of a manifest store."""
    stream.seek(2)
    for _ in range(_MAX_PARTS):
        marker = stream.read(2)
        if len(marker) < 2 or marker[0] != 0xFF or marker[1] in (0xD9, 0xDA):
            return False
        if marker[1] == 0xFF:  # a fill byte
            stream.seek(-1, os.SEEK_CUR)
            continue
        (length,) = struct.unpack(">H", stream.read(2))
        content = stream.read(min(_LABEL_BYTES, max(0, length - 2)))
        if marker[1] == 0xEB and content[:2] == b"JP" and _is_store(content):
            return True
        stream.seek(max(0, length - 2) - len(content), os.SEEK_CUR)
    return False


def _in_png(stream: BinaryIO) -> bool:
    stream.seek(8)
    for _ in range(_MAX_PARTS):
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind in (b"caBX", b"IEND"):
            return bool(kind == b"caBX")
        stream.seek(length + 4, os.SEEK_CUR)
    return False


def _in_riff(stream: BinaryIO) -> bool:
    """WebP, WAV and AVI."""
    stream.seek(12)
    for _ in range(_MAX_PARTS):
        kind, length = struct.unpack("<4sI", stream.read(8))
        if kind == b"C2PA":
            return True
        stream.seek(length + length % 2, os.SEEK_CUR)
    return False


def _in_bmff(stream: BinaryIO) -> bool:
    """MP4, MOV, HEIF, AVIF, the start of a DASH stream; boxes that lie outside the file end the walk."""
    return any(
        kind == b"uuid" and body[:16] == C2PA_BOX and body[20:28] == b"manifest" for kind, body in _boxes(stream)
    )


def _in_jpeg_xl(stream: BinaryIO) -> bool:
    return any(kind == b"jumb" and _is_store(body) for kind, body in _boxes(stream))


def _in_tiff(stream: BinaryIO) -> bool:
    """TIFF and DNG: the tag in any directory of the file's chain."""
    order = "<" if stream.read(2) == b"II" else ">"
    stream.seek(4)
    (offset,) = struct.unpack(f"{order}I", stream.read(4))
    for _ in range(_TIFF_MAX_DIRECTORIES):
        if not offset:
            return False
        stream.seek(offset)
        (count,) = struct.unpack(f"{order}H", stream.read(2))
        entries = stream.read(12 * count)
        if any(struct.unpack_from(f"{order}H", entries, at)[0] == _TIFF_TAG for at in range(0, len(entries) - 1, 12)):
            return True
        (offset,) = struct.unpack(f"{order}I", stream.read(4))
    return False


def _in_gif(stream: BinaryIO) -> bool:
    """An application extension of this name."""
    return b"\x21\xff\x0bC2PA_GIF" in stream.read(_CHUNK)


def _in_pdf(stream: BinaryIO) -> bool:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    ends = stream.read(_PDF_ENDS)
    stream.seek(max(len(ends), size - _PDF_ENDS))
    return b"C2PA_Manifest" in ends + stream.read(_PDF_ENDS)


def _in_id3(stream: BinaryIO) -> bool:
    """MP3, and FLAC with an ID3 tag: an attached object of this type."""
    header, size = stream.read(10), 0
    if not header.startswith(b"ID3"):
        return False
    for byte in header[6:10]:
        size = size << 7 | byte & 0x7F
    tag = stream.read(min(size, _ID3_MAX))
    return b"GEOB" in tag and b"c2pa" in tag


def _boxes(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Kind and the beginning of the content of each box of a file, as far as boxes follow one another."""
    at, end = 0, stream.seek(0, os.SEEK_END)
    for _ in range(_MAX_PARTS):
        stream.seek(at)
        box = box_at(stream.read(16), at, end)
        if box is None:
            return
        stream.seek(box.body)
        yield box.kind, stream.read(_LABEL_BYTES)
        if box.size < box.header_size:
            return
        at = box.end


def _is_store(content: bytes) -> bool:
    return b"c2pa" in content or _STORE_TYPE[4:] in content


_PLACES: dict[FileKind, Callable[[BinaryIO], bool]] = {
    FileKind.JPEG: _in_jpeg,
    FileKind.PNG: _in_png,
    FileKind.WEBP: _in_riff,
    FileKind.WAV: _in_riff,
    FileKind.AVI: _in_riff,
    FileKind.JPEG_XL: _in_jpeg_xl,
    FileKind.TIFF: _in_tiff,
    FileKind.GIF: _in_gif,
    FileKind.PDF: _in_pdf,
    FileKind.MP3: _in_id3,
}
