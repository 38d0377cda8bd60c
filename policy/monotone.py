"""Proves that more evidence never makes a condition less true, by its form alone.

Scores may only rise to a threshold: `label >= c`, `label > c`, sums and weighted sums of labels, the greatest of
several, joined by && and ||, or chosen by a fact. Facts are free. What is not known to be safe is refused.

Why that suffices: each form keeps order in every label, and CEL's && and || also do in the order
false < error < true; weights are bounded so that no sum of labels overflows into an infinity.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from policy.syntax import Kind, Node

_HEAVIEST = 10.0

Objection = tuple[int, str]


def objection(condition: Node, labels: Collection[str]) -> Objection | None:
    """Where and why the condition might become false when a score rises; None if it cannot."""
    if not condition.names(labels):
        return None
    match condition.name, condition.parts:
        case (("_&&_" | "_||_"), parts):
            return _first(objection(part, labels) for part in parts)
        case "_?_:_", (by, one, other) if not by.names(labels):
            return objection(one, labels) or objection(other, labels)
        case (("_>=_" | "_>_"), (score, threshold)) if not threshold.names(labels):
            return _unless_rising(score, labels)
        case (("_<=_" | "_<_"), (threshold, score)) if not threshold.names(labels):
            return _unless_rising(score, labels)
    return condition.at, _words(condition)


def unruly(condition: Node, name: str) -> Objection | None:
    """Where and why a lower threshold of this name might make the condition less true; None if it cannot."""
    if not condition.names([name]):
        return None
    match condition.name, condition.parts:
        case (("_&&_" | "_||_"), parts):
            return _first(unruly(part, name) for part in parts)
        case "_?_:_", (by, one, other) if not by.names([name]):
            return unruly(one, name) or unruly(other, name)
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.name == name:
            if limit.kind is Kind.NAME and not score.names([name]):
                return None
    return condition.at, f"`{name}` may only be what something has to reach: `label >= {name}`"


def _unless_rising(score: Node, labels: Collection[str]) -> Objection | None:
    """Where a number might fall when a score rises; None if it cannot."""
    if score.kind is Kind.NAME or not score.names(labels):
        return None
    match score.name, score.parts:
        case "_+_", parts:
            return _first(_unless_rising(part, labels) for part in parts)
        case "_*_", (one, weight) if _is_weight(weight):
            return _unless_rising(one, labels)
        case "_*_", (weight, one) if _is_weight(weight):
            return _unless_rising(one, labels)
        case "math.@max", parts:
            several = parts[0].parts if parts[0].kind is Kind.LIST else parts
            return _first(_unless_rising(part, labels) for part in several)
        case "_?_:_", (by, one, other) if not by.names(labels):
            return _unless_rising(one, labels) or _unless_rising(other, labels)
    return score.at, "of labels take only sums, weights from 0 to 10 (`0.5 * label`) and math.greatest"


def _is_weight(node: Node) -> bool:
    return node.kind is Kind.NUMBER and 0.0 <= node.number <= _HEAVIEST


def _first(objections: Iterable[Objection | None]) -> Objection | None:
    return next((found for found in objections if found), None)


def _words(node: Node) -> str:
    match node.name:
        case "!_":
            return "a label may not be negated: more evidence would make the verdict milder"
        case "_<_" | "_<=_" | "_>_" | "_>=_":
            return "compare labels so that more evidence is graver: `label >= threshold`, the threshold without labels"
    return "labels may only be compared with a threshold (`label >= 0.5`) and joined with && and ||"
