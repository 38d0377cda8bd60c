"""Which form of an order's body an engine reads: found once, and remembered for as long as the process lives.

vLLM-Omni reads multipart forms only and answers JSON with 400 and pydantic's "Field required"; others use 415 or 422.
"""

from __future__ import annotations

import json
import re
import threading
from typing import Literal

BodyFormat = Literal["auto", "json", "multipart"]
WireFormat = Literal["json", "multipart"]

_READ_BYTES = 65_536  # of an answer: what is said about a body is said in its first lines
_FORMAT_WORDS = re.compile(
    r"multipart|form[- ]?(?:data|field|body)|urlencoded|content[- ]?type|media[- ]?type|"
    r"field required|prompt['\"` ]*(?:field )?(?:is |was )?(?:missing|required)|missing[^.]{0,30}\bprompt\b|"
    r"not (?:a )?valid json|invalid json|json[_ ](?:invalid|decode)|expecting value|"
    r"valid (?:dictionary|dict|object)|model_attributes_type|unprocessable",
    re.IGNORECASE,
)
_READ_ERRORS = frozenset({"json_invalid", "model_attributes_type", "dict_type", "model_type", "value_error.jsondecode"})


class FormatMemory:
    """What is known of an engine's body format. Safe to share between threads."""

    def __init__(self, body_format: BodyFormat = "auto") -> None:
        self._fixed: WireFormat | None = None if body_format == "auto" else body_format
        self._found: WireFormat | None = None
        self._lock = threading.Lock()

    def candidates(self, *, has_file: bool) -> tuple[WireFormat, ...]:
        """The formats to try, the likeliest first: one where it is set, else two.

        A file goes as a form where nothing is known: base64 in JSON is a third larger and not every engine reads it.
        """
        if self._fixed:
            return (self._fixed,)
        first: WireFormat = self._found or ("multipart" if has_file else "json")
        return (first, "json" if first == "multipart" else "multipart")

    def found(self, body_format: WireFormat) -> None:
        """The engine read a body of this format after it had refused the other one."""
        with self._lock:
            self._found = body_format


def is_format_refusal(status: int, body: bytes) -> bool:
    """Whether an engine refused how an order was written, and perhaps not what it asks for.

    Only of an order that has a prompt: "the prompt is missing" then says that the body was not read.
    """
    if status == 415:
        return True
    if status not in (400, 422):
        return False
    text = body[:_READ_BYTES].decode("utf-8", "replace")
    if not text.strip():
        return status == 422
    errors = _validation_errors(text)
    if errors is not None:
        return any(_is_unread(error) for error in errors)
    return bool(_FORMAT_WORDS.search(text))


def _validation_errors(text: str) -> list[dict[str, object]] | None:
    """FastAPI's list of pydantic errors; None where the answer is no such list."""
    try:
        detail = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return [error for error in detail if isinstance(error, dict)] if isinstance(detail, list) else None


def _is_unread(error: dict[str, object]) -> bool:
    """Whether a validation error is about the whole body, or about the prompt that every order has."""
    where = error.get("loc")
    place = [str(part) for part in where] if isinstance(where, list | tuple) else []
    if str(error.get("type", "")) in _READ_ERRORS and place[:2] != ["body", "size"]:
        return len(place) <= 2
    return place in (["body"], []) or "prompt" in place
