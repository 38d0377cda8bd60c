"""Scores texts by several models, the quick ones first, the slow ones only where those see a reason.

Most prompts are harmless, and two readers are enough to see it. Of a long text's parts only those are read that pieces
of words make the most of; which, depends on the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.models.heads import ENCODER, MEANING, PIECES, WIDE, PromptHeads

Matrix = NDArray[np.float32]
_WITHIN = re.compile(r"[a-zà-ÿ][A-ZÀ-Þ]")
FIRST = {True: (PIECES, ENCODER), False: (PIECES, MEANING)}  # of English and of other texts
_REST = {True: (MEANING,), False: (ENCODER, WIDE)}
_LEAST_PARTS, _SHARE = 2, 6  # of a text's parts two, or a sixth if those are more, are read by more than their words


def scored(texts: Sequence[str], english: Sequence[bool], heads: PromptHeads) -> Matrix:
    """(n, L) in [0, 1]."""
    kind = np.array(english, bool)
    sources = np.full((4, len(texts), len(heads.labels) + len(heads.styles)), np.nan, np.float32)
    _asked(sources, texts, [(place, one) for place in range(len(texts)) for one in FIRST[english[place]]], heads)
    scores = heads.score(kind, sources)
    more = np.flatnonzero(scores.max(1) >= heads.wary[np.where(kind, 0, 1)])
    if len(more):
        _asked(sources, texts, [(place, one) for place in more.tolist() for one in _REST[english[place]]], heads)
        scores[more] = heads.score(kind[more], sources[:, more])
    return scores


def worth_reading(texts: Sequence[str], english: bool, heads: PromptHeads) -> list[int]:
    """Places of the parts in which words weigh most, in order; all of them where they are few."""
    most = max(_LEAST_PARTS, -(-len(texts) // _SHARE))
    if len(texts) <= most:
        return list(range(len(texts)))
    sources = np.full((4, len(texts), len(heads.labels) + len(heads.styles)), np.nan, np.float32)
    sources[PIECES] = heads.of_pieces(texts)
    found = heads.score(np.full(len(texts), english), sources).max(1)
    return sorted(np.argsort(-found, kind="stable")[:most].tolist())


def calmed(text: str) -> str:
    """In small letters if it shouts, or if every third word has a capital after a small letter.

    Embeddings, unlike the encoder, hardly know such words.
    """
    words = text.split()
    odd = sum(1 for word in words if _WITHIN.search(word))
    return text.lower() if text.isupper() or 3 * odd > len(words) else text


def _asked(sources: Matrix, texts: Sequence[str], wanted: Sequence[tuple[int, int]], heads: PromptHeads) -> None:
    """Puts in what each source says of the texts at the wanted places."""
    for source in (MEANING, PIECES, ENCODER, WIDE):
        places = [place for place, one in wanted if one == source]
        if places:
            sources[source, places] = _said(source, [texts[place] for place in places], heads)


def _said(source: int, texts: list[str], heads: PromptHeads) -> Matrix:
    if source == MEANING:
        return heads.of_meaning(models.get("use_multilingual").embed([calmed(text) for text in texts]))
    if source == PIECES:
        return heads.of_pieces(texts)
    if source == ENCODER:
        return np.asarray(models.get("prompt_encoder").logits(texts), np.float32)
    return heads.of_wide(models.get("e5_multilingual").embed([calmed(text) for text in texts]))
