"""Weighs signals and facts for a gate: for each label the least and the most that its score can be.

A label that was not measured in full may have any score from what was found up to 1. A rule that gives the
same answer to both ends needs no more evidence; any other answers `if_missing`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from core.signals import Signal, Span, Subject
from core.verdicts import Gate
from policy.audience import RuleFact
from policy.cel.time_relations import TimeRelation, relation_values
from policy.vocabulary import SUBJECTS_BY_GATE, Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationInput:
    """Scores at their least and at their most, labels that differ in the two, and the facts that are known.

    Relations in time stand among the scores under their variables, and among what differs likewise.
    """

    lower: Mapping[str, float]
    upper: Mapping[str, float]
    unmeasured: frozenset[str]
    facts: Mapping[str, RuleFact]


def build_input(
    gate: Gate,
    signals: Iterable[Signal],
    facts: Mapping[str, object],
    vocabulary: Vocabulary,
    relations: Collection[TimeRelation] = (),
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
    return _with_relations(least, gaps, known, relations, signals_by_label)


def hypothetical_input(
    scores: Mapping[str, float],
    facts: Mapping[str, RuleFact],
    labels: Collection[str],
    at: Mapping[str, tuple[float, float]] | None = None,
    relations: Collection[TimeRelation] = (),
) -> EvaluationInput:
    """Evidence for the sake of argument: these scores at these seconds, these facts, and nothing measured besides."""
    gaps = frozenset(labels) - scores.keys()
    least = {**dict.fromkeys(labels, 0.0), **scores}
    places = {label: Span(start=start, end=end) for label, (start, end) in (at or {}).items()}
    signals = {
        label: [_supposed(label, scores[label], places.get(label))] if label in scores else [] for label in least
    }
    return _with_relations(least, gaps, facts, relations, signals)


def _supposed(label: str, score: float, at: Span | None) -> Signal:
    return Signal(subject=Subject.VIDEO, label=label, score=score, source="example", at=at)


def _with_relations(
    least: Mapping[str, float],
    gaps: frozenset[str],
    facts: Mapping[str, RuleFact],
    relations: Collection[TimeRelation],
    signals: Mapping[str, list[Signal]],
) -> EvaluationInput:
    lower, upper = relation_values(relations, signals, gaps)
    unsure = {name for name, value in lower.items() if upper[name] != value}
    return EvaluationInput(
        lower={**least, **lower},
        upper={**least, **dict.fromkeys(gaps, 1.0), **upper},
        unmeasured=gaps | unsure,
        facts=facts,
    )


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
