"""Reads manifest stores out of an untrusted file. Runs in the sandbox: JSON in, JSON out, no judgement."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import c2pa

from core.errors import BadMedia
from media.isobmff import child_boxes, iter_boxes, read_box
from provenance.c2pa.credentials_presence import has_credentials, holds_credential_bytes
from provenance.metadata.generator_traces import find_generator_traces

_XMP = b"<x:xmpmeta"  # how an XMP packet begins
_AIGC = b"ContentProducer"  # a key that every AIGC label has (GB 45438-2025)
_XMP_MAX = 1 << 16  # bytes of a packet that are read
_AIGC_MAX = 1 << 12  # bytes around an AIGC key that are read
_CHUNK = 1 << 22  # bytes searched at a time
_MAX_INDEX = 1 << 24  # bytes of the index of a stream's start
_MAX_BOXES = 10_000  # boxes of a file that are followed, which may be untrusted


def read_stores(path: str, settings: Sequence[dict[str, object]]) -> dict[str, object]:
    """The file's manifest store as read once under each of the settings, each time with a fresh context.

    Returns {"stores": [...], "stream_start": whether it is the start of a stream and no whole video}, or {"error":
    kind, "message": line, "box": whether there are credentials}. A store is the library's JSON with "state" (Trusted,
    Valid, Invalid) and "embedded".
    """
    file = Path(path)
    try:
        stores = [_read(file, setting) for setting in settings]
    except c2pa.C2paError as error:
        message = (str(error).splitlines() or [""])[0][:300]
        kind = message.split(":", 1)[0].split(" ", 1)[0]
        # Where the library found its way through the container only the container's own place counts.
        present = has_credentials(file) or (kind != "ManifestNotFound" and holds_credential_bytes(file))
        return {"error": kind, "message": message, "box": present}
    return {"stores": stores, "stream_start": _is_stream_start(file)}


def read_crjson(path: str, settings: dict[str, object]) -> dict[str, object]:
    """The file's manifests as the library writes crJSON: {"crjson": {...}}, or {"error": line}."""
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    try:
        with Path(path).open("rb") as stream, c2pa.Reader(stream, context=context) as reader:
            return {"crjson": json.loads(reader.crjson())}
    except c2pa.C2paError as error:
        return {"error": (str(error).splitlines() or [""])[0][:300]}


def scan_unsigned_metadata(path: str) -> dict[str, object]:
    """The file's first XMP packet and what surrounds its first AIGC label, as text; and what programs left in it.

    Nothing where there is none. A plain search through the bytes, of a video's all but its samples: nothing of this is
    verified anyway.
    """
    xmp, aigc = "", ""
    with Path(path).open("rb") as stream:
        for start, end in _metadata_spans(stream):
            stream.seek(start)
            tail = b""
            while (chunk := stream.read(min(_CHUNK, end - stream.tell()))) and not (xmp and aigc):
                window = tail + chunk
                xmp = xmp or _around(stream, window, _XMP, before=0, size=_XMP_MAX)
                aigc = aigc or _around(stream, window, _AIGC, before=_AIGC_MAX // 2, size=_AIGC_MAX)
                tail = window[-len(_AIGC) :]
    return {"xmp": xmp, "aigc": aigc, **find_generator_traces(Path(path))}


def _metadata_spans(stream: BinaryIO) -> list[tuple[int, int]]:
    """Where labels may be: anywhere; in a video of boxes that fit into each other, anywhere but in its mdat."""
    whole = [(0, stream.seek(0, os.SEEK_END))]
    try:
        boxes = list(islice(iter_boxes(stream), _MAX_BOXES))
    except BadMedia:
        return whole
    if len(boxes) == _MAX_BOXES or not any(box.kind == b"moov" for box in boxes):
        return whole
    return [(box.start, box.end) for box in boxes if box.kind != b"mdat"]


def _is_stream_start(path: Path) -> bool:
    """The initialisation segment of a stream (DASH, HLS): an index that announces pieces, and none of them."""
    with path.open("rb") as stream:
        try:
            boxes = list(islice(iter_boxes(stream), _MAX_BOXES))
            index = next((box for box in boxes if box.kind == b"moov"), None)
            if index is None or any(box.kind in (b"moof", b"mdat") for box in boxes):
                return False
            content = read_box(stream, index, _MAX_INDEX)
            return any(box.kind == b"mvex" for box in child_boxes(content, index.header_size, len(content)))
        except BadMedia:
            return False


def _read(path: Path, settings: dict[str, object]) -> dict[str, object]:
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    with path.open("rb") as stream, c2pa.Reader(stream, context=context) as reader:
        store: dict[str, object] = json.loads(reader.json())
        return store | {"state": reader.get_validation_state(), "embedded": reader.is_embedded()}


def _around(stream: BinaryIO, window: bytes, needle: bytes, *, before: int, size: int) -> str:
    """Up to `size` bytes of the file from `before` bytes ahead of the needle, if the window just read holds it."""
    index = window.find(needle)
    if index < 0:
        return ""
    position = stream.tell()
    stream.seek(max(0, position - len(window) + index - before))
    content = stream.read(size)
    stream.seek(position)
    return content.decode("utf-8", "replace")
