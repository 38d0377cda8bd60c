"""What is in an object that an engine takes, such as extra_params: every value, with the place where it stands.

An object is kept and passed on as JSON, among the texts: its keys are the sender's words as its texts are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from core.errors import BadInput
from core.events import ParameterValue
from pipeline.engines.trade_words import TRADE_WORDS

MAX_DEPTH = 6
MAX_LEAVES = 256

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_SENTENCE = 6  # words from which on a line is kept as it is
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN_WORDS = re.compile(r"(?:[.\[\]_-]|\d)+")


def flatten_parameter(name: str, value: object) -> Iterator[tuple[str, ParameterValue]]:
    """Every value in `value`, with its place, as `extra_params.edges[0].weight`. Raises BadInput, naming the place.

    A key is a word of letters, digits, _ and -, and nothing is empty: what cannot be read is not passed on.
    """
    yield from _leaves(name, value, 0)


def object_of_text(text: str) -> dict[str, object] | None:
    """The object that a parameter's text is, None where it is a plain text."""
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def words_of_object(value: dict[str, object]) -> str:
    """Everything in an object that a person may have worded: its texts, and its keys with `_` as a space, in lines.

    What is in words of the trade alone is left out. Of a short line only the words are kept that no line before it has:
    a LoRA's name stands in its path too, and repeated fragments read like an insult to the nets.
    """
    leaves = list(flatten_parameter("", value))
    texts = [leaf for _, leaf in leaves if isinstance(leaf, str)]
    lines: list[str] = []
    seen: set[str] = set()
    for line in dict.fromkeys((*texts, *(_BETWEEN_WORDS.sub(" ", path).strip() for path, _ in leaves))):
        words = _WORD.findall(line)
        new = [word for word in words if word.lower() not in seen]
        if new and not TRADE_WORDS.issuperset(word.lower() for word in words):
            lines.append(line if len(words) >= _SENTENCE or new == words else " ".join(new))
            seen.update(word.lower() for word in words)
    return "\n".join(lines)


def _leaves(path: str, value: object, depth: int) -> Iterator[tuple[str, ParameterValue]]:
    if isinstance(value, bool | int | float | str):
        yield path, value
        return
    if depth == MAX_DEPTH:
        raise BadInput(f"{path} is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise BadInput(f"a key in {path} is not a word of letters, digits, _ and -")
            yield from _leaves(f"{path}.{key}", inner, depth + 1)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(f"{path}[{index}]", inner, depth + 1)
    else:
        raise BadInput(f"{path} has no value")
