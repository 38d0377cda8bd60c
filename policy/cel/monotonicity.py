"""Proves that more evidence never makes a condition less true, by its form alone.

Scores may only rise to a threshold: `label >= c`, `label > c`, sums and weighted sums of labels, the greatest of
several, joined by && and ||, or chosen by a fact; and `within` and `before` of two labels that reach a score each.
Facts are free. What is not known to be safe is refused.

Why that suffices: each form keeps order in every label, and CEL's && and || also do in the order
false < error < true; weights are bounded so that no sum of labels overflows into an infinity.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from policy.cel.syntax_tree import NodeKind, SyntaxNode
from policy.cel.time_relations import MAX_SECONDS, RELATION_FUNCTIONS, is_relation

_MAX_WEIGHT = 10.0  # of a label in a sum: larger ones are a mistake

MonotonicityViolation = tuple[int, str]


def label_violation(condition: SyntaxNode, labels: Collection[str]) -> MonotonicityViolation | None:
    """Where and why the condition might become false when a score rises; None if it cannot."""
    if not condition.names(labels):
        return None
    match condition.name, condition.parts:
        case (("_&&_" | "_||_"), parts):
            return _first(label_violation(part, labels) for part in parts)
        case "_?_:_", (by, one, other) if not by.names(labels):
            return label_violation(one, labels) or label_violation(other, labels)
        case (("_>=_" | "_>_"), (score, threshold)) if not threshold.names(labels):
            return _score_violation(score, labels)
        case (("_<=_" | "_<_"), (threshold, score)) if not threshold.names(labels):
            return _score_violation(score, labels)
        case _ if is_relation(condition, labels):
            return None
    return condition.offset, _words(condition)


def threshold_violation(condition: SyntaxNode, name: str) -> MonotonicityViolation | None:
    """Where and why a lower threshold of this name might make the condition less true; None if it cannot."""
    if not condition.names([name]):
        return None
    match condition.name, condition.parts:
        case (("_&&_" | "_||_"), parts):
            return _first(threshold_violation(part, name) for part in parts)
        case function, (first, second, seconds) if function in RELATION_FUNCTIONS and not seconds.names([name]):
            return threshold_violation(first, name) or threshold_violation(second, name)
        case "_?_:_", (by, one, other) if not by.names([name]):
            return threshold_violation(one, name) or threshold_violation(other, name)
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.name == name:
            if limit.kind is NodeKind.NAME and not score.names([name]):
                return None
    return condition.offset, f"`{name}` may only be what something has to reach: `label >= {name}`"


def _score_violation(score: SyntaxNode, labels: Collection[str]) -> MonotonicityViolation | None:
    """Where a number might fall when a score rises; None if it cannot."""
    if score.kind is NodeKind.NAME or not score.names(labels):
        return None
    match score.name, score.parts:
        case "_+_", parts:
            return _first(_score_violation(part, labels) for part in parts)
        case "_*_", (one, weight) if _is_weight(weight):
            return _score_violation(one, labels)
        case "_*_", (weight, one) if _is_weight(weight):
            return _score_violation(one, labels)
        case "math.@max", parts:
            several = parts[0].parts if parts[0].kind is NodeKind.LIST else parts
            return _first(_score_violation(part, labels) for part in several)
        case "_?_:_", (by, one, other) if not by.names(labels):
            return _score_violation(one, labels) or _score_violation(other, labels)
    return score.offset, "of labels take only sums, weights from 0 to 10 (`0.5 * label`) and math.greatest"


def _is_weight(node: SyntaxNode) -> bool:
    return node.kind is NodeKind.NUMBER and 0.0 <= node.number <= _MAX_WEIGHT


def _first(objections: Iterable[MonotonicityViolation | None]) -> MonotonicityViolation | None:
    return next((objection for objection in objections if objection), None)


def _words(node: SyntaxNode) -> str:
    match node.name:
        case "!_":
            return "a label may not be negated: more evidence would make the verdict milder"
        case "_<_" | "_<=_" | "_>_" | "_>=_":
            return "compare labels so that more evidence is graver: `label >= threshold`, the threshold without labels"
        case function if function in RELATION_FUNCTIONS:
            return (
                f"`{function}` compares two labels with numbers, and says how many seconds they may be apart, from 0 "
                f"to {MAX_SECONDS:g}: `{function}(label >= 0.5, other >= 0.5, 2.0)`"
            )
    return "labels may only be compared with a threshold (`label >= 0.5`) and joined with && and ||"
