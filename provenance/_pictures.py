"""Takes the small pictures out of a stranger's credentials and makes them anew. Runs in the limited process.

Whatever lies there is decoded here, shrunk and encoded again as a plain JPEG: nobody outside sees a stranger's bytes.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import c2pa

from core.errors import BadMedia
from media.limits import MIB, Limits
from media.still import read_rgb
from provenance.claims import CASE
from provenance.jpeg import SIDE, jpeg
from provenance.lineage import history
from provenance.manifests import Node
from provenance.sayings import own

_MOST = 12
_LIMITS = Limits(max_bytes=2 * MIB, max_side=2048)


def read_pictures(path: str, settings: dict[str, Any]) -> list[dict[str, str]]:
    """For each step of lineage.history, in its order: {"manifest", "case", "picture": JPEG in base64, or nothing}.

    Nothing at all for a file without credentials that can be read.
    """
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    try:
        with Path(path).open("rb") as stream, c2pa.Reader(stream, context=context) as reader:
            return _steps(reader)
    except c2pa.C2paError:
        return []


def _steps(reader: c2pa.Reader) -> list[dict[str, str]]:
    store = json.loads(reader.json())
    steps, left = [], _MOST
    for node in history(store):
        picture = _picture(reader, node) if left else ""
        left -= bool(picture)
        steps.append({"manifest": node.label, "case": str(own(node, CASE).get("id", "")), "picture": picture})
    return steps


def _picture(reader: c2pa.Reader, node: Node) -> str:
    """Nothing where there is none, it is too large, or it cannot be decoded."""
    if not node.picture:
        return ""
    content = io.BytesIO()
    try:
        reader.resource_to_stream(node.picture, content)
        if content.tell() > _LIMITS.max_bytes:
            return ""
        carried = Path("carried")
        carried.write_bytes(content.getvalue())
        return base64.b64encode(jpeg(read_rgb(carried, SIDE, _LIMITS)[1])).decode()
    except (c2pa.C2paError, BadMedia, OSError):
        return ""
