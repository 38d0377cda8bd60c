"""Why a case is here, for a moderator: each rule that counted, what it says, and what was measured against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.case import Case, signals_of
from core.errors import AssayError
from core.signals import Signal, Span
from core.verdicts import Decision, Gate, Verdict
from pipeline.stages.judge import GATE_SUBJECTS
from pipeline.stages.stage_context import PolicyGate
from policy.rule_description import LabelThreshold, RuleDescription

_MOST_FINDINGS = 4
_VERBS = {Decision.HOLD: "holds", Decision.REFUSE: "refuses", Decision.ALLOW: "allows"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFinding:
    """What was measured of one label. `score` is None where it could not be, and `note` is a code for why.

    `threshold` is what the rule asks of it, None where it asks for no number; `at` is where it was found.
    """

    label: str
    subject: str
    score: float | None
    threshold: float | None
    note: str
    source: str
    at: Span | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInView:
    """A rule that counted. `verb` is what follows from it; `sentence` is what its author of the request is told.

    `missing`: it counts because something could not be measured. `weight` says how many it takes to lift it.
    """

    name: str
    verb: str
    sentence: str
    missing: bool
    weight: str
    findings: tuple[RuleFinding, ...]

    @property
    def certain(self) -> float:
        """The highest score that was found."""
        return max((one.score or 0.0 for one in self.findings), default=0.0)


def rules_in_view(case: Case, policy: PolicyGate) -> tuple[RuleInView, ...]:
    """The rules of the last verdict, the one that found most first; empty without a verdict.

    Where the policy that gave the verdict is kept nowhere, the rules have names and no more.
    """
    verdict = case.verdict
    if verdict is None:
        return ()
    described = _described(policy, verdict)
    signals = signals_of(case, *GATE_SUBJECTS.get(verdict.gate, ()))
    views = [_view(name, verdict, described.get(name), signals) for name in verdict.rules]
    return tuple(sorted(views, key=lambda one: (one.missing, -one.certain, one.name)))


def _described(policy: PolicyGate, verdict: Verdict) -> dict[str, RuleDescription]:
    try:
        return {rule.name: rule for rule in policy.describe(verdict)}
    except AssayError:
        return {}


def _view(name: str, verdict: Verdict, rule: RuleDescription | None, signals: Sequence[Signal]) -> RuleInView:
    missing = name in verdict.missing
    then = (rule.if_missing if missing else rule.then) if rule else verdict.decision
    return RuleInView(
        name=name,
        verb=_VERBS[then],
        sentence=rule.reason if rule else "",
        missing=missing,
        weight=_weight(name, verdict),
        findings=_findings(name, rule, signals, missing=missing),
    )


def _weight(name: str, verdict: Verdict) -> str:
    if name in verdict.final:
        return "no ruling lifts it"
    if name in verdict.awaiting:
        return "waits for a second moderator"
    return "two moderators have to allow it" if name in verdict.two_person else ""


def _findings(
    name: str, rule: RuleDescription | None, signals: Sequence[Signal], *, missing: bool
) -> tuple[RuleFinding, ...]:
    """Of a rule that is described nowhere any more, the labels that its name ends with."""
    labels = rule.labels if rule else {s.label for s in signals if name.endswith(s.label)}
    concerned = [s for s in signals if s.label in labels and ((s.score is None) if missing else bool(s.score))]
    strongest: dict[str, Signal] = {}
    for one in sorted(concerned, key=lambda s: -(s.score or 0.0)):
        strongest.setdefault(one.label, one)
    found = [_finding(one, rule.thresholds if rule else ()) for one in strongest.values()]
    reached = [one for one in found if one.threshold is None or one.score is None or one.score >= one.threshold]
    return tuple((reached or found)[:_MOST_FINDINGS])


def _finding(signal: Signal, thresholds: Iterable[LabelThreshold]) -> RuleFinding:
    asked = [one.score for one in thresholds if one.label == signal.label]
    below = [score for score in asked if score <= (signal.score or 0.0)]
    return RuleFinding(
        label=signal.label,
        subject=signal.subject.value,
        score=signal.score,
        threshold=max(below) if below else min(asked, default=None),
        note=signal.note if signal.score is None else "",
        source=signal.source,
        at=signal.at,
    )


def gate_text(case: Case) -> str:
    """At which gate the case stands, in words; empty where no verdict was given."""
    if case.verdict is None:
        return ""
    return "before the engine" if case.verdict.gate is Gate.PROMPT else "before the public"
