"""Finds rules that add nothing: whenever one holds another holds too, is as grave and as hard to lift.

A rule's condition is split into the least evidence under which it can hold: for each label the score that it asks for.
What facts it asks for besides is left out there, so that the evidence is no more than the rule needs. Where another
rule holds on that evidence, whatever the facts, it holds whenever the first does, for conditions only rise with scores.
Rules about facts alone are not compared: nothing is proved of facts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from core.verdicts import Gate
from policy.clause import Clause
from policy.index import weights
from policy.pack import Policy
from policy.problems import Problem
from policy.rule import Mode
from policy.syntax import Kind, Node

_MOST = 64  # ways in which one condition can hold that are looked at; a rule with more is not compared

Point = Mapping[str, float]


def shadowed(policy: Policy) -> Iterator[Problem]:
    """A warning for each rule that another makes superfluous."""
    for gate in Gate:
        enforced = [one for one in policy.clauses[gate] if one.rule.mode is Mode.ENFORCE and one.labels]
        for one in enforced:
            if found := _shadow_of(one, enforced, policy):
                words = f"shadowed: whenever it holds, '{found.rule.name}' ({found.rule.file}) holds and is as grave"
                yield Problem(file=one.rule.file, line=one.rule.lines.get("when", 1), text=words)


def unreachable(policy: Policy) -> Iterator[Problem]:
    """A warning for each comparison that no scores can make true."""
    for gate in Gate:
        for one in policy.clauses[gate]:
            for node, words in _never(one.strictest, policy.vocabulary.labels):
                line = one.rule.lines.get("when", 1) + one.text[: node.at].count("\n")
                yield Problem(file=one.rule.file, line=line, text=words)


def _never(node: Node, labels: Iterable[str]) -> Iterator[tuple[Node, str]]:
    match node.name, node.parts:
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.kind is Kind.NUMBER:
            several = _several(score)
            sums = [weights(part, frozenset(labels)) for part in several]
            most = max((sum(found.values()) for found in sums if found is not None), default=math.inf)
            if all(found is not None for found in sums) and limit.number > most:
                yield node, f"unreachable: the scores add up to {most:g} at the most, and {limit.number:g} is asked for"
        case _:
            for part in node.parts:
                yield from _never(part, labels)


def _shadow_of(one: Clause, enforced: Iterable[Clause], policy: Policy) -> Clause | None:
    asked = _asked(one, policy)
    for other in enforced if asked else ():
        if other is one or not _as_grave(other, one) or not _holds(other, asked):
            continue
        if other.rule.name < one.rule.name or not _is_shadow_of(one, other, policy):  # of two alike the first stays
            return other
    return None


def _is_shadow_of(other: Clause, one: Clause, policy: Policy) -> bool:
    asked = _asked(one, policy)
    return bool(asked) and _as_grave(other, one) and _holds(other, asked)


def _asked(one: Clause, policy: Policy) -> list[Any]:
    zeros = dict.fromkeys(policy.vocabulary.labels, 0.0)
    return [policy.env.Activation({**zeros, **point}) for point in _points(one.strictest, policy.vocabulary.labels)]


def _holds(other: Clause, asked: Iterable[Any]) -> bool:
    program = other.programs[max(other.programs, key=lambda value: value or 0.0)]
    return all(program.eval(activation).value() is True for activation in asked)


def _as_grave(other: Clause, one: Clause) -> bool:
    theirs, ours = other.rule, one.rule
    lifted_by = (theirs.two_person or theirs.final) >= ours.two_person and theirs.final >= ours.final
    return theirs.then >= ours.then and theirs.if_missing >= ours.if_missing and lifted_by


def _points(node: Node, labels: Iterable[str]) -> list[Point]:
    """The least evidence for each way in which a condition can hold; empty where there are too many."""
    names = frozenset(labels)
    match node.name, node.parts:
        case "_||_", parts:
            every = [_points(part, names) for part in parts]
            found = [point for points in every for point in points]
            return found if all(every) and len(found) <= _MOST else []
        case "_&&_", parts:
            every = [_points(part, names) for part in parts]
            ways = math.prod(len(points) for points in every)
            return [_both(combination) for combination in product(*every)] if 0 < ways <= _MOST else []
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.kind is Kind.NUMBER:
            return [_reached(part, limit.number, node.name in ("_>_", "_<_"), names) for part in _several(score)]
    return [{}]


def _reached(score: Node, limit: float, above: bool, labels: frozenset[str]) -> Point:
    if score.kind is Kind.NAME and score.name in labels:
        return {score.name: math.nextafter(limit, math.inf) if above else limit}
    return {}


def _several(score: Node) -> tuple[Node, ...]:
    if score.name != "math.@max":
        return (score,)
    return score.parts[0].parts if score.parts[0].kind is Kind.LIST else score.parts


def _both(points: Iterable[Point]) -> Point:
    found: dict[str, float] = {}
    for point in points:
        found |= {label: max(score, found.get(label, 0.0)) for label, score in point.items()}
    return found
