"""Reads a prompt as it was meant: what was hidden, disguised, encoded or turned round is written out.

`visible_text` is what every model sees. `deobfuscate` is a second reading, given only where it differs: letters of
other alphabets
and digits are read as the Latin letters they stand for where that makes a known word, letters that changed places are
put right, spaced-out words are put together, base64 is decoded, text written backwards is turned round. Each keeps
where its characters stood.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from classifiers.text.confusables import join_split_words, tokenize

_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/=_-])")
_LETTERS = re.compile(r"[^\W\d_]+")
_TONES = {0x1F3FB: "white", 0x1F3FC: "light skinned", 0x1F3FD: "brown", 0x1F3FE: "dark skinned", 0x1F3FF: "black"}
_NOISE = ("emoji component", "variation selector", "combining enclosing", "zero width")
_SHORTEST = 3  # letters of a word that is put together
_MISTYPED = 5  # letters of a word whose spelling is put right
_SPELLED = 0.6  # of the longer words must be known, else it may be another language


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """A text, and for each of its characters the place in the original."""

    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's characters behind these, half-open. An empty span where nothing lies behind them."""
        behind = self.offsets[start:end]
        return (min(behind), max(behind) + 1) if behind else (0, 0)


def visible_text(text: str) -> str:
    """The text in compatibility form, without invisible characters, pictures as words."""
    return normalise(text).text


def normalise(text: str) -> NormalisedText:
    """`visible_text` with places."""
    if text.isascii():
        return NormalisedText(text, tuple(range(len(text))))
    letters: list[str] = []
    at: list[int] = []
    for place, letter in enumerate(text):
        kept = _normalise_letter(letter)
        letters.append(kept)
        at += [place] * len(kept)
    return NormalisedText("".join(letters), tuple(at))


def deobfuscate(text: str, is_word: Callable[[str], bool]) -> NormalisedText | None:
    """What the text says once its disguise is undone; None where it wears none. `is_word` tells words from noise."""
    for undone in (_decoded(text), _reversed_text(text, is_word), _undisguised(text, is_word)):
        if undone is not None and undone.text.casefold() != visible_text(text).casefold():
            return undone
    return None


@cache
def _normalise_letter(letter: str) -> str:
    code = ord(letter)
    if letter.isascii():
        return letter
    if 0x1F1E6 <= code <= 0x1F1FF:  # flags are pairs of letters
        return chr(code - 0x1F1E6 + ord("a"))
    if code in _TONES:
        return f" {_TONES[code]} "
    category = unicodedata.category(letter)
    if category in ("Cf", "Mn") and (category == "Cf" or 0xFE00 <= code <= 0xFE0F or 0x20D0 <= code <= 0x20FF):
        return ""
    if category in ("So", "Sk") and code > 0x2000:
        name = unicodedata.name(letter, "").lower()
        return f" {name} " if name and not name.startswith(_NOISE) else " "
    return unicodedata.normalize("NFKC", letter)


def _undisguised(text: str, known: Callable[[str], bool]) -> NormalisedText | None:
    """Each word as its disguise was meant, where that is a word and what stands there is none."""
    pieces: list[tuple[int, int, str]] = []
    spelled = _share(visible_text(text), known) >= _SPELLED
    for word in join_split_words(text):
        put = word.readings[-1]
        if len(put) >= _SHORTEST and known(put) and not _all_known(text[word.start : word.end], known):
            pieces.append((word.start, word.end, put))
    for word in tokenize(text):
        plain = word.readings[0]
        if known(plain) and not word.hidden:
            continue
        better = next((r for r in word.readings[1:] if known(r)), plain if word.hidden else None)
        if better is None and spelled:
            better = _respelled(plain, known)
        if better is not None and len(better) >= _SHORTEST:
            pieces.append((word.start, word.end, better))
    return _replaced(text, _non_overlapping(pieces)) if pieces else None


def _respelled(word: str, known: Callable[[str], bool]) -> str | None:
    """The only known word that two neighbouring letters changing places, or a letter less of two alike, make of it."""
    if len(word) < _MISTYPED or not word.isascii() or not word.isalpha():
        return None
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    shorter = {word[:i] + word[i + 1 :] for i in range(len(word) - 1) if word[i] == word[i + 1]}
    for tried in (swapped, shorter):
        found = [one for one in tried if known(one)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _all_known(piece: str, known: Callable[[str], bool]) -> bool:
    found = [word for word in _LETTERS.findall(piece.casefold()) if len(word) > 1]
    return bool(found) and all(map(known, found))


def _non_overlapping(pieces: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """The longest first where several claim the same characters, then in order."""
    taken: list[tuple[int, int, str]] = []
    for piece in sorted(pieces, key=lambda one: one[0] - one[1]):
        if all(piece[1] <= start or end <= piece[0] for start, end, _ in taken):
            taken.append(piece)
    yield from sorted(taken)


def _replaced(text: str, pieces: Iterator[tuple[int, int, str]]) -> NormalisedText:
    letters: list[str] = []
    at: list[int] = []
    last = 0
    for start, end, put in [*pieces, (len(text), len(text), "")]:
        plain = normalise(text[last:start])
        letters += [plain.text, put]
        at += [last + place for place in plain.offsets]
        at += [min(start + i, end - 1) for i in range(len(put))]
        last = end
    return NormalisedText("".join(letters), tuple(at))


def _decoded(text: str) -> NormalisedText | None:
    """The text with every piece of base64 that hides words written out."""
    pieces = []
    for found in _BASE64.finditer(text):
        if (plain := _from_base64(found[0])) is not None:
            pieces.append((found.start(), found.end(), plain))
    return _replaced(text, iter(pieces)) if pieces else None


def _from_base64(piece: str) -> str | None:
    whole = piece.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        said = base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    letters = sum(1 for c in said if c.isalpha() or c == " ")
    return said if len(said) >= 8 and letters >= 0.8 * len(said) and said.isprintable() else None


def _reversed_text(text: str, known: Callable[[str], bool]) -> NormalisedText | None:
    """The text read backwards, if that way most of its words are known and this way hardly any."""
    plain = normalise(text)
    here, there = _share(plain.text, known), _share(plain.text[::-1], known)
    return NormalisedText(plain.text[::-1], plain.offsets[::-1]) if there >= 0.6 and there >= here + 0.4 else None


def _share(text: str, known: Callable[[str], bool]) -> float:
    found = [word for word in _LETTERS.findall(text.casefold()) if len(word) > 2]
    return sum(map(known, found)) / len(found) if len(found) >= 2 else 0.0
