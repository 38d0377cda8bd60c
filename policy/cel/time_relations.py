"""Conditions over when things happen: `within(a >= 0.5, b >= 0.6, 2.0)` and `before(a >= 0.5, b >= 0.6, 2.0)`.

`within`: a signal of the first label and one of the second reach their scores, and overlap or lie at most so many
seconds apart. `before`: the first begins earlier, and the second begins at most so many seconds after the first ends.
Both are true or false, and more evidence never makes them less true: another signal can only add a pair.

CEL type-checks and parses them as functions, so that proofs see what they ask for. What is evaluated has a variable in
their place, since whether they hold follows from the places of signals, which CEL never sees.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from cel_expr_python import cel

from core.signals import Signal, Span
from policy.cel.syntax_tree import NodeKind, SyntaxNode
from policy.vocabulary import THRESHOLD

HOLDS = 1.0  # what the variable of a relation is where the relation holds; else 0
MAX_SECONDS = 600.0  # apart; what lies further apart is hardly one scene

SignalsByLabel = Mapping[str, Sequence[Signal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLimit:
    """What a signal of a label has to reach; with `above`, to exceed."""

    label: str
    score: float
    above: bool

    def reached(self, score: float | None) -> bool:
        """Whether a score is enough."""
        return score is not None and (score > self.score if self.above else score >= self.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRelation:
    """Two labels with their scores, and how their signals have to lie in time. `function` is within or before."""

    function: str
    first: ScoreLimit
    second: ScoreLimit
    seconds: float

    @property
    def variable(self) -> str:
        """The variable that stands for it in what is evaluated. No label or fact begins with an underscore."""
        limits = (f"{one.label}_{'gt' if one.above else 'ge'}_{one.score!r}" for one in (self.first, self.second))
        return "_" + re.sub(r"\W", "_", "__".join((self.function, *limits, repr(self.seconds))))

    def bounds(self, signals: SignalsByLabel, gaps: Collection[str]) -> tuple[bool, bool]:
        """Whether it holds by what was measured, and whether it might by what was not.

        A label in `gaps` may have any score at any time, and a signal without a place in seconds may be anywhere.
        """
        first, second = (
            [s.at if s.at and s.at.unit == "s" else None for s in signals[one.label] if one.reached(s.score)]
            for one in (self.first, self.second)
        )
        related = _FUNCTIONS[self.function]
        if any(a and b and related(a, b, self.seconds) for a, b in product(first, second)):
            return True, True
        first_anywhere, second_anywhere = self.first.label in gaps, self.second.label in gaps
        return False, (
            (first_anywhere and (second_anywhere or bool(second)))
            or (second_anywhere and bool(first))
            or any(a is None or b is None for a, b in product(first, second))
        )


def within(first: Span, second: Span, seconds: float) -> bool:
    """Whether two spans overlap or lie at most so many seconds apart."""
    return max(first.start, second.start) - min(first.end, second.end) <= seconds


def before(first: Span, second: Span, seconds: float) -> bool:
    """Whether the second begins later than the first, and at most so many seconds after the first's end."""
    return first.start < second.start <= first.end + seconds


_FUNCTIONS: Mapping[str, Callable[[Span, Span, float], bool]] = {"within": within, "before": before}
RELATION_FUNCTIONS = frozenset(_FUNCTIONS)


def function_declarations() -> list[object]:
    """`within` and `before`, as CEL checks them: (bool, bool, double) -> bool."""
    flag, number = cel.Type.BOOL, cel.Type.DOUBLE
    return [
        cel.FunctionDecl(name, [cel.Overload(f"{name}_bool_bool_double", flag, [flag, flag, number], False)])
        for name in sorted(RELATION_FUNCTIONS)
    ]


def relation_of(node: SyntaxNode, labels: Collection[str]) -> TimeRelation | None:
    """What a call of `within` or `before` asks for; None if it is no such call, or asks for something else."""
    if node.name not in RELATION_FUNCTIONS or len(node.parts) != 3 or node.parts[2].kind is not NodeKind.NUMBER:
        return None
    first, second = (_score_limit(part, labels) for part in node.parts[:2])
    seconds = node.parts[2].number
    if first is None or second is None or first.label == second.label or not 0.0 <= seconds <= MAX_SECONDS:
        return None
    return TimeRelation(function=node.name, first=first, second=second, seconds=seconds)


def is_relation(node: SyntaxNode, labels: Collection[str]) -> bool:
    """Whether a call is one of `within` or `before` as they have to be written; a limit may be `threshold` still."""
    return relation_of(_with_thresholds(node), labels) is not None


def relations_in(node: SyntaxNode, labels: Collection[str]) -> frozenset[TimeRelation]:
    """All of them in a condition."""
    own = relation_of(node, labels)
    return frozenset([own] if own else []).union(*(relations_in(part, labels) for part in node.parts))


def replace_relations(text: str, root: SyntaxNode, labels: Collection[str]) -> str:
    """The condition with a comparison of a variable in place of each call.

    Were one overlooked, the function would be called, which has nothing behind it: an error, and so no evidence.
    """
    for node in sorted(_calls(root), key=lambda one: one.offset, reverse=True):
        relation = relation_of(node, labels)
        call = _call_text(text, node.offset, node.name)
        if relation and call:
            text = f"{text[: call[0]]}({relation.variable} >= {HOLDS!r}){text[call[1] :]}"
    return text


def relation_values(
    relations: Iterable[TimeRelation], signals: SignalsByLabel, gaps: Collection[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """The variables at their least and at their most."""
    bounds = {one.variable: one.bounds(signals, gaps) for one in relations}
    return (
        {name: HOLDS * least for name, (least, _) in bounds.items()},
        {name: HOLDS * most for name, (_, most) in bounds.items()},
    )


def _score_limit(node: SyntaxNode, labels: Collection[str]) -> ScoreLimit | None:
    match node.name, node.parts:
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.kind is NodeKind.NUMBER:
            if score.kind is NodeKind.NAME and score.name in labels:
                return ScoreLimit(label=score.name, score=limit.number, above=node.name in ("_>_", "_<_"))
    return None


def _with_thresholds(node: SyntaxNode) -> SyntaxNode:
    """With a number in place of `threshold`, whichever: what is asked is only the form."""
    if node.kind is NodeKind.NAME and node.name == THRESHOLD:
        return SyntaxNode(kind=NodeKind.NUMBER, offset=node.offset, raw=b"", number=0.5)
    return replace(node, parts=tuple(_with_thresholds(part) for part in node.parts))


def _calls(node: SyntaxNode) -> list[SyntaxNode]:
    own = [node] if node.name in RELATION_FUNCTIONS and node.kind is NodeKind.CALL else []
    return own + [call for part in node.parts for call in _calls(part)]


def _call_text(text: str, offset: int, name: str) -> tuple[int, int] | None:
    """Where a call begins and ends; CEL gives the place of its opening bracket."""
    opening = text.find("(", offset)
    begin = text.rfind(name, 0, opening)
    depth = 0
    for place in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return begin, place + 1
    return None
