"""How a name sounds, and how far a spelling is from it, in whatever letters it is written."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from core.edit_distance import edit_distance


def _table(letters: str, latin_letters: str) -> dict[str, str]:
    return dict(zip(letters, latin_letters.split(), strict=True))


_LETTERS = (
    _table(
        "абвгдеёжзийклмнопрстуфхцчшщыэюяіїєґ",
        "a b v g d e e zh z i i k l m n o p r s t u f h ts ch sh sh i e yu ya i i e g",
    )
    | _table("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t i f h ps o")
    | _table(
        "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىپچڤگأإآ",
        "a b t th j h kh d d r z s sh s d t z a gh f k k l m n h u i a a p ch v g a i a",
    )
    | _table(
        "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह",
        "k kh g gh ch ch j jh t th d dh n t th d dh n p f b bh m y r l v sh sh s h",
    )
)
_HANGUL_FIRST = "k kk n t tt r m p pp s ss - ch tch ch k t p h".split()  # noqa: SIM905
_HANGUL_LAST = ("", *"k k k n n n t l k m l l l p l m p p t t ng t t k t p h".split())  # noqa: SIM905
_SAME = (("ph", "f"), ("sch", "s"), ("tch", "s"), ("sh", "s"), ("ch", "s"), ("ck", "k"), ("cz", "s"), ("x", "ks"),
         ("qu", "k"), ("q", "k"), ("ce", "se"), ("ci", "si"), ("c", "k"), ("z", "s"), ("w", "v"), ("j", "s"),
         ("gh", "g"), ("th", "t"), ("dh", "d"), ("kh", "k"))  # fmt: skip


@lru_cache(maxsize=20_000)
def latin(word: str) -> str:
    """The word in small Latin letters, roughly: of scripts that leave out vowels its consonants."""
    return "".join(_letter(letter) for letter in word.lower())


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """The consonants in the order in which they are heard, and whether a vowel comes first: taylor, tailor are tlr."""
    plain = latin(word)
    for written, heard in _SAME:
        plain = plain.replace(written, heard)
    first = "a" if plain[:1] in tuple("aeiouy") else ""
    heard = re.sub(r"[aeiouyh]|[^a-z]", "", plain)
    return first + re.sub(r"(.)\1+", r"\1", heard)


def _letter(letter: str) -> str:
    if letter.isascii():
        return letter
    if letter in _LETTERS:
        return _LETTERS[letter]
    code = ord(letter) - 0xAC00
    if 0 <= code < 11_172:
        return f"{_HANGUL_FIRST[code // 588].strip('-')}a{_HANGUL_LAST[code % 28]}"
    plain = unicodedata.normalize("NFD", letter)[0]
    return plain if plain.isascii() else ""


def spelled_nearly(word: str, name: str) -> bool:
    """Whether at most two letters differ, and at most a third of them."""
    return edit_distance(word, name) <= min(2, max(len(name) // 3, 1))
