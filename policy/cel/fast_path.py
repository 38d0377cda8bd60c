"""A condition over labels alone as a Python function: what CEL would say, at a tenth of the time.

Only forms with one possible meaning are compiled: comparisons of sums, weighted sums and the greatest of labels with a
number, joined by && and ||; `within` and `before` are looked up, as CEL's variables for them are. Labels are doubles
and always there, so none of them can be an error; Python's floats are CEL's doubles. Anything else, every fact among
it, is CEL's to evaluate. That both agree is tested on random conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from policy.cel.syntax_tree import NodeKind, SyntaxNode
from policy.cel.time_relations import HOLDS, relation_of

LabelScores = Mapping[str, float]
FastPath = Callable[[LabelScores], bool]
_Number = Callable[[LabelScores], float]


def compile_fast_path(condition: SyntaxNode, labels: Collection[str]) -> FastPath | None:
    """The condition as a function of scores, of which each label must have one; None if it is CEL's to evaluate."""
    match condition.name, condition.parts:
        case ("_&&_" | "_||_") as join, (left_node, right_node):
            left, right = compile_fast_path(left_node, labels), compile_fast_path(right_node, labels)
            if left is None or right is None:
                return None
            return _both(left, right) if join == "_&&_" else _either(left, right)
        case (("_>=_" | "_>_") as sign, (score, limit)) if limit.kind is NodeKind.NUMBER:
            return _reaching(score, limit.number, labels, above=sign == "_>_")
        case (("_<=_" | "_<_") as sign, (limit, score)) if limit.kind is NodeKind.NUMBER:
            return _reaching(score, limit.number, labels, above=sign == "_<_")
    if relation := relation_of(condition, labels):
        variable = relation.variable
        return lambda scores: scores[variable] >= HOLDS
    return None


def _reaching(score: SyntaxNode, limit: float, labels: Collection[str], *, above: bool) -> FastPath | None:
    if score.kind is NodeKind.NAME and score.name in labels:
        name = score.name
        return (lambda scores: scores[name] > limit) if above else (lambda scores: scores[name] >= limit)
    number = _number(score, labels)
    return None if number is None else _compare(number, limit, above=above)


def _compare(number: _Number, limit: float, *, above: bool) -> FastPath:
    return (lambda scores: number(scores) > limit) if above else (lambda scores: number(scores) >= limit)


def _number(score: SyntaxNode, labels: Collection[str]) -> _Number | None:
    match score.name, score.parts:
        case "_+_", (item, other):
            left, right = _number(item, labels), _number(other, labels)
            return _sum(left, right) if left and right else None
        case "_*_", (item, other):
            left, right = _number(item, labels), _number(other, labels)
            return _product(left, right) if left and right else None
        case "math.@max", parts:
            several = parts[0].parts if parts[0].kind is NodeKind.LIST else parts
            every = [_number(part, labels) for part in several]
            known = [item for item in every if item is not None]
            return None if len(known) < len(every) else lambda scores: max(one(scores) for one in known)
    if score.kind is NodeKind.NUMBER:
        return lambda _scores: score.number
    if score.kind is NodeKind.NAME and score.name in labels:
        return lambda scores: scores[score.name]
    return None


def _sum(left: _Number, right: _Number) -> _Number:
    return lambda scores: left(scores) + right(scores)


def _product(left: _Number, right: _Number) -> _Number:
    return lambda scores: left(scores) * right(scores)


def _both(left: FastPath, right: FastPath) -> FastPath:
    return lambda scores: left(scores) and right(scores)


def _either(left: FastPath, right: FastPath) -> FastPath:
    return lambda scores: left(scores) or right(scores)
