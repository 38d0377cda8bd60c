"""Cuts long prompts into parts, so that what is buried in one is looked at by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

_WINDOW, _STEP = 44, 36  # words
_LETTERS = 120  # of a window in scripts without spaces
_MOST_PARTS = 200
_SENTENCE = re.compile(r"[^.!?;\n。！？；]+[.!?;\n。！？；]*")
_WORD = re.compile(r"\S+")


def split_chunks(text: str) -> Iterator[tuple[int, int]]:
    """The whole text, and if it is long its sentences, long ones cut into overlapping windows: (start, end)."""
    yield 0, len(text)
    words = [found.span() for found in _WORD.finditer(text)]
    parted = len(text) <= 15 * len(words)
    if len(words) <= _WINDOW and len(text) <= (9 * _WINDOW if parted else _LETTERS * 3 // 2):
        return
    yield from islice(_pieces(text, words), _MOST_PARTS)


def _pieces(text: str, words: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Neighbouring sentences together as long as they are short, long ones in overlapping windows."""
    first, last, held = 0, 0, 0
    for found in _SENTENCE.finditer(text):
        within = [span for span in words if span[0] >= found.start() and span[1] <= found.end()]
        if held and held + len(within) > _STEP:
            yield first, last
            held = 0
        if not within and found[0].strip():  # scripts without spaces
            yield from (
                (at, min(at + _LETTERS, found.end())) for at in range(found.start(), found.end(), _LETTERS * 3 // 4)
            )
        elif len(within) > _WINDOW:
            for place in range(0, len(within) - (_WINDOW - _STEP), _STEP):
                yield within[place][0], within[min(place + _WINDOW, len(within)) - 1][1]
        elif within:
            first, last, held = (first if held else within[0][0]), within[-1][1], held + len(within)
    if held:
        yield first, last
