"""Which rules can have something to say at all: so that five hundred of them cost hardly more than the few that do.

From the syntax of a condition follows what it needs: labels of which at least one has to reach a score. A rule that
needs `sexual` at 0.6 need not be asked where `sexual` is 0.1. What is not known to be safe to skip is always asked.

Why skipping is exact: a comparison of labels with a number is false below it and never an error; in CEL false && x is
false whatever x, an error included; and false || false is false. Scores are compared at their most, so that a label
that was not measured is one that may reach anything.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from policy.cel.compiled_rule import CompiledRule
from policy.cel.syntax_tree import NodeKind, SyntaxNode
from policy.cel.time_relations import relation_of

RequiredScores = frozenset[tuple[str, float]]
_ROUNDING = 1e-9  # of a score: sums of floats may miss a limit by so much


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleIndex:
    """The clauses of a gate: those always asked, and for each label the scores from which others are, ascending."""

    compiled_rules: tuple[CompiledRule, ...]
    always_evaluated: tuple[int, ...]
    scores: Mapping[str, Sequence[float]]
    positions: Mapping[str, Sequence[int]]

    def candidates(self, upper: Mapping[str, float]) -> list[CompiledRule]:
        """The clauses that may not be quiet where no label scores more than this."""
        numbers = set(self.always_evaluated)
        for label, scores in self.scores.items():
            score = upper[label]
            if score >= scores[0]:
                numbers.update(self.positions[label][: bisect_right(scores, score)])
        return [self.compiled_rules[number] for number in numbers]


def build_index(clauses: Iterable[CompiledRule], labels: Collection[str]) -> RuleIndex:
    """An index over the clauses of one gate."""
    several = tuple(clauses)
    always: list[int] = []
    by_label: dict[str, list[tuple[float, int]]] = {}
    for number, rule in enumerate(several):
        scores = required_scores(rule.strictest_condition, labels)
        if scores is None:
            always.append(number)
        for label, score in scores or ():
            by_label.setdefault(label, []).append((score, number))
    ordered = {label: sorted(entries) for label, entries in by_label.items()}
    return RuleIndex(
        compiled_rules=several,
        always_evaluated=tuple(always),
        scores={label: [score for score, _ in entries] for label, entries in ordered.items()},
        positions={label: [number for _, number in entries] for label, entries in ordered.items()},
    )


def required_scores(condition: SyntaxNode, labels: Collection[str]) -> RequiredScores | None:
    """Labels of which at least one must reach its score, or the condition is false; None if that cannot be said."""
    match condition.name, condition.parts:
        case "_&&_", parts:
            known = [scores for part in parts if (scores := required_scores(part, labels)) is not None]
            return min(known, key=lambda found: (len(found), -min(score for _, score in found))) if known else None
        case "_||_", parts:
            every = [required_scores(part, labels) for part in parts]
            known = [scores for scores in every if scores is not None]
            return frozenset().union(*known) if len(known) == len(every) else None
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.kind is NodeKind.NUMBER:
            return _reaching(score, limit.number, labels)
    if relation := relation_of(condition, labels):  # both have to reach their scores: the one that asks for more
        asked = max((relation.first, relation.second), key=lambda one: one.score)
        return frozenset({(asked.label, asked.score)}) if asked.score > _ROUNDING else None
    return None


def _reaching(score: SyntaxNode, limit: float, labels: Collection[str]) -> RequiredScores | None:
    """Labels of which one must reach a score for this sum, or greatest, of labels to reach the limit."""
    if score.name == "math.@max":
        parts = score.parts[0].parts if score.parts[0].kind is NodeKind.LIST else score.parts
        every = [_reaching(part, limit, labels) for part in parts]
        known = [scores for scores in every if scores is not None]
        return frozenset().union(*known) if len(known) == len(every) else None
    scores = label_weights(score, labels)
    total = sum((scores or {}).values())
    if scores is None or total <= 0.0 or limit <= _ROUNDING:
        return None
    return frozenset((label, limit / total - _ROUNDING) for label in scores)


def label_weights(score: SyntaxNode, labels: Collection[str]) -> dict[str, float] | None:
    """A weighted sum of labels as weights; None for anything else."""
    if score.kind is NodeKind.NAME:
        return {score.name: 1.0} if score.name in labels else None
    match score.name, score.parts:
        case "_+_", (left_node, right_node):
            left, right = label_weights(left_node, labels), label_weights(right_node, labels)
            if left is None or right is None:
                return None
            return {label: left.get(label, 0.0) + right.get(label, 0.0) for label in left.keys() | right.keys()}
        case ("_*_", (weight, left_node)) | ("_*_", (left_node, weight)) if weight.kind is NodeKind.NUMBER:
            inner = label_weights(left_node, labels)
            return inner and {label: weight.number * value for label, value in inner.items()}
    return None
