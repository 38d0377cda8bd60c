"""Lets pass terms that are everyday words of the language which a text is in: a German article is no death."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from classifiers.text.confusables import fold_text
from classifiers.text.lexicon import TermHit

_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class _Homographs:
    """By term the languages in which it is an everyday word, and by language its small words and letters."""

    languages: Mapping[str, frozenset[str]]
    small_words: Mapping[str, frozenset[str]]
    letters: Mapping[str, frozenset[str]]


def without_homographs(text: str, hits: Sequence[TermHit]) -> list[TermHit]:
    """The hits but for those whose word is another language's, and the text in that language."""
    known = _homographs()
    terms = [known.languages.get(fold_text(text[hit.start : hit.end]), frozenset()) for hit in hits]
    if not any(terms):
        return list(hits)
    words = _WORD.findall(text)
    spoken = {language for language in frozenset().union(*terms) if _is_in(language, words, known)}
    return [hit for hit, languages in zip(hits, terms, strict=True) if not languages & spoken]


def _is_in(language: str, words: Sequence[str], known: _Homographs) -> bool:
    """By small words that are not homographs themselves, and letters that English lacks. German writes nouns large."""
    lower = [word.lower() for word in words]
    own = sum(word in known.small_words[language] for word in lower)
    own += sum(any(letter in known.letters.get(language, ()) for letter in word) for word in lower)
    if language == "de":
        own += sum(a == "die" and b[0].isupper() for a, b in zip(lower, words[1:], strict=False))
    return own > sum(word in known.small_words[_ENGLISH] - known.small_words[language] for word in lower)


@cache
def _homographs() -> _Homographs:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    languages: dict[str, set[str]] = {}
    for language, terms in table["words"].items():
        for term in terms:
            languages.setdefault(term, set()).add(language)
    return _Homographs(
        languages={term: frozenset(found) for term, found in languages.items()},
        small_words={language: frozenset(words.split()) for language, words in table["small_words"].items()},
        letters={language: frozenset(letters) for language, letters in table["letters"].items()},
    )
