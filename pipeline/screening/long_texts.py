"""Screens a text of any length whole: in pieces that the classifiers can read, which share some characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from classifiers.text.prompt_terms import MAX_PROMPT_CHARS
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.prompt_explanation import ScreenPrompt

MAX_PIECE_CHARS = MAX_PROMPT_CHARS
"""Characters of a piece; longer texts are no piece, and no classifier measures them."""

_TOLD_BY_WORDS = {"sexual_minors": "sexual"}
"""Labels that word lists alone give, and those without which they are not absent: the words may stand in a script that
no list has."""
_OVERLAP = 512  # characters that two pieces share, so that nothing falls between them


def text_pieces(text: str) -> Iterator[str]:
    """A text in pieces that can be read; none of one that holds nothing."""
    for start in range(0, max(len(text) - _OVERLAP, 1), MAX_PIECE_CHARS - _OVERLAP):
        if (piece := text[start : start + MAX_PIECE_CHARS]).strip():
            yield piece


def screen_pieces(text: str, screen: ScreenPrompt) -> list[tuple[str, DryRunVerdict]]:
    """Each piece with what is said of it, the gravest first; what holds nothing is one piece."""
    opinions = [(piece, screen(piece)) for piece in text_pieces(text)]
    return sorted(opinions or [(text, screen(text))], key=lambda pair: -pair[1].verdict.decision)


def highest_scores(opinions: Sequence[tuple[str, DryRunVerdict]]) -> dict[str, float | None]:
    """Of each label the highest score of any piece and any source.

    None where one of them could not tell, unless policy stops the text for what another found: what was not looked at
    is not absent.
    """
    signals = [signal for _, opinion in opinions for signal in opinion.measured.signals]
    unread = {signal.label for signal in signals if signal.score is None}
    unread |= {label for label, other in _TOLD_BY_WORDS.items() if other in unread}
    unread -= frozenset[str]().union(*(opinion.stopped for _, opinion in opinions))
    scores: dict[str, float | None] = {}
    for label in dict.fromkeys(signal.label for signal in signals):
        highest = max((s.score for s in signals if s.label == label and s.score is not None), default=0.0)
        scores[label] = None if label in unread else highest
    return scores
