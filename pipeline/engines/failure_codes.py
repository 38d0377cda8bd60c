"""What an engine's failure means for the case: over for good, or worth another order.

The codes are those of core.errors.RENDER_FAILURE_CODES. An engine's error is an object with `code`, `type` and
`message` (OpenAI), a text (Dynamo), or FastAPI's `detail`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.engines.safe_reason import safe_reason

_OUT_OF_MEMORY = re.compile(r"out[ _-]?of[ _-]?memory|\boom\b|cannot allocate memory|alloc\w* fail", re.IGNORECASE)
_INVALID = re.compile(
    r"invalid|unsupported|not[ _]supported|out[ _]of[ _]range|must be|should be|divisible|exceeds?\b|"
    r"too (large|long|many|small)|validation|badrequest|bad[ _]request",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"time[d]?[ _-]?out|unavailable|overload|rate[ _]limit|too many requests|connection|restart|preempt|"
    r"shut(ting)?[ _]?down|cancel|abort|try again|temporar|worker (died|lost)|dead",
    re.IGNORECASE,
)
_SENTENCES = {
    "invalid_parameters": "The engine does not accept these parameters: change the model, the size or the seconds.",
    "out_of_memory": "The engine ran out of memory: ask for a smaller size, fewer frames or fewer seconds.",
    "not_a_video": "The engine did not deliver a video.",
    "engine_error": "The engine failed and does not say why.",
}
_SERVER_ERRORS = frozenset({"502", "503", "504", "429", "408"})


def failure_code(error: object) -> str:
    """Which of the codes an engine's error stands for, or nothing where another order may help."""
    text = _text_of(error)
    if _OUT_OF_MEMORY.search(text):
        return "out_of_memory"
    if _code_of(error) in _SERVER_ERRORS or _PASSING.search(text):
        return ""
    if _INVALID.search(text):
        return "invalid_parameters"
    return "engine_error"


def failure_reason(code: str, error: object, known: frozenset[str] = frozenset()) -> str:
    """A sentence that may be kept and shown: the engine's own where its words are known, else one for the code."""
    said = safe_reason(message_of_error(error), known)
    return f"The engine says: {said}" if said else _SENTENCES.get(code, _SENTENCES["engine_error"])


def is_out_of_memory(error: object) -> bool:
    """Whether an engine's error says that memory ran out."""
    return bool(_OUT_OF_MEMORY.search(_text_of(error)))


def message_of_error(error: object) -> str:
    """The sentence of an engine's error, whatever its shape. It may hold anything: see safe_reason."""
    if isinstance(error, str):
        return error
    if isinstance(error, list):
        return "; ".join(_validation_message(one) for one in error[:3])
    if isinstance(error, Mapping):
        return next((str(error[name]) for name in ("message", "msg", "detail", "error") if error.get(name)), "")
    return ""


def error_of_answer(answer: Mapping[str, Any]) -> object:
    """The part of an answer that says what is wrong."""
    return answer.get("error") or answer.get("detail") or answer.get("message") or {}


def _validation_message(one: object) -> str:
    """One of pydantic's errors, as `size: must be …`."""
    if not isinstance(one, Mapping):
        return str(one)
    where = one.get("loc")
    name = str(where[-1]) if isinstance(where, list | tuple) and where else ""
    return f"{name}: {one.get('msg', '')}" if name else str(one.get("msg", ""))


def _text_of(error: object) -> str:
    return f"{_code_of(error)} {_type_of(error)} {message_of_error(error)}"[:4000]


def _code_of(error: object) -> str:
    return str(error.get("code") or "") if isinstance(error, Mapping) else ""


def _type_of(error: object) -> str:
    return str(error.get("type") or "") if isinstance(error, Mapping) else ""
