"""Which words carry a label: those without which the models themselves no longer give it.

Words are taken out one at a time, and the quick models read what is left. How far the odds of a label fall says which
words to take out together, and all models confirm those: whoever waits for an answer waits for this too, so little is
read, the less the longer the text. Stop words are never taken out alone and never shown.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models import Models, hashed_ngrams
from classifiers.models.prompt_heads import PromptHeads, log_odds
from classifiers.text.prompt_ensemble import score_by_quick_sources, score_texts
from media.arrays import FloatMatrix

MAX_WORDS_TRIED = 8  # words that are taken out one at a time, in one batch
MAX_SETS_CONFIRMED = 3  # sets of words that all models confirm, in one batch
ROUNDS = 2  # batches of sets: where fewer words are not enough, the most that are taken out together
_MAX_TOGETHER = 3  # words that are taken out together
_MIN_WORDS_TRIED = 4  # of a long text
_CHARS_READ = 450  # characters about, of all texts with one word less: with each as many as the text has
_STOP_WORDS_FILE = Path(__file__).parent / "stop_words.toml"
_SHORT = 2  # letters
_UNPARTED = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f"  # scripts that do not part words: two characters are a word
_WORD = re.compile(rf"[{_UNPARTED}]{{1,2}}|[^\s{_UNPARTED}]+")

Place = tuple[int, int]
"""(start, end) of characters, half-open."""


def carrying_places(
    text: str,
    scores: Sequence[float] | FloatMatrix,
    limits: Mapping[int, float],
    english: bool,
    heads: PromptHeads,
    models: Models,
) -> dict[int, tuple[Place, ...]]:
    """For each label the places of the words without which its score falls below its limit; none where it never does.

    `scores` (L,) are those of the whole text by all models. `limits` are those of labels, by their number in
    `heads.labels`, the label that is highest above its own first. Bounded: at most 1 + MAX_WORDS_TRIED texts are read
    by the quick models, and ROUNDS * MAX_SETS_CONFIRMED by all.
    """
    words, encoder = _occurrences(text, english), models.get("prompt_encoder")
    if len(words) < 2:
        return dict.fromkeys(limits, ())
    tried = _most_telling(text, words, list(limits), heads)
    left = [text, *(without_places(text, words[number]) for number in tried)]
    quick = log_odds(score_by_quick_sources(left, english, heads, models))
    falls = quick[0] - quick[1:]  # (words, L)
    above = {label: float(log_odds(scores[label]) - log_odds(limit)) for label, limit in limits.items()}
    found: dict[int, tuple[Place, ...]] = dict.fromkeys(limits, ())
    asked: dict[int, frozenset[int]] = {}
    for label in limits:
        asked[label] = _enough(falls[:, label], above[label], len(words), list(asked.values()))
    for _ in range(ROUNDS):
        sets = list(dict.fromkeys(asked.values()))[:MAX_SETS_CONFIRMED]
        chosen = [[tried[place] for place in one] for one in sets]
        left = [without_places(text, _places(words, one)) for one in chosen]
        # As whoever sent them would see it: with a word less another language may be told.
        confirmed = score_texts(left, [encoder.english(one) for one in left], heads, models)
        for label, one in list(asked.items()):
            if one in sets and confirmed[sets.index(one)][label] < limits[label]:
                found[label] = _joined(text, _places(words, chosen[sets.index(one)]), english)
                del asked[label]
        most = {label: _most_falling(falls[:, label], _MAX_TOGETHER, len(words)) for label in asked}
        asked = {label: one for label, one in most.items() if one not in sets}
        if not asked:
            break
    return found


def content_words(text: str, english: bool) -> list[Place]:
    """The places of the words that are no stop words, without the punctuation around them."""
    return [place for place in _words(text) if text[slice(*place)].casefold() not in stop_words()[english]]


@cache
def stop_words() -> dict[bool, frozenset[str]]:
    """English ones under True, all under False: English with rare words is taken for another language.

    With the English ones stand those of two letters: a short French sentence may be taken for English.
    """
    lists = tomllib.loads(_STOP_WORDS_FILE.read_text("utf-8"))
    english, other = (frozenset(lists[name].split()) for name in ("en", "other"))
    return {True: english | {word for word in other if len(word) <= _SHORT}, False: english | other}


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
    most = min(MAX_WORDS_TRIED, max(_MIN_WORDS_TRIED, _CHARS_READ // len(text)))
    if len(words) <= most:
        return list(range(len(words)))
    added = hashed_ngrams.word_contributions(text, heads.ngram_weights)[:, labels].max(1)
    weights = np.zeros(len(words))
    for value, (_, start, _) in zip(added, hashed_ngrams.word_spans(text), strict=True):
        within = [number for number, places in enumerate(words) if any(a <= start < b for a, b in places)]
        weights[within] += max(float(value), 0.0)
    return sorted(np.argsort(-weights, kind="stable")[:most].tolist())


def _enough(
    falls: NDArray[np.float64], above: float, word_count: int, others: Sequence[frozenset[int]]
) -> frozenset[int]:
    """The fewest words whose falls together should take a label below its limit; rather those of another label.

    Places in `falls` (words,), which are log odds, as `above` is.
    """
    fewest = [_most_falling(falls, size, word_count) for size in range(1, _MAX_TOGETHER)]
    for chosen in (*others, *fewest):
        if sum(float(falls[place]) for place in chosen) > above:
            return chosen
    return _most_falling(falls, _MAX_TOGETHER, word_count)


def _most_falling(falls: NDArray[np.float64], size: int, word_count: int) -> frozenset[int]:
    """The words without which a label falls most; one word of a text always stays."""
    return frozenset(np.argsort(-falls, kind="stable")[: min(size, word_count - 1)].tolist())


def _joined(text: str, words: Sequence[Place], english: bool) -> tuple[Place, ...]:
    """Words with nothing but stop words between them as one place."""
    joined: list[Place] = []
    for start, end in words:
        if joined and not content_words(text[joined[-1][1] : start], english):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)
