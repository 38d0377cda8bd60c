"""judge: policy over signals, facts and rulings. The only place that makes ADMITTED and CLEARED."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.case import Case, Phase, signals_of
from core.events import Event, Judged
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate
from pipeline.stages.engine_failure import render_failed
from pipeline.stages.preview import as_of_video
from pipeline.stages.stage_context import StageContext
from registry.rights.work_standing import found_works

GATE_SUBJECTS = {
    Gate.PROMPT: (Subject.PROMPT, Subject.NEGATIVE_PROMPT, Subject.REFERENCE),
    Gate.VIDEO: (Subject.VIDEO,),
}

_ALL_OF_IT = 0.98  # share of the time
_EMPTY = {
    "black_picture": "The video that the engine made is black from beginning to end, and silent.",
    "frozen_picture": "In the video that the engine made nothing moves from beginning to end, and nothing is heard.",
}


def judge_prompt(case: Case, context: StageContext) -> Sequence[Event]:
    """May this be made?"""
    return [_judged(case, Gate.PROMPT, context)]


def judge_video(case: Case, context: StageContext) -> Sequence[Event]:
    """May this be shown? What nothing speaks against and shows nothing is no video: the engine failed."""
    judged = _judged(case, Gate.VIDEO, context)
    looked_at = any(r.gate is Gate.VIDEO for r in case.rulings)
    if judged.verdict.decision is Decision.ALLOW and not looked_at and (reason := shows_nothing(case.signals)):
        return [render_failed(case, "nothing_to_see", reason, context)]
    return [judged]


def shows_nothing(signals: Iterable[Signal]) -> str:
    """What is missing from a video, as a sentence; empty where something moves or is heard, or nobody knows."""
    scores = {s.label: s.score for s in signals if s.subject is Subject.VIDEO and s.score is not None}
    if scores.get("silence", 0.0) < _ALL_OF_IT:
        return ""
    return next((reason for label, reason in _EMPTY.items() if scores.get(label, 0.0) >= _ALL_OF_IT), "")


def recheck_consent(case: Case, gate: Gate, context: StageContext) -> Sequence[Event]:
    """Judge again where a person's likeness or a registered work is used: what is allowed may have changed since.

    Empty where all is still well. Called before render, while it renders and before publish; on every serve the service
    asks the same of people: what a holder no longer allows of a work stops what is not published yet.
    """
    has_works = case.phase is not Phase.PUBLISHED and bool(found_works(case.signals))
    if not (has_works or context.consent.cameos_shown(case)):
        return []
    judged = _judged(case, gate, context)
    return [] if judged.verdict.decision is Decision.ALLOW else [judged]


def _judged(case: Case, gate: Gate, context: StageContext) -> Judged:
    rulings = [r for r in case.rulings if r.gate is gate]
    facts = context.facts.facts(case)
    signals = signals_of(case, *GATE_SUBJECTS[gate])
    if gate is Gate.VIDEO and case.rendered is None:  # an appeal against the refusal of a preview
        signals += as_of_video(signals_of(case, Subject.PREVIEW))
    verdict = context.policy.judge(gate, signals, facts, rulings, case.id)
    return Judged(verdict=verdict, facts=dict(facts))
