"""Just enough of JUMBF (ISO 19566-5) to take the active manifest out of a manifest store, its bytes unchanged."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from core.errors import BadInput


def extract_active_manifest(store: bytes) -> bytes:
    """A manifest store with the last, active, manifest of this one and no other. Raises BadInput for another thing."""
    boxes = list(_boxes(store))
    if len(boxes) != 1 or boxes[0][4:8] != b"jumb":
        raise BadInput("this is no C2PA manifest store (JUMBF)")
    described, *manifests = _boxes(boxes[0][8:])
    if described[4:8] != b"jumd" or not manifests:
        raise BadInput("this manifest store has no manifest")
    content = described + manifests[-1]
    return struct.pack(">I4s", len(content) + 8, b"jumb") + content


def _boxes(data: bytes) -> Iterator[bytes]:
    offset = 0
    while offset < len(data):
        size = struct.unpack_from(">I", data, offset)[0] if len(data) - offset >= 8 else 0
        if size < 8 or offset + size > len(data):
            raise BadInput("this is no C2PA manifest store (JUMBF)")
        yield data[offset : offset + size]
        offset += size
