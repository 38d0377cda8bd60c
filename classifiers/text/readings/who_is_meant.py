"""Whether a text means a real person: what is asked of a statue or of somebody made up harms nobody.

A rule about a real person needs one. They are meant by a relation ("my teacher"), by a picture that is there ("the
woman in the photo"), by an order about somebody who is there already ("remove her dress"), or by a name.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from classifiers.text.lexicon import STRONG_SCORE, find_terms, load_lexicon

_WORDS_FILE = Path(__file__).with_name("who_is_meant.toml")
_BY_PRONOUN = 0.75  # somebody of whom nothing was said before: a person looks, and nobody is accused
_BY_NOTHING = 0.3
_NAME = re.compile(r"(?:^|(?<=[^\W\d_] )|(?<=, ))([A-ZÀ-ÖØ-Þ][a-zà-ÿ'’]+ [A-ZÀ-ÖØ-Þ][a-zà-ÿ'’]{2,})\b")
_BEFORE_A_PLACE = re.compile(
    r"\b(?:in|at|from|near|to|through|over|the|an?|into|towards?)(?: an?| the)? $", re.IGNORECASE
)
_CAPITALISED = re.compile(r"\b[A-ZÀ-ÖØ-Þ]")
_WORD = re.compile(r"\b[^\W\d_]")
_MAX_CAPITALISED = 0.6  # of the words: from here on it is a title, and capitals say nothing


@dataclass(frozen=True, slots=True)
class _Words:
    surely: re.Pattern[str]
    edits: re.Pattern[str]
    pronouns: re.Pattern[str]
    introduced: re.Pattern[str]


def person_factor(text: str) -> float:
    """By what is multiplied what a text seems to ask of a real person: 1.0 where one is meant, little where none is."""
    words = _words()
    lower = text.lower() if len(text.lower()) == len(text) else text
    if words.surely.search(lower) or words.edits.search(lower) or _names_somebody(text):
        return 1.0
    first = words.pronouns.search(lower)
    if first and not words.introduced.search(lower, 0, first.start()):
        return _BY_PRONOUN
    return _BY_NOTHING


def _names_somebody(text: str) -> bool:
    """Whether a well-known person is named, or two words with capitals may be a name."""
    if any(hit.label == "public_figure" and hit.score >= STRONG_SCORE for hit in find_terms(text, load_lexicon())):
        return True
    capitals, letters = len(_CAPITALISED.findall(text)), len(_WORD.findall(text))
    if letters > 2 and capitals > _MAX_CAPITALISED * letters:
        return False
    return any(not _BEFORE_A_PLACE.search(text, 0, match.start(1)) for match in _NAME.finditer(text))


@cache
def _words() -> _Words:
    table = tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    return _Words(**{name: re.compile(table[name].replace("\n", "")) for name in _Words.__slots__})
