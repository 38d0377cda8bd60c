"""Finds characters whose coined names are a letter off: Spoderman, Darth Vadr, pickachu."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from core.edit_distance import edit_distance

_WORD = re.compile(r"[a-z]+")
_MOST_WORDS = 2  # that one name is written as
_MIN_LETTERS = 6  # of what is compared: the shortest names have seven
_LONG_NAME = 12  # letters of a name of which two may be off


def misspelt_characters(folded: str) -> Iterator[tuple[int, int]]:
    """The places of words that are nearly such a name, and not one: those are the word lists' part."""
    known = _coined_names()
    words = list(_WORD.finditer(folded))
    for place, first in enumerate(words):
        for last in words[place : place + _MOST_WORDS]:
            if last is not first and not _stand_together(folded, first, last):
                continue
            joined = first[0] if last is first else first[0] + last[0]
            if len(joined) >= _MIN_LETTERS and any(_is_nearly(joined, name) for name in known.get(joined[0], ())):
                yield first.start(), last.end()


def _stand_together(folded: str, one: re.Match[str], other: re.Match[str]) -> bool:
    return folded[one.end() : other.start()] in (" ", "-", "_")


def _is_nearly(word: str, name: str) -> bool:
    most = 2 if len(name) >= _LONG_NAME else 1
    if abs(len(word) - len(name)) > most or word in (f"{name}s", f"{name}es"):
        return False
    return (word[:3] == name[:3] or word[-3:] == name[-3:]) and 0 < edit_distance(word, name) <= most


@cache
def _coined_names() -> Mapping[str, tuple[str, ...]]:
    """By their first letter, which hardly anybody gets wrong."""
    listed = tomllib.loads(Path(__file__).with_name("characters.toml").read_text(encoding="utf-8"))["coined"]
    return {letter: tuple(name for name in listed if name[0] == letter) for letter in {name[0] for name in listed}}
