"""Whose mark is meant: by a soft binding's algorithm, or by the words in which a maker names its watermark."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "soft_binding_algorithms.toml"
_MAX_NAME = 64  # letters of a name that a stranger's file may make us repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkAlgorithm:
    """What is known of an algorithm. `listed` is whether it is on the C2PA's list, as far as that is known here."""

    name: str
    vendor: str
    kind: str
    listed: bool


def mark_algorithm(algorithm: str) -> MarkAlgorithm:
    """What is known of a soft binding's algorithm; of an unknown one its name, and its vendor if that is known."""
    row = _table()["algorithms"].get(algorithm)
    if row is not None:
        return MarkAlgorithm(name=row["name"], vendor=row["vendor"], kind=row["kind"], listed=True)
    vendors: Mapping[str, str] = _table()["vendors"]
    vendor = next((name for prefix, name in vendors.items() if algorithm.startswith(f"{prefix}.")), "")
    return MarkAlgorithm(name=_readable(algorithm), vendor=vendor, kind="watermark", listed=False)


def marks_named_in(text: str) -> Iterator[tuple[str, str]]:
    """(name, vendor) of each watermark that a text names as a word of its own."""
    for word, vendor in _table()["words"].items():
        if re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![a-z])", text, re.IGNORECASE):
            yield word, vendor


def _readable(name: str) -> str:
    """A stranger's name as one that can be shown: no control characters, and not long."""
    return "".join(letter for letter in name if letter.isprintable())[:_MAX_NAME] or "an unnamed algorithm"


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
