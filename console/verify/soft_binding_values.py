"""Values of soft bindings as the API carries them: base64 of bytes, or of the hex in which our manifests write them."""

from __future__ import annotations

import base64
import binascii
import re

from core.errors import BadInput

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")


def hex_candidates(value: str) -> list[str]:
    """What a base64 value may mean, in hex: its bytes and, where they spell hex, what they spell. Raises BadInput."""
    text = value.replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("value: base64 is expected") from None
    if not raw or len(raw) > 512:
        raise BadInput("value: 1 to 512 bytes in base64 are expected")
    return [raw.hex(), raw.decode().lower()] if _HEX.fullmatch(raw) else [raw.hex()]
