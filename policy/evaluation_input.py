"""Weighs signals and facts for a gate: for each label the least and the most that its score can be.

A label that was not measured in full may have any score from what was found up to 1. A rule that gives the
same answer to both ends needs no more evidence; any other answers `if_missing`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from core.signals import Signal, Subject
from core.verdicts import Gate
from policy.audience import RuleFact
from policy.vocabulary import SUBJECTS_BY_GATE, Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationInput:
    """Scores at their least and at their most, labels that differ in the two, and the facts that are known."""

    lower: Mapping[str, float]
    upper: Mapping[str, float]
    unmeasured: frozenset[str]
    facts: Mapping[str, RuleFact]


def build_input(
    gate: Gate, signals: Iterable[Signal], facts: Mapping[str, object], vocabulary: Vocabulary
) -> EvaluationInput:
    """The evidence at a gate. A label's score is the highest of its signals about what this gate looks at.

    A label has a gap unless each subject it is measured of gave a signal and no signal's score is None.
    No reference is expected where the fact `has_reference` is false. Facts of the wrong type are not known.
    """
    known = _typed_facts(facts, vocabulary)
    subjects = SUBJECTS_BY_GATE[gate] - ({Subject.REFERENCE} if known.get("has_reference") is False else set())
    signals_by_label: dict[str, list[Signal]] = {name: [] for name in vocabulary.labels_at(gate)}
    for signal in signals:
        if signal.subject in SUBJECTS_BY_GATE[gate] and signal.label in signals_by_label:
            signals_by_label[signal.label].append(signal)
    gaps = frozenset(
        name for name, of_label in signals_by_label.items() if _has_gap(of_label, vocabulary.labels[name] & subjects)
    )
    least = {name: max((s.score or 0.0 for s in of_label), default=0.0) for name, of_label in signals_by_label.items()}
    return EvaluationInput(lower=least, upper=least | dict.fromkeys(gaps, 1.0), unmeasured=gaps, facts=known)


def hypothetical_input(
    scores: Mapping[str, float], facts: Mapping[str, RuleFact], labels: Collection[str]
) -> EvaluationInput:
    """Evidence for the sake of argument: these scores, these facts, and nothing measured besides."""
    gaps = frozenset(labels) - scores.keys()
    least = {**dict.fromkeys(labels, 0.0), **scores}
    return EvaluationInput(lower=least, upper=least | dict.fromkeys(gaps, 1.0), unmeasured=gaps, facts=facts)


def fits_fact_type(value: object, kind: type | None) -> TypeGuard[RuleFact]:
    """Whether a value can stand for a fact of this type: finite where it is a float, 64 bits where it is an int."""
    whole = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    if kind is float:
        return whole or (isinstance(value, float) and math.isfinite(value))
    return whole if kind is int else kind is not None and type(value) is kind


def _typed_facts(facts: Mapping[str, object], vocabulary: Vocabulary) -> dict[str, RuleFact]:
    return {name: value for name, value in facts.items() if fits_fact_type(value, vocabulary.facts.get(name))}


def _has_gap(of_label: list[Signal], expected: Collection[Subject]) -> bool:
    return (
        not of_label or any(s.score is None for s in of_label) or not {s.subject for s in of_label}.issuperset(expected)
    )
