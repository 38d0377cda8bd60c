"""Of which labels the rules of a verdict found enough: what stopped a text or a video, in the terms of labels.

A rule over several labels counts for those that reach what it asks of them. "A child beside violence" is held for
violence, and not for the nudity that the same rule also asks about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from core.signals import Signal
from core.verdicts import Verdict
from policy.rule_description import LabelThreshold, RuleDescription
from policy.vocabulary import SUBJECTS_BY_GATE

_SHARE = 0.5  # where no label reaches the limit of a sum by itself, those at least half as high as the highest


def stopped_labels(verdict: Verdict, signals: Iterable[Signal], rules: Iterable[RuleDescription]) -> frozenset[str]:
    """The labels for which these rules, of the verdict's gate, stop it. None where it allows. Pure."""
    scores: dict[str, float] = {}
    for one in signals:
        if one.score is not None and one.subject in SUBJECTS_BY_GATE[verdict.gate]:
            scores[one.label] = max(one.score, scores.get(one.label, 0.0))
    counted = [rule for rule in rules if rule.name in verdict.rules]
    return frozenset(
        label for rule in counted for label in _found_by(rule, scores, missing=rule.name in verdict.missing)
    )


def _found_by(rule: RuleDescription, scores: Mapping[str, float], *, missing: bool) -> Iterator[str]:
    """A rule for which something is missing found what would be enough alone, whatever the missing is."""
    reached = {
        limit.label
        for limit in rule.thresholds
        if (limit.alone or not missing) and _reaches(scores.get(limit.label, 0.0), limit)
    }
    yield from reached
    if reached or missing:
        return
    own = {label: scores.get(label, 0.0) for label in rule.labels}
    highest = max(own.values(), default=0.0)
    yield from (label for label, score in own.items() if score and score >= _SHARE * highest)


def _reaches(score: float, limit: LabelThreshold) -> bool:
    return score > limit.score or (score == limit.score > 0.0 and not limit.strict)
