"""What rules hold against labels, as data: from which score of a label on a rule may fire, and what it says then.

Read from the syntax of a condition, so that whoever shows scores can show the thresholds beside them. What a condition
says beyond comparisons of labels with numbers is not described.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.verdicts import Decision, Gate
from policy.cel.compiled_rule import CompiledRule
from policy.cel.rule_index import label_weights
from policy.cel.syntax_tree import NodeKind, SyntaxNode, parse_syntax_tree
from policy.pack import Policy
from policy.rule import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelThreshold:
    """The score in [0, 1] that a rule holds against a label; `strict`: it has to be above, and not only reach it.

    `alone`: no other label or fact is needed for the rule to fire. `audience` names the accounts for which this
    threshold counts, as `account_minor = true`; empty for all.
    """

    label: str
    score: float
    strict: bool = False
    alone: bool = True
    audience: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDescription:
    """A rule that is asked at a gate: what follows where it fires, its sentence, its labels and their thresholds."""

    name: str
    mode: Mode
    then: Decision
    if_missing: Decision
    reason: str
    labels: frozenset[str]
    thresholds: tuple[LabelThreshold, ...]


@lru_cache(maxsize=16)  # milliseconds, and asked about every text that is stopped
def describe_rules(policy: Policy, gate: Gate) -> tuple[RuleDescription, ...]:
    """Every rule of a gate that is not off, by name."""
    described = [
        RuleDescription(
            name=compiled.rule.name,
            mode=compiled.rule.mode,
            then=compiled.rule.then,
            if_missing=compiled.rule.if_missing,
            reason=compiled.rule.reason,
            labels=compiled.labels,
            thresholds=tuple(_thresholds_of(compiled)),
        )
        for compiled in policy.compiled_rules[gate]
    ]
    return tuple(sorted(described, key=lambda one: one.name))


def _thresholds_of(compiled: CompiledRule) -> Iterator[LabelThreshold]:
    own = compiled.rule.threshold
    audiences = [(audience.threshold, str(audience)) for audience in compiled.rule.audiences]
    strictest = min(compiled.programs, key=lambda value: value or 0.0)
    for value, audience in [(own, ""), *audiences]:
        is_strictest = value == strictest
        tree = compiled.strictest_condition if is_strictest else parse_syntax_tree(compiled.programs[value].serialize())
        for label, score, strict, alone in dict.fromkeys(_comparisons(tree, compiled.labels, alone=True)):
            yield LabelThreshold(label=label, score=score, strict=strict, alone=alone, audience=audience)


def _comparisons(node: SyntaxNode, labels: Collection[str], *, alone: bool) -> Iterator[tuple[str, float, bool, bool]]:
    """(label, score, strict, alone) for each comparison of a label, a sum or the greatest of labels with a number."""
    match node.name, node.parts:
        case "_||_", parts:
            for part in parts:
                yield from _comparisons(part, labels, alone=alone)
        case (("_&&_" | "_?_:_"), parts):
            for part in parts:
                yield from _comparisons(part, labels, alone=False)
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.kind is NodeKind.NUMBER:
            strict = node.name in ("_>_", "_<_")
            yield from ((label, at, strict, alone) for label, at in _reached_by(score, limit.number, labels))
        case _, parts:  # and, a choice by a fact, or a function of several comparisons
            for part in parts:
                yield from _comparisons(part, labels, alone=False)


def _reached_by(score: SyntaxNode, limit: float, labels: Collection[str]) -> Iterator[tuple[str, float]]:
    """Each label that can reach the limit with the others at 0, and the score at which it does."""
    if score.name == "math.@max":
        for part in score.parts[0].parts if score.parts[0].kind is NodeKind.LIST else score.parts:
            yield from _reached_by(part, limit, labels)
        return
    for label, weight in sorted((label_weights(score, labels) or {}).items()):
        if weight > 0.0 and 0.0 <= limit / weight <= 1.0:
            yield label, round(limit / weight, 6)
