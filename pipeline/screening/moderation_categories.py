"""What was found of a text, in the thirteen categories of OpenAI's moderation endpoint.

A category is true where policy stops the text for it, as there: by the limits of its own rules, and not by one number
for all. So a text that passes has none, and a text that is stopped for what has no category has none either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from classifiers.text.means_questions import asks_for_means
from pipeline.screening.dry_run import DryRunVerdict
from pipeline.screening.long_texts import highest_scores

_INSTRUCTIONS = "self-harm/instructions"
_KIND_SCORE = 0.5  # from here on the second label of a category says of which kind the first is

# The label for which a rule has to stop the text, and where there is one the label that says of which kind it is.
_CATEGORIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "harassment": ("harassment", ""),
        "harassment/threatening": ("harassment", "violence"),
        "hate": ("hate", ""),
        "hate/threatening": ("hate", "violence"),
        "illicit": ("illicit", ""),
        "illicit/violent": ("illicit", "violence"),
        "self-harm": ("self_harm", ""),
        "self-harm/intent": ("self_harm", ""),
        _INSTRUCTIONS: ("self_harm", "illicit"),
        "sexual": ("sexual", ""),
        "sexual/minors": ("sexual_minors", ""),
        "violence": ("violence", ""),
        "violence/graphic": ("gore", ""),
    }
)


@dataclass(frozen=True, slots=True)
class CategoryFinding:
    """Whether a text is of a category, and how much so, in [0, 1]. Both are None where that could not be measured."""

    found: bool | None
    score: float | None


UNKNOWN = CategoryFinding(None, None)


def category_findings(pieces: Sequence[tuple[str, DryRunVerdict]]) -> dict[str, CategoryFinding]:
    """Of each category what was found in any piece of a text. Not known where one could not be read and no other has
    it."""
    scores = [highest_scores([piece]) for piece in pieces]
    return {
        name: _highest(
            [_in_piece(name, text, of, opinion.stopped) for (text, opinion), of in zip(pieces, scores, strict=True)]
        )
        for name in _CATEGORIES
    }


def _in_piece(name: str, text: str, scores: Mapping[str, float | None], stopped: Collection[str]) -> CategoryFinding:
    label, kind = _CATEGORIES[name]
    score, of_kind = scores.get(label), scores.get(kind) if kind else 1.0
    if name == _INSTRUCTIONS and asks_for_means(text):
        of_kind = 1.0  # whether it is a crime is beside the point: who asks for a dose breaks no law
    is_low = (score is not None and label not in stopped) or (of_kind is not None and of_kind < _KIND_SCORE)
    known = [one for one in (score, of_kind) if one is not None]
    if is_low:
        return CategoryFinding(False, min(known))
    return CategoryFinding(True, min(known)) if len(known) == 2 else UNKNOWN


def _highest(findings: Sequence[CategoryFinding]) -> CategoryFinding:
    found = any(one.found for one in findings)
    if not found and UNKNOWN in findings:
        return UNKNOWN
    return CategoryFinding(found, max(one.score for one in findings if one.score is not None))
