"""Puts plain words for phrases that say one thing and mean another: "head shot of a man" is a portrait of him.

Models that learnt from words of violence find it in the language of film and of toys, and word lists find nudity in
marble. What is read instead is the same request in other words; nothing is left out but the phrase itself, so whatever
else a prompt asks for is still found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from classifiers.text.deobfuscate import NormalisedText
from classifiers.text.readings.namesakes import namesake_phrases
from core.mentions import mentioned_names

_PHRASES_FILE = Path(__file__).with_name("plain_phrases.toml")
_BETWEEN_NAMES = re.compile(r"[_.\-\d]+")
_INITIALS = 2  # letters
_MEANING_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class PlainPhrase:
    """The characters of a phrase, half-open, and what it means."""

    start: int
    end: int
    meaning: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """Phrases that become doubtful together: `unless` and `only` are looked for in what is left of a text without them.

    Where there is an `only`, they mean something else beside its words alone.
    """

    needs: tuple[str, ...]
    unless: re.Pattern[str]
    only: re.Pattern[str]
    phrases: tuple[tuple[re.Pattern[str], str], ...]


def plain_phrases(text: str) -> list[PlainPhrase]:
    """The phrases of a text that mean something else than their words, in order, none inside another."""
    lower = text.lower() if len(text.lower()) == len(text) else text
    found = [phrase for kind in _kinds() for phrase in _of_kind(lower, kind)]
    found += [PlainPhrase(*place) for place in namesake_phrases(text)]
    return _apart(found)


def plain_reading(reading: NormalisedText) -> NormalisedText:
    """The text with plain words for such phrases; itself where it has none. Places are those of the original."""
    return _with_meanings(reading, plain_phrases(reading.text))


def named_mentions(reading: NormalisedText) -> NormalisedText:
    """The text with "noor" for "@noor_92": in a prompt for a video that is an enrolled person, and no post to one.

    Words of a name stay, so that nothing can hide in it. Places are those of the original.
    """
    found = [PlainPhrase(start, end, _as_a_name(name)) for start, end, name in mentioned_names(reading.text)]
    return _with_meanings(reading, found)


def names_mentioned(reading: NormalisedText) -> tuple[str, ...]:
    """Each name once, in order, as `named_mentions` puts it."""
    return tuple(dict.fromkeys(_as_a_name(name) for _, _, name in mentioned_names(reading.text)))


def _as_a_name(handle: str) -> str:
    """Its words, without numbers and initials beside them."""
    words = [word for word in _BETWEEN_NAMES.split(handle) if word]
    return " ".join([word for word in words if len(word) > _INITIALS] or words)


def _with_meanings(reading: NormalisedText, phrases: Sequence[PlainPhrase]) -> NormalisedText:
    if not phrases:
        return reading
    letters: list[str] = []
    offsets: list[int] = []
    last = 0
    for phrase in phrases:
        letters += [reading.text[last : phrase.start], phrase.meaning]
        offsets += reading.offsets[last : phrase.start]
        offsets += _whole_phrase(phrase.meaning, reading.offsets[phrase.start : phrase.end])
        last = phrase.end
    letters.append(reading.text[last:])
    offsets += reading.offsets[last:]
    return NormalisedText("".join(letters), tuple(offsets))


def _whole_phrase(meaning: str, behind: Sequence[int]) -> list[int]:
    """Places for the meaning's characters, so that each of its words stands for the whole phrase: no "Head sho"."""
    places = [behind[0]] * len(meaning)
    for word in _MEANING_WORD.finditer(meaning):
        places[word.end() - 1] = behind[-1]
        if len(word[0]) > 1:
            places[word.start()] = behind[0]
    return places


@cache
def _kinds() -> tuple[_Kind, ...]:
    table = tomllib.loads(_PHRASES_FILE.read_text(encoding="utf-8"))
    return tuple(
        _Kind(
            needs=tuple(kind["needs"]),
            unless=re.compile(kind["unless"]),
            only=re.compile(kind.get("only", "")),
            phrases=tuple((re.compile(pattern), meaning) for pattern, meaning in kind["phrases"]),
        )
        for kind in table.values()
    )


def _of_kind(text: str, kind: _Kind) -> Sequence[PlainPhrase]:
    if not any(needed in text for needed in kind.needs):
        return ()
    found = _apart(list(_matches(text, kind)))
    rest = _rest(text, found)
    return found if found and kind.only.search(rest) and not kind.unless.search(rest) else ()


def _matches(text: str, kind: _Kind) -> Iterator[PlainPhrase]:
    for pattern, meaning in kind.phrases:
        for match in pattern.finditer(text):
            if match.end() > match.start():
                yield PlainPhrase(match.start(), match.end(), match.expand(meaning))


def _rest(text: str, phrases: Sequence[PlainPhrase]) -> str:
    for phrase in reversed(phrases):
        text = f"{text[: phrase.start]} {text[phrase.end :]}"
    return text


def _apart(phrases: list[PlainPhrase]) -> list[PlainPhrase]:
    """Of phrases that share characters the longest."""
    chosen: list[PlainPhrase] = []
    for phrase in sorted(phrases, key=lambda one: (one.start - one.end, one.start)):
        if all(phrase.end <= other.start or other.end <= phrase.start for other in chosen):
            chosen.append(phrase)
    return sorted(chosen, key=lambda one: one.start)
