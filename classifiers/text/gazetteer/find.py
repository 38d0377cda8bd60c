"""Finds well-known people and characters whose names are misspelt, in other letters, or not said at all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from classifiers.text.confusables import fold_with_offsets
from classifiers.text.gazetteer.described import described_characters
from classifiers.text.gazetteer.misspelt import misspelt_characters
from classifiers.text.gazetteer.spelling import latin, sound, spelled_nearly
from classifiers.text.lexicon import STRONG_SCORE, TermHit, load_lexicon
from core.mentions import mentioned_names

_FOLDER = Path(__file__).parent
DESCRIBED_SCORE = 0.7
"""Of whoever is described or nearly named: enough to have a person look, and less than a name."""

_WORD = re.compile(r"[^\W\d_][\w'’]*")
_NO_LETTER = re.compile(r"[^a-z]+")
_HANDLE_AFFIXES = re.compile(r"^(?:the|real|iam|itis|official)|(?:official|real|hq|tv)$")
_CASE = re.compile(r"['’]\w{1,4}$")
_CASES = ("s", "a", "owi", "em", "u", "om", "y", "e")  # German, Polish and Russian ones, in Latin letters
_MIN_HANDLE = 7  # letters of a name that is written as one word: shorter ones are anybody's
_MIN_SOUNDS = 5  # consonants of a whole name: shorter ones sound like too much else


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    surnames: frozenset[str]
    signs: tuple[str, ...]
    office_words: tuple[str, ...]
    offices: re.Pattern[str]
    names: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
    handles: frozenset[str]


def gazetteer_hits(text: str) -> Iterator[TermHit]:
    """Where one is meant. Names as they are usually written are the word lists' part."""
    known = _gazetteer()
    folded, offsets = fold_with_offsets(text)

    def hit(label: str, start: int, end: int, score: float) -> TermHit:
        return TermHit(label, offsets[start], offsets[end - 1] + 1, score)

    for start, end in (*described_characters(folded), *misspelt_characters(folded)):
        yield hit("copyright_ip", start, end, DESCRIBED_SCORE)
    if any(word in folded for word in known.office_words):
        for match in known.offices.finditer(folded):
            if match.end() > match.start():
                yield hit("public_figure", *match.span(), DESCRIBED_SCORE)
    if not text.isascii():
        for sign in known.signs:
            if (start := text.find(sign)) >= 0:
                yield TermHit("public_figure", start, start + len(sign), STRONG_SCORE)
    yield from _nearly_named(text, known)
    yield from _mentioned(text, known)


def _nearly_named(text: str, known: _Gazetteer) -> Iterator[TermHit]:
    words = [match for match in _WORD.finditer(text) if not match[0][0].islower()]
    for match in words:
        if _is_surname(match[0], known):
            yield TermHit("public_figure", match.start(), match.end(), DESCRIBED_SCORE)
    for first, last in pairwise(words):
        if not text[first.end() : last.start()].strip(" ·-.,") and last.start() - first.end() <= 2:
            found = known.names.get((sound(first[0]), sound(last[0])), ())
            if any(_is_spelling(first[0], name[0]) and _is_spelling(last[0], name[1]) for name in found):
                yield TermHit("public_figure", first.start(), last.end(), DESCRIBED_SCORE)


def _is_surname(word: str, known: _Gazetteer) -> bool:
    """Or one with a case behind it: Erdoğan'ın, Putina, Macrons."""
    plain = latin(_CASE.sub("", word))
    return plain in known.surnames or any(
        plain.endswith(case) and plain.removesuffix(case) in known.surnames for case in _CASES
    )


def _mentioned(text: str, known: _Gazetteer) -> Iterator[TermHit]:
    """Handles that are a famous name written as one word: @cristiano_ronaldo, @realelonmusk, @tomhanks1."""
    for start, end, name in mentioned_names(text):
        joined = _NO_LETTER.sub("", latin(name))
        if joined in known.handles or _HANDLE_AFFIXES.sub("", joined) in known.handles:
            yield TermHit("public_figure", start, end, STRONG_SCORE)


def _is_spelling(word: str, name: str) -> bool:
    """In other letters than Latin the sound is enough, since a spelling there says no more."""
    folded = latin(word)
    return not any(letter.isascii() for letter in word) or spelled_nearly(folded, name)


@cache
def _gazetteer() -> _Gazetteer:
    people = tomllib.loads((_FOLDER / "people.toml").read_text(encoding="utf-8"))
    return _Gazetteer(
        surnames=frozenset(people["surnames"]),
        signs=tuple(people["signs"]),
        office_words=tuple(people["office_words"]),
        offices=re.compile(people["offices"].replace("\n", "")),
        names=_names_by_sound(),
        handles=frozenset("".join(form) for form in _famous_names() if len("".join(form)) >= _MIN_HANDLE),
    )


def _names_by_sound() -> Mapping[tuple[str, str], tuple[tuple[str, str], ...]]:
    """The names of two words of the word list, by how they sound."""
    names: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for form in _famous_names():
        if len(form) == 2:
            key = sound(form[0]), sound(form[1])
            if len(key[0] + key[1]) >= _MIN_SOUNDS:
                names.setdefault(key, []).append((form[0], form[1]))
    return {key: tuple(those) for key, those in names.items()}


def _famous_names() -> Iterator[tuple[str, ...]]:
    """The names of the word list that are in ASCII, as words."""
    for entries in load_lexicon().phrases.values():
        for form, label, score in entries:
            if label == "public_figure" and score >= STRONG_SCORE and all(map(str.isascii, form)):
                yield form
