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

from core.verdicts import Gate
from policy.cel.cel_types import CelActivation
from policy.cel.compiled_rule import CompiledRule
from policy.cel.rule_index import label_weights
from policy.cel.syntax_tree import NodeKind, SyntaxNode
from policy.cel.time_relations import HOLDS, ScoreLimit, relation_of
from policy.pack import Policy
from policy.problems import Problem
from policy.rule import Mode

_MAX_ALTERNATIVES = 64  # ways in which one condition can hold that are looked at; a rule with more is not compared

MinimalScores = Mapping[str, float]


def redundant_rules(policy: Policy) -> Iterator[Problem]:
    """A warning for each rule that another makes superfluous."""
    for gate in Gate:
        enforced = [
            compiled
            for compiled in policy.compiled_rules[gate]
            if compiled.rule.mode is Mode.ENFORCE and compiled.labels
        ]
        for compiled in enforced:
            if covering := _covering_rule(compiled, enforced, policy):
                text = (
                    f"shadowed: whenever it holds, '{covering.rule.name}' ({covering.rule.file}) holds and is as grave"
                )
                yield Problem(file=compiled.rule.file, line=compiled.rule.lines.get("when", 1), text=text)


def unreachable_comparisons(policy: Policy) -> Iterator[Problem]:
    """A warning for each comparison that no scores can make true."""
    for gate in Gate:
        for compiled in policy.compiled_rules[gate]:
            for node, text in _unreachable_nodes(compiled.strictest_condition, policy.vocabulary.labels):
                line = compiled.rule.lines.get("when", 1) + compiled.text[: node.offset].count("\n")
                yield Problem(file=compiled.rule.file, line=line, text=text)


def _unreachable_nodes(node: SyntaxNode, labels: Iterable[str]) -> Iterator[tuple[SyntaxNode, str]]:
    match node.name, node.parts:
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.kind is NodeKind.NUMBER:
            several = _operands(score)
            sums = [label_weights(part, frozenset(labels)) for part in several]
            most = max((sum(scores.values()) for scores in sums if scores is not None), default=math.inf)
            if all(scores is not None for scores in sums) and limit.number > most:
                yield node, f"unreachable: the scores add up to {most:g} at the most, and {limit.number:g} is asked for"
        case _:
            for part in node.parts:
                yield from _unreachable_nodes(part, labels)


def _covering_rule(compiled: CompiledRule, enforced: Iterable[CompiledRule], policy: Policy) -> CompiledRule | None:
    activations = _minimal_activations(compiled, policy)
    for candidate in enforced if activations else ():
        if candidate is compiled or not _as_grave(candidate, compiled) or not _holds(candidate, activations):
            continue
        if candidate.rule.name < compiled.rule.name or not _is_covered_by(
            compiled, candidate, policy
        ):  # of two alike the first stays
            return candidate
    return None


def _is_covered_by(candidate: CompiledRule, compiled: CompiledRule, policy: Policy) -> bool:
    activations = _minimal_activations(compiled, policy)
    return bool(activations) and _as_grave(candidate, compiled) and _holds(candidate, activations)


def _minimal_activations(one: CompiledRule, policy: Policy) -> list[CelActivation]:
    relations = (one.variable for of_gate in policy.relations.values() for one in of_gate)
    zeros = dict.fromkeys([*policy.vocabulary.labels, *relations], 0.0)
    return [
        policy.env.Activation({**zeros, **point})
        for point in _minimal_scores(one.strictest_condition, policy.vocabulary.labels)
    ]


def _holds(other: CompiledRule, asked: Iterable[CelActivation]) -> bool:
    program = other.programs[max(other.programs, key=lambda value: value or 0.0)]
    return all(program.eval(activation).value() is True for activation in asked)


def _as_grave(candidate: CompiledRule, compiled: CompiledRule) -> bool:
    candidate_rule, compiled_rule = candidate.rule, compiled.rule
    lifted_by = (
        candidate_rule.two_person or candidate_rule.final
    ) >= compiled_rule.two_person and candidate_rule.final >= compiled_rule.final
    return (
        candidate_rule.then >= compiled_rule.then
        and candidate_rule.if_missing >= compiled_rule.if_missing
        and lifted_by
    )


def _minimal_scores(node: SyntaxNode, labels: Iterable[str]) -> list[MinimalScores]:
    """The least evidence for each way in which a condition can hold; empty where there are too many."""
    names = frozenset(labels)
    match node.name, node.parts:
        case "_||_", parts:
            every = [_minimal_scores(part, names) for part in parts]
            all_points = [point for points in every for point in points]
            return all_points if all(every) and len(all_points) <= _MAX_ALTERNATIVES else []
        case "_&&_", parts:
            every = [_minimal_scores(part, names) for part in parts]
            ways = math.prod(len(points) for points in every)
            return (
                [_merged_scores(combination) for combination in product(*every)]
                if 0 < ways <= _MAX_ALTERNATIVES
                else []
            )
        case (("_>=_" | "_>_"), (score, limit)) | (("_<=_" | "_<_"), (limit, score)) if limit.kind is NodeKind.NUMBER:
            return [_reached(part, limit.number, node.name in ("_>_", "_<_"), names) for part in _operands(score)]
    if relation := relation_of(node, names):
        both = (_limit_reached(one) for one in (relation.first, relation.second))
        return [_merged_scores([*both, {relation.variable: HOLDS}])]
    return [{}]


def _limit_reached(limit: ScoreLimit) -> MinimalScores:
    return {limit.label: math.nextafter(limit.score, math.inf) if limit.above else limit.score}


def _reached(score: SyntaxNode, limit: float, above: bool, labels: frozenset[str]) -> MinimalScores:
    if score.kind is NodeKind.NAME and score.name in labels:
        return {score.name: math.nextafter(limit, math.inf) if above else limit}
    return {}


def _operands(score: SyntaxNode) -> tuple[SyntaxNode, ...]:
    if score.name != "math.@max":
        return (score,)
    return score.parts[0].parts if score.parts[0].kind is NodeKind.LIST else score.parts


def _merged_scores(points: Iterable[MinimalScores]) -> MinimalScores:
    merged: dict[str, float] = {}
    for point in points:
        merged |= {label: max(score, merged.get(label, 0.0)) for label, score in point.items()}
    return merged
