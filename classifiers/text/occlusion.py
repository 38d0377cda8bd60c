"""Which words carry a label: those without which the models themselves no longer give it.

Words are taken out one at a time, then the most telling ones together, and the models read what is left: one batch by
the quick ones, one by all. Stop words are never taken out alone and never shown.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from classifiers.models import Models, hashed_ngrams
from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.prompt_ensemble import score_by_quick_sources, score_texts
from media.arrays import FloatMatrix

MAX_WORDS_TRIED = 8  # words that are taken out one at a time, in one batch
MAX_SETS_CONFIRMED = 5  # sets of words that all models confirm, in one batch
_MAX_TOGETHER = 3  # words that are taken out together
_STOP_WORDS_FILE = Path(__file__).parent / "stop_words.toml"
_UNPARTED = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f"  # scripts that do not part words: two characters are a word
_WORD = re.compile(rf"[{_UNPARTED}]{{1,2}}|[^\s{_UNPARTED}]+")

Place = tuple[int, int]
"""(start, end) of characters, half-open."""


def carrying_places(
    text: str, limits: Mapping[int, float], english: bool, heads: PromptHeads, models: Models
) -> dict[int, tuple[Place, ...]]:
    """For each label the places of the words without which its score falls below its limit; none where it never does.

    `limits` are those of labels, by their number in `heads.labels`, the label that is highest above its own first.
    Bounded: at most MAX_WORDS_TRIED and MAX_SETS_CONFIRMED texts are read.
    """
    words = _occurrences(text, english)
    if len(words) < 2:
        return dict.fromkeys(limits, ())
    tried = _most_telling(text, words, list(limits), heads)
    left = [without_places(text, words[number]) for number in tried]
    quick = score_by_quick_sources(left, english, heads, models)
    sets = _sets_to_confirm(quick, list(limits), tried, len(words))
    left = [without_places(text, _places(words, chosen)) for chosen in sets]
    confirmed = score_texts(left, [english] * len(left), heads, models)
    found = {}
    for label, limit in limits.items():
        enough = [one for one, row in zip(sets, confirmed, strict=True) if row[label] < limit]
        best = min(enough, key=lambda one: (len(one), sets.index(one)), default=())
        found[label] = _joined(text, _places(words, best), english)
    return found


def content_words(text: str, english: bool) -> list[Place]:
    """The places of the words that are no stop words, without the punctuation around them."""
    return [place for place in _words(text) if text[slice(*place)].casefold() not in stop_words()[english]]


@cache
def stop_words() -> dict[bool, frozenset[str]]:
    """English ones under True, those of other languages under False."""
    lists = tomllib.loads(_STOP_WORDS_FILE.read_text("utf-8"))
    return {name == "en": frozenset(words.split()) for name, words in lists.items()}


def without_places(text: str, places: Sequence[Place]) -> str:
    """The text without these places."""
    for start, end in sorted(places, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return " ".join(text.split())


def _words(text: str) -> list[Place]:
    found = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        while start < end and unicodedata.category(text[start])[0] in "PSC":
            start += 1
        while start < end and unicodedata.category(text[end - 1])[0] in "PSC":
            end -= 1
        if start < end:
            found.append((start, end))
    return found


def _occurrences(text: str, english: bool) -> list[list[Place]]:
    """The content words, each once, with all its places: taking out one of two of the same would leave the other."""
    places: dict[str, list[Place]] = {}
    for place in content_words(text, english):
        places.setdefault(text[slice(*place)].casefold(), []).append(place)
    return list(places.values())


def _places(words: Sequence[Sequence[Place]], chosen: Iterable[int]) -> list[Place]:
    return sorted(place for number in chosen for place in words[number])


def _most_telling(text: str, words: Sequence[Sequence[Place]], labels: Sequence[int], heads: PromptHeads) -> list[int]:
    """The numbers of the words to try, in order: where they are many, those whose pieces add most to a label."""
    if len(words) <= MAX_WORDS_TRIED:
        return list(range(len(words)))
    added = hashed_ngrams.word_contributions(text, heads.ngram_weights)[:, labels].max(1)
    weights = np.zeros(len(words))
    for value, (_, start, _) in zip(added, hashed_ngrams.word_spans(text), strict=True):
        within = [number for number, places in enumerate(words) if any(a <= start < b for a, b in places)]
        weights[within] += max(float(value), 0.0)
    return sorted(np.argsort(-weights, kind="stable")[:MAX_WORDS_TRIED].tolist())


def _sets_to_confirm(
    quick: FloatMatrix, labels: Sequence[int], tried: Sequence[int], word_count: int
) -> list[frozenset[int]]:
    """The one, two and three most telling words of the first label, then those of the others; one word always stays."""
    sets: dict[frozenset[int], None] = {}
    sizes = range(1, min(_MAX_TOGETHER, word_count - 1) + 1)
    for label, size in [(labels[0], size) for size in sizes] + [(one, size) for size in sizes for one in labels[1:]]:
        sets[frozenset(tried[place] for place in np.argsort(quick[:, label], kind="stable")[:size])] = None
    return list(sets)[:MAX_SETS_CONFIRMED]


def _joined(text: str, words: Sequence[Place], english: bool) -> tuple[Place, ...]:
    """Words with nothing but stop words between them as one place."""
    joined: list[Place] = []
    for start, end in words:
        if joined and not content_words(text[joined[-1][1] : start], english):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
