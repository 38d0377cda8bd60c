"""Names that only a person may let be looked for: a single word, or words that are all common."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import classifiers.models
from classifiers.text.confusables import FoldedWord, tokenize
from pipeline.creator_texts.catalogs import CATALOGS_FOLDER

_VOCABULARY = Path(classifiers.models.__file__).parent / "heads" / "tokenizer.json"
_SHORTEST = 3  # letters of a word that tells a name from others


def needs_a_person(name: str) -> bool:
    """Whether a person looks at a name before it is looked for, since ordinary prompts may hold it.

    A single word always: invented or not, nobody here knows the words of every language. Of several at least one has
    to be no common word, however it is disguised.
    """
    words = tokenize(name)
    return len(words) < 2 or all(_is_common(word) for word in words)


def _is_common(word: FoldedWord) -> bool:
    plain = word.readings[0]
    is_short = sum(letter.isalpha() for letter in plain) < _SHORTEST
    return is_short or any(reading in _common_words() for reading in word.readings)


@cache
def _common_words() -> frozenset[str]:
    """The words of the vocabulary by which prompts are read (English), and of what creators are told (15 languages)."""
    vocabulary = json.loads(_VOCABULARY.read_text(encoding="utf-8"))["model"]["vocab"]
    told = {reading for sentence in _sentences() for word in tokenize(sentence) for reading in word.readings[:1]}
    return frozenset(word for word in vocabulary if not word.startswith(("##", "["))) | told


def _sentences() -> Iterator[str]:
    for catalog in sorted(CATALOGS_FOLDER.glob("*.toml")):
        for english, told in tomllib.loads(catalog.read_text(encoding="utf-8"))["sentences"].items():
            yield from (english, told)
