"""Reads words as a person would, however they are written, and remembers where they stood.

Handles what people do to pass word lists: look-alike letters, styled Unicode letters, leetspeak, stars,
zero-width characters, letters spaced out, words cut by punctuation, letters repeated.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

_WORD = re.compile(r"[$@]?\w(?:[\w$@!|*+'’]*[\w$*])?")
_CUT = re.compile(r"[-._/·~,*]{1,2}")
_SPACED = re.compile(r"[\s\-._/·~,*|]{1,3}")
_LEET = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
_LEET |= {"$": "s", "@": "a", "!": "i", "|": "l", "+": "t"}
# Letters of other alphabets that look like Latin ones (Unicode TR39, the common ones).
_CONFUSABLES = dict(zip("аеорсухіјѕһԁԛѡкмтвнгпզօսոհ", "aeopcyxijshdqwkmtbhrnqouuh", strict=True))
_CONFUSABLES |= dict(zip("αβεικνορτυχωηζ", "abeikvoptuxwnz", strict=True)) | {
    "ı": "i",
    "ł": "l",
    "ø": "o",
    "ɑ": "a",
    "ɡ": "g",
}
_STYLED = re.compile("[\U0001d400-\U0001d7ff\u2460-\u24ff\U0001f110-\U0001f189]")

_MAX_CACHED_LETTERS = 40  # letters of a word whose readings are remembered; longer ones would fill the memory


@dataclass(frozen=True, slots=True)
class FoldedWord:
    """A word: how it may be read, the plain reading first, and its characters in the original, half-open."""

    readings: tuple[str, ...]
    start: int
    end: int
    hidden: bool = False

    def disguised(self, reading: str) -> bool:
        """Whether the word was disguised, so that this reading would not be found."""
        return self.hidden or reading != self.readings[0]


def tokenize(text: str) -> list[FoldedWord]:
    """The words of a text in order."""
    folded, offsets, hidden = _fold_tracking_hidden(text)
    return [_word(folded, offsets, hidden, *match.span()) for match in _WORD.finditer(folded)]


def join_split_words(text: str) -> list[FoldedWord]:
    """The words that arise when cut and spaced-out words are put together: n.u.d.e, n u d e, nu-de."""
    folded, offsets, _ = _fold_tracking_hidden(text)
    spans = [match.span() for match in _WORD.finditer(folded)]
    return [
        FoldedWord(("", reading), offsets[start], offsets[end - 1] + 1, hidden=True)
        for start, end, reading in (*_spaced(folded, spans), *_halves(folded, spans))
    ]


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """The text in lower case and compatibility form, without invisible characters and accents.

    With it, for each of its characters, the place in the original.
    """
    folded, offsets, _ = _fold_tracking_hidden(text)
    return folded, offsets


def fold_text(text: str) -> str:
    """What `fold_with_offsets` makes of a text, without the places."""
    return _fold_tracking_hidden(text)[0]


def _fold_tracking_hidden(text: str) -> tuple[str, list[int], set[int]]:
    """Folded characters, where each stood, and places (of the original) where something was hidden."""
    if text.isascii():
        return text.lower(), list(range(len(text))), set()
    letters: list[str] = []
    offsets: list[int] = []
    hidden: set[int] = set()
    for place, letter in enumerate(text):
        kept = _fold_letter(letter)
        if not kept or _STYLED.match(letter):
            hidden.add(place)
        letters += kept
        offsets += [place] * len(kept)
    return "".join(letters), offsets, hidden


@cache
def _fold_letter(letter: str) -> str:
    if unicodedata.category(letter) == "Cf" or "\ufe00" <= letter <= "\ufe0f" or "\u0300" <= letter <= "\u036f":
        return ""
    simple = unicodedata.normalize("NFKC", letter).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFD", simple) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", bare)  # Hangul stays whole


def _word(folded: str, offsets: list[int], hidden: set[int], start: int, end: int) -> FoldedWord:
    first, last = offsets[start], offsets[end - 1] + 1
    piece = folded[start:end]
    readings = _cached_readings(piece) if len(piece) <= _MAX_CACHED_LETTERS else tuple(dict.fromkeys(_readings(piece)))
    return FoldedWord(readings, first, last, hidden=bool(hidden) and not hidden.isdisjoint(range(first, last)))


@lru_cache(maxsize=50_000)
def _cached_readings(word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_readings(word)))


def _readings(word: str) -> Iterator[str]:
    bare = word.replace("'", "").replace("’", "")
    yield bare
    folded = "".join(_CONFUSABLES.get(letter, letter) for letter in bare)
    yield folded
    for digit_one in "il":
        leet = _unleet(folded, digit_one)
        if not bare.isdecimal():
            yield leet
            yield re.sub(r"(\w)\1{2,}", r"\1", leet)
            yield re.sub(r"(\w)\1{2,}", r"\1\1", leet)


def _unleet(word: str, digit_one: str) -> str:
    return "".join(digit_one if letter == "1" else _LEET.get(letter, letter) for letter in word)


def _spaced(folded: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Every piece of three letters or more of a run of single letters."""
    run: list[tuple[int, int]] = []
    for span in [*spans, (len(folded) + 9, len(folded) + 10)]:
        if run and span[1] - span[0] == 1 and _SPACED.fullmatch(folded[run[-1][1] : span[0]]):
            run.append(span)
            continue
        for first in range(len(run)):
            for last in range(first + 3, min(len(run), first + 14) + 1):
                piece = "".join(folded[s:e] for s, e in run[first:last])
                yield run[first][0], run[last - 1][1], _unleet(piece, "i")
        run = [span] if span[1] - span[0] == 1 else []


def _halves(folded: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Two neighbours with nothing but a mark between them."""
    for (start, middle), (again, end) in pairwise(spans):
        if _CUT.fullmatch(folded[middle:again]):
            yield start, end, folded[start:middle] + folded[again:end]
