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
_MIN_JOINED_LETTERS = 3  # letters of a word that is put together
_MIN_CORRECTED_LETTERS = 5  # letters of a word whose spelling is put right
_MIN_KNOWN_SHARE = 0.6  # of the longer words must be known, else it may be another language


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """A text, and for each of its characters the place in the original."""

    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's characters behind these, half-open. An empty span where there are none."""
        behind = self.offsets[start:end]
        return (min(behind), max(behind) + 1) if behind else (0, 0)


def unchanged(text: str) -> NormalisedText:
    """The text as it stands."""
    return NormalisedText(text, tuple(range(len(text))))


def visible_text(text: str) -> str:
    """The text in compatibility form, without invisible characters, pictures as words."""
    return normalise(text).text


def normalise(text: str) -> NormalisedText:
    """`visible_text` with places."""
    if text.isascii():
        return unchanged(text)
    letters: list[str] = []
    offsets: list[int] = []
    for place, letter in enumerate(text):
        kept = _normalise_letter(letter)
        letters.append(kept)
        offsets += [place] * len(kept)
    return NormalisedText("".join(letters), tuple(offsets))


def deobfuscate(text: str, is_word: Callable[[str], bool]) -> NormalisedText | None:
    """The text without its disguise; None where it has none. `is_word` distinguishes words from noise."""
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


def _undisguised(text: str, is_word: Callable[[str], bool]) -> NormalisedText | None:
    """Each disguised word as it was meant, where that is a word and the written form is none."""
    pieces: list[tuple[int, int, str]] = []
    spelled = _share(visible_text(text), is_word) >= _MIN_KNOWN_SHARE
    for word in join_split_words(text):
        replacement = word.readings[-1]
        if (
            len(replacement) >= _MIN_JOINED_LETTERS
            and is_word(replacement)
            and not _all_known(text[word.start : word.end], is_word)
        ):
            pieces.append((word.start, word.end, replacement))
    for word in tokenize(text):
        plain = word.readings[0]
        if is_word(plain) and not word.hidden:
            continue
        better = next((r for r in word.readings[1:] if is_word(r)), plain if word.hidden else None)
        if better is None and spelled:
            better = _respelled(plain, is_word)
        if better is not None and len(better) >= _MIN_JOINED_LETTERS:
            pieces.append((word.start, word.end, better))
    return _replaced(text, _non_overlapping(pieces)) if pieces else None


def _respelled(word: str, is_word: Callable[[str], bool]) -> str | None:
    """The only known word that two neighbouring letters changing places, or a letter less of two alike, make of it."""
    if len(word) < _MIN_CORRECTED_LETTERS or not word.isascii() or not word.isalpha():
        return None
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    shorter = {word[:i] + word[i + 1 :] for i in range(len(word) - 1) if word[i] == word[i + 1]}
    for candidates in (swapped, shorter):
        words = [candidate for candidate in candidates if is_word(candidate)]
        if words:
            return words[0] if len(words) == 1 else None
    return None


def _all_known(piece: str, is_word: Callable[[str], bool]) -> bool:
    words = [word for word in _LETTERS.findall(piece.casefold()) if len(word) > 1]
    return bool(words) and all(map(is_word, words))


def _non_overlapping(pieces: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """The longest first where several claim the same characters, then in order."""
    chosen: list[tuple[int, int, str]] = []
    for piece in sorted(pieces, key=lambda one: one[0] - one[1]):
        if all(piece[1] <= start or end <= piece[0] for start, end, _ in chosen):
            chosen.append(piece)
    yield from sorted(chosen)


def _replaced(text: str, pieces: Iterator[tuple[int, int, str]]) -> NormalisedText:
    letters: list[str] = []
    offsets: list[int] = []
    last = 0
    for start, end, replacement in [*pieces, (len(text), len(text), "")]:
        plain = normalise(text[last:start])
        letters += [plain.text, replacement]
        offsets += [last + place for place in plain.offsets]
        offsets += [min(start + i, end - 1) for i in range(len(replacement))]
        last = end
    return NormalisedText("".join(letters), tuple(offsets))


def _decoded(text: str) -> NormalisedText | None:
    """The text with every piece of base64 that hides words written out."""
    pieces = []
    for match in _BASE64.finditer(text):
        if (plain := _from_base64(match[0])) is not None:
            pieces.append((match.start(), match.end(), plain))
    return _replaced(text, iter(pieces)) if pieces else None


def _from_base64(piece: str) -> str | None:
    whole = piece.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    letters = sum(1 for c in decoded if c.isalpha() or c == " ")
    return decoded if len(decoded) >= 8 and letters >= 0.8 * len(decoded) and decoded.isprintable() else None


def _reversed_text(text: str, is_word: Callable[[str], bool]) -> NormalisedText | None:
    """The text read backwards, if that way most of its words are known and this way hardly any."""
    plain = normalise(text)
    forward_share, reversed_share = _share(plain.text, is_word), _share(plain.text[::-1], is_word)
    return (
        NormalisedText(plain.text[::-1], plain.offsets[::-1])
        if reversed_share >= 0.6 and reversed_share >= forward_share + 0.4
        else None
    )


def _share(text: str, is_word: Callable[[str], bool]) -> float:
    words = [word for word in _LETTERS.findall(text.casefold()) if len(word) > 2]
    return sum(map(is_word, words)) / len(words) if len(words) >= 2 else 0.0
