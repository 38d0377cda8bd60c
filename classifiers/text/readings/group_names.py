"""Reads a text as if it spoke of another group: what people are is no harm, what is said of them may be.

Models that learnt from hate find it in the names of those who are hated most. So a text that seems hateful and names a
group is read once more with one and the same group's name put for it, and counts as no more hateful than that: "Jews
bake bread" is no worse than "deaf people bake bread", and what is vile stays so, whoever it is said of.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NAMES_FILE = Path(__file__).with_name("group_names.toml")
_UNPARTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # scripts that do not part words
_PREFIXED = re.compile(r"[\u0600-\u06ff]")  # Arabic puts "and" and "by" before a word and joins them to it


@dataclass(frozen=True, slots=True)
class _Language:
    words: frozenset[str]
    names: re.Pattern[str]
    readings: Mapping[str, str]


def read_as_one_group(text: str) -> str | None:
    """The text with the same group named wherever it names one; None where it names none."""
    found = [language for language in _languages() if language.names.search(text)]
    if not found:
        return None
    words = set(re.findall(r"[^\W\d_]+", text.lower()))
    # Several share a name, as "Sikhs": the one of most of the other words it is, or the one that knows most names.
    spoken = max(
        found, key=lambda one: (len(one.words & words), sum(len(name[0]) for name in one.names.finditer(text)))
    )
    return spoken.names.sub(lambda match: _as_written(match, spoken.readings), text)


def _as_written(match: re.Match[str], readings: Mapping[str, str]) -> str:
    """Capitals stay capitals: a text that shouts goes on shouting."""
    reading = readings[match.lastgroup or ""]
    return reading.upper() if match[0].isupper() else reading


@cache
def _languages() -> tuple[_Language, ...]:
    table = tomllib.loads(_NAMES_FILE.read_text(encoding="utf-8"))
    return tuple(_language(frozenset(of_one["words"]), of_one["names"]) for of_one in table.values())


def _language(words: frozenset[str], names: Mapping[str, list[str]]) -> _Language:
    groups = {f"reading{number}": reading for number, reading in enumerate(names)}
    forms = "|".join(
        f"(?P<{group}>{'|'.join(sorted(names[reading], key=len, reverse=True))})" for group, reading in groups.items()
    )
    whole = next(iter(names))
    if _UNPARTED.search(whole):
        pattern = forms
    else:
        before = r"(?<![^\W\d_])" if not _PREFIXED.search(whole) else r"(?<![^\W\d_])[وفبلك]?"
        # Signs of Devanagari are no letters for a regular expression, but words go on with them.
        pattern = rf"{before}(?:{forms})(?![\w\u0900-\u097f])"
    return _Language(words, re.compile(pattern, re.IGNORECASE), groups)
