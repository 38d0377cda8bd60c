"""Cuts long prompts into parts, so that each is also measured alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

_WINDOW_WORDS = 44  # words of a chunk
_STEP_WORDS = 36  # words from one chunk to the next
_WINDOW_CHARS = 120  # characters of a chunk in scripts without spaces
_MAX_CHUNKS = 200  # chunks of a text: bounds time
_SENTENCE = re.compile(r"[^.!?;\n。！？；]+[.!?;\n。！？；]*")
_WORD = re.compile(r"\S+")


def split_chunks(text: str) -> Iterator[tuple[int, int]]:
    """The whole text, and if it is long its sentences, long ones cut into overlapping windows: (start, end)."""
    yield 0, len(text)
    words = [match.span() for match in _WORD.finditer(text)]
    parted = len(text) <= 15 * len(words)
    if len(words) <= _WINDOW_WORDS and len(text) <= (9 * _WINDOW_WORDS if parted else _WINDOW_CHARS * 3 // 2):
        return
    yield from islice(_pieces(text, words), _MAX_CHUNKS)


def _pieces(text: str, words: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Neighbouring sentences together as long as they are short, long ones in overlapping windows."""
    first, last, word_count = 0, 0, 0
    for sentence in _SENTENCE.finditer(text):
        within = [span for span in words if span[0] >= sentence.start() and span[1] <= sentence.end()]
        if word_count and word_count + len(within) > _STEP_WORDS:
            yield first, last
            word_count = 0
        if not within and sentence[0].strip():  # scripts without spaces
            yield from (
                (start, min(start + _WINDOW_CHARS, sentence.end()))
                for start in range(sentence.start(), sentence.end(), _WINDOW_CHARS * 3 // 4)
            )
        elif len(within) > _WINDOW_WORDS:
            for place in range(0, len(within) - (_WINDOW_WORDS - _STEP_WORDS), _STEP_WORDS):
                yield within[place][0], within[min(place + _WINDOW_WORDS, len(within)) - 1][1]
        elif within:
            first, last, word_count = (first if word_count else within[0][0]), within[-1][1], word_count + len(within)
    if word_count:
        yield first, last
