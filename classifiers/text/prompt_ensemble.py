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
_LATER_SOURCES = {True: (SENTENCE,), False: (ENCODER, MULTILINGUAL)}
_LEAST_PARTS, _SHARE = 2, 6  # of a text's parts two, or a sixth if those are more, are read by more than their words


def score_texts(texts: Sequence[str], english: Sequence[bool], heads: PromptHeads, models: Models) -> FloatMatrix:
    """(n, L) in [0, 1]."""
    kind = np.array(english, bool)
    sources = np.full((4, len(texts), len(heads.labels) + len(heads.styles)), np.nan, np.float32)
    _fill_sources(
        sources,
        texts,
        [(place, one) for place in range(len(texts)) for one in FIRST_SOURCES[english[place]]],
        heads,
        models,
    )
    scores = heads.score(kind, sources)
    more = np.flatnonzero(scores.max(1) >= heads.wary[np.where(kind, 0, 1)])
    if len(more):
        _fill_sources(
            sources,
            texts,
            [(place, one) for place in more.tolist() for one in _LATER_SOURCES[english[place]]],
            heads,
            models,
        )
        scores[more] = heads.score(kind[more], sources[:, more])
    return scores


def select_chunks(texts: Sequence[str], english: bool, heads: PromptHeads) -> list[int]:
    """Places of the parts in which words weigh most, in order; all of them where they are few."""
    most = max(_LEAST_PARTS, -(-len(texts) // _SHARE))
    if len(texts) <= most:
        return list(range(len(texts)))
    sources = np.full((4, len(texts), len(heads.labels) + len(heads.styles)), np.nan, np.float32)
    sources[NGRAMS] = heads.ngram_logits(texts)
    found = heads.score(np.full(len(texts), english), sources).max(1)
    return sorted(np.argsort(-found, kind="stable")[:most].tolist())


def normalise_case(text: str) -> str:
    """In small letters if it shouts, or if every third word has a capital after a small letter.

    Embeddings, unlike the encoder, hardly know such words.
    """
    words = text.split()
    odd = sum(1 for word in words if _WITHIN.search(word))
    return text.lower() if text.isupper() or 3 * odd > len(words) else text


def _fill_sources(
    sources: FloatMatrix, texts: Sequence[str], wanted: Sequence[tuple[int, int]], heads: PromptHeads, models: Models
) -> None:
    """Puts in what each source says of the texts at the wanted places."""
    for source in (SENTENCE, NGRAMS, ENCODER, MULTILINGUAL):
        places = [place for place, one in wanted if one == source]
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
