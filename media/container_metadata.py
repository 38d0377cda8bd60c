"""What an MP4 says about itself: named keys (moov/udta/meta, handler `mdta`) and one XMP_UUID packet (a uuid box).

FFmpeg writes no XMP_UUID and renames keys it does not know, so both are written box by box. Layout: QuickTime File
Format
(metadata keys), XMP_UUID Specification Part 3, 2.3.2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from core.errors import BadMedia
from media.atomic_output import partial_path
from media.file_kind import HEAD_BYTES, kind_of_head
from media.isobmff import MAX_INDEX_BYTES, Box, child_boxes, copy_with_index, iter_boxes, make_box, read_box
from media.sandbox.limits import MIB

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_XMP_MAX = 4 * MIB  # bytes of an XMP packet that is read
_PLAIN = {b"\xa9too": "encoder", b"\xa9cmt": "comment", b"\xa9nam": "title"}  # as FFmpeg names iTunes' items
_TEXT = 1  # type of a data box: UTF-8 (QuickTime File Format, well-known types)


def write_container_metadata(src: Path, dst: Path, *, keys: Mapping[str, str], xmp: str) -> None:
    """Write `dst`: the MP4 `src` with these keys added to its own, and this XMP_UUID packet instead of its own.

    Atomic. Raises BadMedia for a file without one plain index (fragmented, damaged, no MP4).
    """
    part = partial_path(dst)
    try:
        with src.open("rb") as source, part.open("wb") as target:
            _copy(source, target, keys, make_box(b"uuid", XMP_UUID + xmp.encode()))
        part.replace(dst)
    finally:
        part.unlink(missing_ok=True)


def read_container_metadata(path: str) -> dict[str, object]:
    """The keys and the XMP_UUID packet of an MP4, as {"keys": {…}, "xmp": "…"}; for use inside the sandbox.

    Both empty for a file of another kind. Raises BadMedia for boxes that do not fit into each other.
    """
    keys: dict[str, str] = {}
    xmp = ""
    with Path(path).open("rb") as stream:
        if not kind_of_head(stream.read(HEAD_BYTES)).is_bmff:
            return {"keys": keys, "xmp": xmp}
        for box in iter_boxes(stream):
            if box.kind == b"moov":
                keys |= _keys_of(read_box(stream, box, MAX_INDEX_BYTES), box.header_size)
            elif not xmp and _is_xmp(stream, box):
                xmp = read_box(stream, box, _XMP_MAX)[box.header_size + 16 :].decode("utf-8", "replace")
    return {"keys": keys, "xmp": xmp}


def _copy(source: BinaryIO, target: BinaryIO, keys: Mapping[str, str], packet: bytes) -> None:
    boxes = [box for box in iter_boxes(source) if not _is_xmp(source, box)]
    indexes = [box for box in boxes if box.kind == b"moov"]
    if len(indexes) != 1 or any(box.kind == b"moof" for box in boxes):
        raise BadMedia("this file has no single index, so nothing can be written into it: deliver a plain MP4")
    index = read_box(source, indexes[0], MAX_INDEX_BYTES)
    copy_with_index(source, target, boxes, _with_keys(index, indexes[0].header_size, keys), packet)


def _with_keys(index: bytes, header: int, keys: Mapping[str, str]) -> bytes:
    """The moov box with one udta/meta that holds its own text items and these keys."""
    merged = {**_keys_of(index, header), **keys}
    children = list(child_boxes(index, header, len(index)))
    kept = [_cut(index, box) for box in children if box.kind not in (b"udta", b"meta")]
    users = [box for udta in children if udta.kind == b"udta" for box in child_boxes(index, udta.body, udta.end)]
    user = [_cut(index, box) for box in users if box.kind != b"meta"]
    return make_box(b"moov", b"".join(kept) + make_box(b"udta", b"".join(user) + _meta(merged)))


def _meta(metadata: Mapping[str, str]) -> bytes:
    handler = make_box(b"hdlr", struct.pack(">II4s12xB", 0, 0, b"mdta", 0))
    names = b"".join(make_box(b"mdta", name.encode()) for name in metadata)
    listed = make_box(b"keys", struct.pack(">II", 0, len(metadata)) + names)
    values = [make_box(b"data", struct.pack(">II", _TEXT, 0) + text.encode()) for text in metadata.values()]
    items = b"".join(make_box(struct.pack(">I", number), value) for number, value in enumerate(values, start=1))
    return make_box(b"meta", bytes(4) + handler + listed + make_box(b"ilst", items))


def _keys_of(index: bytes, header: int) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for child in child_boxes(index, header, len(index)):
        for meta in child_boxes(index, child.body, child.end) if child.kind == b"udta" else [child]:
            if meta.kind == b"meta":
                metadata.update(_items(index, meta))
    return metadata


def _items(index: bytes, meta: Box) -> Iterator[tuple[str, str]]:
    plain = index[meta.body + 4 : meta.body + 8] == b"hdlr"  # QuickTime's own meta has no version
    parts = {box.kind: box for box in child_boxes(index, meta.body + (0 if plain else 4), meta.end)}
    listed = parts.get(b"keys")
    names = (
        [index[key_box.body : key_box.end] for key_box in child_boxes(index, listed.body + 8, listed.end)]
        if listed
        else []
    )
    values = parts.get(b"ilst")
    for item in child_boxes(index, values.body, values.end) if values else ():
        number = int.from_bytes(item.kind, "big")
        name = names[number - 1].decode("utf-8", "replace") if 0 < number <= len(names) else _PLAIN.get(item.kind, "")
        for data in child_boxes(index, item.body, item.end):
            if name and data.kind == b"data" and int.from_bytes(index[data.body : data.body + 4], "big") == _TEXT:
                yield name, index[data.body + 8 : data.end].decode("utf-8", "replace")


def _is_xmp(stream: BinaryIO, box: Box) -> bool:
    stream.seek(box.body)
    return box.kind == b"uuid" and stream.read(16) == XMP_UUID


def _cut(index: bytes, box: Box) -> bytes:
    return index[box.start : box.end]
