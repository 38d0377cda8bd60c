"""judge: policy over signals, facts and rulings. The only place that makes ADMITTED and CLEARED."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case, signals_of
from core.events import Event, Judged
from core.signals import Subject
from core.verdicts import Decision, Gate
from pipeline.stages.stage_context import StageContext

GATE_SUBJECTS = {
    Gate.PROMPT: (Subject.PROMPT, Subject.NEGATIVE_PROMPT, Subject.REFERENCE),
    Gate.VIDEO: (Subject.VIDEO,),
}


def judge_prompt(case: Case, context: StageContext) -> Sequence[Event]:
    """May this be made?"""
    return [_judged(case, Gate.PROMPT, context)]


def judge_video(case: Case, context: StageContext) -> Sequence[Event]:
    """May this be shown?"""
    return [_judged(case, Gate.VIDEO, context)]


def recheck_consent(case: Case, gate: Gate, context: StageContext) -> Sequence[Event]:
    """Judge again where a person's likeness is used: leases may have changed since. Empty where all is still well.

    Called before render, while it renders and before publish; on every serve the service asks the same.
    """
    if not context.consent.cameos_shown(case):
        return []
    judged = _judged(case, gate, context)
    return [] if judged.verdict.decision is Decision.ALLOW else [judged]


def _judged(case: Case, gate: Gate, context: StageContext) -> Judged:
    rulings = [r for r in case.rulings if r.gate is gate]
    facts = context.facts.facts(case)
    verdict = context.policy.judge(gate, signals_of(case, *GATE_SUBJECTS[gate]), facts, rulings, case.id)
    return Judged(verdict=verdict, facts=dict(facts))
