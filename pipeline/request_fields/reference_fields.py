"""A reference in the fields of a request: the names under which it comes, and what is in a data: URL."""

from __future__ import annotations

import base64
import binascii

from core.errors import BadInput

REFERENCE_FIELDS = (
    "input_reference",  # OpenAI, SGLang, vLLM-Omni
    "image_reference",  # vLLM-Omni, as the next
    "video_reference",
    "reference_url",  # SGLang
    "reference",
    "image",
    "image_url",
)
"""Other names for the same: one reference is accepted, under one of them."""


def is_reference_field(name: str) -> bool:
    """Whether a part of a form under this name is a reference: also as `input_reference[image_url]`, or `image[]`."""
    return name.partition("[")[0] in REFERENCE_FIELDS


def is_data_url(url: str) -> bool:
    """Whether this is a data: URL, whatever is in it."""
    return url[:5].lower() == "data:"


def decode_data_url(url: str, name: str) -> bytes:
    """The bytes in a data: URL, at least one. Raises BadInput, naming the field in which it came."""
    head, comma, data = url.partition(",")
    if not comma:  # curl's -F takes what follows a semicolon for an option of its own
        raise BadInput(f"the data: URL of {name} ends before its data; with curl, send it by --form-string", param=name)
    if not head.lower().endswith(";base64"):
        raise BadInput(f"the data: URL of {name} is not base64", param=name)
    try:
        decoded = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(f"the data: URL of {name} is not base64", param=name) from None
    if not decoded:
        raise empty_reference(name)
    return decoded


def empty_reference(name: str) -> BadInput:
    """The error about a reference in which there is nothing."""
    return BadInput(f"{name} is empty: send a picture or a clip in it, or leave it out", param=name)
