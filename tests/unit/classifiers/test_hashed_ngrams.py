from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.models.hashed_ngrams import (
    NGRAM_COLUMNS,
    logits,
    sparse_matrix,
    text_columns,
    word_contributions,
    word_spans,
)

WEIGHTS = np.random.default_rng(1).normal(size=(NGRAM_COLUMNS, 3)).astype(np.float32)
BIAS = np.array([0.1, 0.2, 0.3], np.float32)


@given(st.text(max_size=200))
def test_what_each_word_carries_adds_up_to_the_whole(text: str) -> None:
    here, _ = text_columns(text)
    whole = word_contributions(text, WEIGHTS).sum(0) / np.sqrt(max(len(here), 1)) + BIAS
    assert np.allclose(whole, logits(text, WEIGHTS, BIAS), atol=1e-2)
    assert len(set(here.tolist())) == len(here) and all(0 <= column < NGRAM_COLUMNS for column in here)


def test_a_text_has_the_same_columns_each_time_and_case_does_not_matter() -> None:
    assert text_columns("A Red Balloon")[0].tolist() == text_columns("a red balloon")[0].tolist()
    data, where, pointers = sparse_matrix(["a red balloon", ""])
    assert pointers.tolist() == [0, len(where), len(where)] and np.isclose((data**2).sum(), 1.0)


def test_words_are_told_with_their_places() -> None:
    assert list(word_spans("a Red, balloon")) == [("a", 0, 1), ("red", 2, 5), (",", 5, 6), ("balloon", 7, 14)]
