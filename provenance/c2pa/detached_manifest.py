"""Reads a manifest that is stored apart from the file it was made for.

Runs in the sandbox, as sandboxed_reader does.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path

import c2pa

_MEDIA_TYPES = (
    "video/mp4",
    "application/c2pa",
)  # against the file; by itself, where the file is of no kind it can hash


def read_detached_stores(path: str, manifest: str, settings: Sequence[dict[str, object]]) -> dict[str, object]:
    """As _reader.read_stores, of a manifest in base64 and the file at `path`."""
    raw = base64.b64decode(manifest)
    try:
        return {"stores": [_read(Path(path), raw, setting) for setting in settings]}
    except c2pa.C2paError as error:
        return {"error": "Unreadable", "message": (str(error).splitlines() or [""])[0][:300], "box": True}


def read_active_label(manifest: str, settings: dict[str, object]) -> str:
    """The id of the active manifest, or nothing where the bytes are no manifest store."""
    try:
        store = _store("application/c2pa", Path(), base64.b64decode(manifest), settings)
    except c2pa.C2paError:
        return ""
    return str(store.get("active_manifest") or "")


def _read(path: Path, manifest: bytes, settings: dict[str, object]) -> dict[str, object]:
    failure: c2pa.C2paError | None = None
    for kind in _MEDIA_TYPES:
        try:
            return _store(kind, path, manifest, settings)
        except c2pa.C2paError as error:
            failure = failure or error
    raise failure or c2pa.C2paError("nothing was read")


def _store(kind: str, path: Path, manifest: bytes, settings: dict[str, object]) -> dict[str, object]:
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    if kind == "application/c2pa":
        with c2pa.Reader(kind, io.BytesIO(manifest), context=context) as reader:
            return _store_json(reader)
    with path.open("rb") as stream, c2pa.Reader(kind, stream, manifest, context=context) as reader:
        return _store_json(reader)


def _store_json(reader: c2pa.Reader) -> dict[str, object]:
    store: dict[str, object] = json.loads(reader.json())
    return store | {"state": reader.get_validation_state(), "embedded": False}
