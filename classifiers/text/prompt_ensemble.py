"""Scores texts by several models, the quick ones first, the slow ones only where those see a reason.

Most prompts are harmless, and two readers are enough to see it. Of a long text's parts only those are read that pieces
of words make the most of; which, depends on the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from classifiers.models import Models
from classifiers.models.prompt_heads import ENCODER, MULTILINGUAL, NGRAMS, SENTENCE, PromptHeads
from media.arrays import FloatMatrix

_WITHIN = re.compile(r"[a-zà-ÿ][A-ZÀ-Þ]")
FIRST_SOURCES = {True: (NGRAMS, ENCODER), False: (NGRAMS, SENTENCE)}  # of English and of other texts
LATER_SOURCES = {True: SENTENCE, False: MULTILINGUAL}
_MIN_CHUNKS = 2  # chunks of a text that are read by more than their words, at least
_CHUNKS_PER_SELECTED = 6  # of so many chunks one is, in long texts


def score_texts(texts: Sequence[str], english: Sequence[bool], heads: PromptHeads, models: Models) -> FloatMatrix:
    """(n, L) in [0, 1]."""
    kind = np.array(english, bool)
    sources = np.full((4, len(texts), len(heads.labels) + len(heads.styles)), np.nan, np.float32)
    _fill_sources(
        sources,
        texts,
        [(place, source) for place in range(len(texts)) for source in FIRST_SOURCES[english[place]]],
        heads,
        models,
    )
    scores = heads.score(kind, sources)
    wary_rows = np.flatnonzero(scores.max(1) >= heads.wary[np.where(kind, 0, 1)])
    if len(wary_rows):
        _fill_sources(
            sources,
            texts,
            [(place, LATER_SOURCES[english[place]]) for place in wary_rows.tolist()],
            heads,
            models,
        )
        scores[wary_rows] = heads.score(kind[wary_rows], sources[:, wary_rows])
    return scores


def score_by_quick_sources(texts: Sequence[str], english: bool, heads: PromptHeads, models: Models) -> FloatMatrix:
    """(n, L) in [0, 1] by the two sources that every text is read by first: to compare, not to decide."""
    sources = np.full((4, len(texts), len(heads.labels) + len(heads.styles)), np.nan, np.float32)
    requested = [(place, source) for place in range(len(texts)) for source in FIRST_SOURCES[english]]
    _fill_sources(sources, texts, requested, heads, models)
    return heads.score(np.full(len(texts), english), sources)


def select_chunks(texts: Sequence[str], english: bool, heads: PromptHeads) -> list[int]:
    """Places of the parts in which words weigh most, in order; all of them where they are few."""
    most = max(_MIN_CHUNKS, -(-len(texts) // _CHUNKS_PER_SELECTED))
    if len(texts) <= most:
        return list(range(len(texts)))
    sources = np.full((4, len(texts), len(heads.labels) + len(heads.styles)), np.nan, np.float32)
    sources[NGRAMS] = heads.ngram_logits(texts)
    chunk_scores = heads.score(np.full(len(texts), english), sources).max(1)
    return sorted(np.argsort(-chunk_scores, kind="stable")[:most].tolist())


def normalise_case(text: str) -> str:
    """In small letters if it shouts, or if every third word has a capital after a small letter.

    Embeddings, unlike the encoder, hardly know such words.
    """
    words = text.split()
    odd = sum(1 for word in words if _WITHIN.search(word))
    return text.lower() if text.isupper() or 3 * odd > len(words) else text


def _fill_sources(
    sources: FloatMatrix, texts: Sequence[str], requested: Sequence[tuple[int, int]], heads: PromptHeads, models: Models
) -> None:
    """Fills in the logits of each source for the requested texts."""
    for source in (SENTENCE, NGRAMS, ENCODER, MULTILINGUAL):
        places = [place for place, requested_source in requested if requested_source == source]
        if places:
            sources[source, places] = _source_logits(source, [texts[place] for place in places], heads, models)


def _source_logits(source: int, texts: list[str], heads: PromptHeads, models: Models) -> FloatMatrix:
    if source == SENTENCE:
        return heads.sentence_logits(models.get("use_multilingual").embed([normalise_case(text) for text in texts]))
    if source == NGRAMS:
        return heads.ngram_logits(texts)
    if source == ENCODER:
        return np.asarray(models.get("prompt_encoder").logits(texts), np.float32)
    return heads.multilingual_logits(models.get("e5_multilingual").embed([normalise_case(text) for text in texts]))
