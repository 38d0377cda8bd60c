"""Hashed pieces of words: what a linear model sees of a text in any language, however it is spelled.

For each word its pieces of 2 to 5 characters (1 to 3 in scripts that do not part words), itself, and itself with the
word before. Each is hashed to one of 2^17 columns; a text is the set of its columns, scaled to length one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

NGRAM_COLUMNS = 1 << 17  # columns that n-grams are hashed into, as the linear model was trained
_WORD = re.compile(r"[\w'@#*$!]+|[^\w\s]")
_UNPARTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


def text_columns(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The columns of a text, each once, and for each the number of the word that it came from first."""
    counts: dict[int, int] = {}
    before = "^"
    for place, (word, _, _) in enumerate(word_spans(text)):
        for column in (*word_columns(word), crc32(f"{before} {word}".encode()) % NGRAM_COLUMNS):
            counts.setdefault(column, place)
        before = word
    return np.fromiter(counts.keys(), np.int64, len(counts)), np.fromiter(counts.values(), np.int64, len(counts))


def word_spans(text: str) -> Iterator[tuple[str, int, int]]:
    """(word, start, end) of each word and mark, in lower case."""
    for match in _WORD.finditer(text):
        yield match[0].casefold(), *match.span()


@lru_cache(maxsize=50_000)
def word_columns(word: str) -> tuple[int, ...]:
    """The columns of one word by itself."""
    sizes, padded = (range(1, 4), word) if _UNPARTED.search(word) else (range(2, 6), f" {word} ")
    ngrams = {padded[i : i + n] for n in sizes for i in range(len(padded) - n + 1)} | {f"={word}"}
    return tuple(sorted(crc32(piece.encode()) % NGRAM_COLUMNS for piece in ngrams))


def logits(text: str, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """(labels,): `weights` is (NGRAM_COLUMNS, labels)."""
    columns, _ = text_columns(text)
    return np.asarray(weights[columns].sum(0) / np.sqrt(max(len(columns), 1)) + bias, dtype=np.float32)


def word_contributions(text: str, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """(words, labels): how much each word of `word_spans` adds."""
    columns, of = text_columns(text)
    added = np.zeros((sum(1 for _ in word_spans(text)), weights.shape[1]), np.float32)
    np.add.at(added, of, weights[columns])
    return added


def sparse_matrix(texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """(data, columns, row pointers) of a compressed sparse matrix of all texts, for training."""
    data, indexes, pointers = [], [], [0]
    for text in texts:
        columns, _ = text_columns(text)
        indexes.append(columns)
        data.append(np.full(len(columns), 1.0 / np.sqrt(max(len(columns), 1)), np.float32))
        pointers.append(pointers[-1] + len(columns))
    return np.concatenate(data), np.concatenate(indexes), np.array(pointers, np.int64)
