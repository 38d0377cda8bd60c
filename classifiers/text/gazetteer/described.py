"""Finds characters by what they look like: enough of the marks of one, each at the beginning of a word."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_KEY = 3  # letters by which what could begin at a word is looked up
_WORD_START = re.compile(r"(?<![a-z])[a-z]")


@dataclass(frozen=True, slots=True)
class _Mark:
    """One way to put one of a character's marks."""

    character: str
    number: int
    words: str


@dataclass(frozen=True, slots=True)
class _Characters:
    """How many marks each needs, and the marks by their first letters; those that begin with others by themselves."""

    least: Mapping[str, int]
    by_beginning: Mapping[str, tuple[_Mark, ...]]
    other_letters: tuple[_Mark, ...]


def described_characters(folded: str) -> Iterator[tuple[int, int]]:
    """The place of the first mark of each character that a folded text describes: who brings tea has no ring."""
    known = _characters()
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for mark, start in _marks(folded, known):
        found.setdefault(mark.character, {}).setdefault(mark.number, (start, start + len(mark.words)))
    for character, places in found.items():
        if len(places) >= known.least[character]:
            yield places[min(places)]


def _marks(folded: str, known: _Characters) -> Iterator[tuple[_Mark, int]]:
    for beginning in _WORD_START.finditer(folded):
        start = beginning.start()
        for mark in known.by_beginning.get(folded[start : start + _KEY], ()):
            if folded.startswith(mark.words, start):
                yield mark, start
    if not folded.isascii():
        for mark in known.other_letters:
            if (start := folded.find(mark.words)) >= 0:
                yield mark, start


@cache
def _characters() -> _Characters:
    table = tomllib.loads(Path(__file__).with_name("characters.toml").read_text(encoding="utf-8"))["characters"]
    marks = [
        _Mark(name, number, words)
        for name, one in table.items()
        for number, mark in enumerate(one["marks"])
        for words in mark.split("|")
    ]
    by_beginning: dict[str, list[_Mark]] = {}
    for mark in marks:
        by_beginning.setdefault(mark.words[:_KEY], []).append(mark)
    return _Characters(
        least={name: one["least"] for name, one in table.items()},
        by_beginning={beginning: tuple(those) for beginning, those in by_beginning.items()},
        other_letters=tuple(mark for mark in marks if not _WORD_START.match(mark.words)),
    )
