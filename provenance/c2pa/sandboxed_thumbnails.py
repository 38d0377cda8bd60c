"""Takes the thumbnails out of untrusted credentials and re-encodes them. Runs in the sandbox.

Each is decoded here, shrunk and encoded again as a plain JPEG: nobody outside gets untrusted bytes.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import c2pa

from core.errors import BadMedia
from media.sandbox.limits import MIB, InputLimits
from media.still_image import read_rgb
from provenance.c2pa.ai_assertions import first_assertion_data
from provenance.c2pa.ingredient_tree import flatten_ingredient_tree
from provenance.c2pa.manifest_definition import CASE_ASSERTION
from provenance.c2pa.manifest_store import ManifestNode
from provenance.c2pa.thumbnail_jpeg import THUMBNAIL_SIDE, encode_jpeg

_MAX_THUMBNAILS = 12  # thumbnails of one file
_LIMITS = InputLimits(max_bytes=2 * MIB, max_side=2048)


def extract_thumbnails(path: str, settings: dict[str, object]) -> list[dict[str, str]]:
    """For each step of lineage.history, in its order: {"manifest", "case", "picture": JPEG in base64, or nothing}.

    Nothing at all for a file without credentials that can be read.
    """
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    try:
        with Path(path).open("rb") as stream, c2pa.Reader(stream, context=context) as reader:
            return _extract_all(reader)
    except c2pa.C2paError:
        return []


def _extract_all(reader: c2pa.Reader) -> list[dict[str, str]]:
    store = json.loads(reader.json())
    steps, remaining = [], _MAX_THUMBNAILS
    for node in flatten_ingredient_tree(store):
        picture = _thumbnail(reader, node) if remaining else ""
        remaining -= bool(picture)
        steps.append(
            {
                "manifest": node.label,
                "case": str(first_assertion_data(node, CASE_ASSERTION).get("id", "")),
                "picture": picture,
            }
        )
    return steps


def _thumbnail(reader: c2pa.Reader, node: ManifestNode) -> str:
    """Nothing where there is none, it is too large, or it cannot be decoded."""
    if not node.thumbnail_uri:
        return ""
    content = io.BytesIO()
    try:
        reader.resource_to_stream(node.thumbnail_uri, content)
        if content.tell() > _LIMITS.max_bytes:
            return ""
        source = Path("carried")
        source.write_bytes(content.getvalue())
        return base64.b64encode(encode_jpeg(read_rgb(source, THUMBNAIL_SIDE, _LIMITS)[1])).decode()
    except (c2pa.C2paError, BadMedia, OSError):
        return ""
