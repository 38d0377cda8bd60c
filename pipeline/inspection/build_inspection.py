"""Puts the view of a video together from what was measured and decided. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.codec import load
from core.signals import Signal, Span, Subject
from core.verdicts import Verdict
from pipeline.inspection.inspection_view import (
    FootageFacts,
    FootagePassage,
    Hit,
    Inspection,
    LabelState,
    LabelTimeline,
    RuleLine,
    RuleOutcome,
    ThresholdMark,
)
from policy.decide import COULD_NOT_CHECK
from policy.rule_description import RuleDescription

_STATE_ORDER = list(LabelState)
_STATES = {RuleOutcome.FIRED: LabelState.FIRED, RuleOutcome.MISSING: LabelState.FIRED}
_STATES |= {RuleOutcome.SHADOW: LabelState.SHADOW, RuleOutcome.SHADOW_MISSING: LabelState.UNMEASURED}
_STATES |= {RuleOutcome.LIFTED: LabelState.LIFTED}
_SHOWN_OF_WORDS = frozenset({"kind", "text", "at", "certainty", "language", "box", "is_code"})
_TELLING = 0.1  # of a score that came to nothing
_FOR_WANT = (RuleOutcome.MISSING, RuleOutcome.SHADOW_MISSING)


def build_inspection(
    footage: FootageFacts,
    signals: Iterable[Signal],
    verdict: Verdict | None,
    rules: Sequence[RuleDescription],
    *,
    passages: Iterable[Mapping[str, Any]] = (),
) -> Inspection:
    """The view, without pictures and sound. `rules` are those of the verdict's gate, `passages` words as they are kept.

    Signals of other subjects than the video are left out. Without a verdict (nothing was decided yet) no rule counts.
    """
    described = {rule.name: rule for rule in rules}
    measured = [one for one in signals if one.subject is Subject.VIDEO]
    outcomes = _outcomes(verdict, measured, described)
    labels = tuple(_labels(measured, outcomes, described))
    return Inspection(
        footage=footage,
        decision=verdict.decision.name.lower() if verdict else "",
        reason=verdict.reason if verdict else "",
        policy=verdict.policy if verdict else "",
        rules=tuple(_rule_line(name, outcome, described) for name, outcome in outcomes.items()),
        labels=labels,
        words=tuple(_passages(passages, labels)),
    )


def _outcomes(
    verdict: Verdict | None, signals: Sequence[Signal], described: Mapping[str, RuleDescription]
) -> dict[str, RuleOutcome]:
    """The rules of a verdict and what each came to; those that count first."""
    if verdict is None:
        return {}
    highest: dict[str, float] = {}
    for one in signals:
        highest[one.label] = max(highest.get(one.label, 0.0), one.score or 0.0)
    fired = {name: RuleOutcome.MISSING if name in verdict.missing else RuleOutcome.FIRED for name in verdict.rules}
    others = dict.fromkeys(verdict.lifted, RuleOutcome.LIFTED)
    known = highest.keys() - {one.label for one in signals if one.score is None}
    for name in verdict.shadow:
        rule = described.get(name)
        found = rule is None or rule.labels <= known or any(_reaches(rule, label, highest) for label in rule.labels)
        others[name] = RuleOutcome.SHADOW if found else RuleOutcome.SHADOW_MISSING
    return fired | others


def _rule_line(name: str, outcome: RuleOutcome, described: Mapping[str, RuleDescription]) -> RuleLine:
    rule = described.get(name)
    decision = (rule.if_missing if outcome in _FOR_WANT else rule.then) if rule else None
    sentences = {RuleOutcome.MISSING: COULD_NOT_CHECK, RuleOutcome.SHADOW_MISSING: ""}
    return RuleLine(
        rule=name,
        outcome=outcome,
        decision=decision.name.lower() if decision is not None else "",
        sentence=sentences.get(outcome, rule.reason if rule else ""),
        labels=tuple(sorted(rule.labels)) if rule else (),
    )


def _labels(
    signals: Sequence[Signal], outcomes: Mapping[str, RuleOutcome], described: Mapping[str, RuleDescription]
) -> list[LabelTimeline]:
    by_label: dict[str, list[Signal]] = {}
    for signal in signals:
        by_label.setdefault(signal.label, []).append(signal)
    made = [_label(label, several, outcomes, described) for label, several in by_label.items()]
    return sorted(made, key=lambda one: (_STATE_ORDER.index(one.state), -(one.score or 0.0), one.label))


def _label(
    label: str,
    signals: Sequence[Signal],
    outcomes: Mapping[str, RuleOutcome],
    described: Mapping[str, RuleDescription],
) -> LabelTimeline:
    score = max((one.score for one in signals if one.score is not None), default=None)
    unmeasured = tuple(dict.fromkeys(one.note for one in signals if one.score is None))
    counting = [
        name
        for name, outcome in outcomes.items()
        if name in described and _rests_on(described[name], outcome, label, score, is_unknown=bool(unmeasured))
    ]
    states = [_STATES[outcomes[name]] for name in counting] + ([LabelState.UNMEASURED] if unmeasured else [])
    hits = [hit for one in signals if (hit := _hit(one))]
    return LabelTimeline(
        label=label,
        state=min(states, key=_STATE_ORDER.index, default=LabelState.QUIET),
        score=score,
        sources=tuple(dict.fromkeys(one.source for one in signals)),
        unmeasured=unmeasured,
        notes=tuple(dict.fromkeys(one.note for one in signals if one.note and one.score is not None)),
        rules=tuple(counting),
        thresholds=tuple(_marks(label, described.values())),
        hits=tuple(sorted(hits, key=lambda hit: (hit.start, hit.end))),
    )


def _hit(signal: Signal) -> Hit | None:
    """Where a signal lies in time; None where it is of the video as a whole.

    A region and the key of what was recognised are read where a signal names them: not every kind does.
    """
    if signal.at is None or signal.at.unit != "s":
        return None
    match = getattr(signal, "example", None)  # of a register, as one of core.signals names it
    return Hit(
        start=signal.at.start,
        end=signal.at.end,
        score=signal.score,
        source=signal.source,
        note=signal.note,
        evidence=str(getattr(signal, "evidence", "") or getattr(match, "work", "")),
        box=_as_box(getattr(signal, "box", None) or getattr(match, "box", None)),
    )


def _as_box(box: Sequence[float] | None) -> tuple[float, float, float, float] | None:
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3])) if box else None


def _rests_on(
    rule: RuleDescription, outcome: RuleOutcome, label: str, score: float | None, *, is_unknown: bool
) -> bool:
    """Whether a rule came to this outcome because of this label, as far as its thresholds tell."""
    if label not in rule.labels:
        return False
    if outcome in _FOR_WANT:
        return is_unknown
    return score is not None and _reaches(rule, label, {label: score})


def _reaches(rule: RuleDescription, label: str, highest: Mapping[str, float]) -> bool:
    """Whether the label's score reaches a threshold of the rule, or is above 0 where the rule has none for it."""
    own, score = [one for one in rule.thresholds if one.label == label], highest.get(label, 0.0)
    return any(score > one.score if one.strict else score >= one.score for one in own) if own else score > 0.0


def _marks(label: str, rules: Iterable[RuleDescription]) -> Iterator[ThresholdMark]:
    found = [(threshold, rule) for rule in rules for threshold in rule.thresholds if threshold.label == label]
    for threshold, rule in sorted(found, key=lambda one: (one[0].score, one[1].name)):
        yield ThresholdMark(
            rule=rule.name,
            mode=rule.mode.value,
            decision=rule.then.name.lower(),
            score=threshold.score,
            strict=threshold.strict,
            alone=threshold.alone,
            audience=threshold.audience,
        )


def _passages(passages: Iterable[Mapping[str, Any]], labels: Sequence[LabelTimeline]) -> Iterator[FootagePassage]:
    """The words in order of time. A label whose name begins with their kind is about them: heard_threat."""
    counting = [one for one in labels if one.rules]
    for one in sorted(passages, key=lambda passage: (passage["at"]["start"], passage["at"]["end"])):
        at: Span = load(Span, one["at"])
        kind = str(one["kind"])
        yield FootagePassage(
            kind=kind,
            text=str(one["text"]),
            at=at,
            certainty=float(one.get("certainty", 0.0)),
            language=str(one.get("language") or ""),
            box=_as_box(one.get("box")),
            is_code=bool(one.get("is_code")),
            labels=tuple(
                label.label
                for label in counting
                if label.label.startswith(f"{kind}_") and any(_overlap(hit, at) for hit in label.hits)
            ),
            details={name: value for name, value in one.items() if name not in _SHOWN_OF_WORDS and _is_detail(value)},
        )


def _is_detail(value: object) -> bool:
    """Whether it says something that can be shown: what is empty, 0 or false says that nothing is known."""
    return isinstance(value, str | int | float) and bool(value)


def _overlap(hit: Hit, at: Span) -> bool:
    return (hit.start < at.end and at.start < hit.end) or (hit.start, hit.end) == (at.start, at.end)


def stored_passages(words: str) -> list[Mapping[str, Any]]:
    """The words of a measurement, from the JSON in which they are kept; empty for none."""
    found: list[Mapping[str, Any]] = json.loads(words or "[]")
    return found


def telling_moments(view: Inspection) -> list[float]:
    """The middles of what was found, in seconds: first of labels that came to a rule, the highest scores first."""
    found = [
        (_STATE_ORDER.index(label.state), -(hit.score or 0.0), (hit.start + hit.end) / 2)
        for label in view.labels
        for hit in label.hits
        if label.state is not LabelState.QUIET or (hit.score or 0.0) >= _TELLING
    ]
    marked = [(0, -1.0, (word.at.start + word.at.end) / 2) for word in view.words if word.labels]
    return list(dict.fromkeys(moment for _, _, moment in sorted(found + marked)))
