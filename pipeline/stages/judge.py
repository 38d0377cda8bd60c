"""judge: policy over signals, facts and rulings. The only place that makes ADMITTED and CLEARED."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Case, signals_of
from core.events import Event, Judged
from core.signals import Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.stages.tools import Tools

_SUBJECTS = {Gate.PROMPT: (Subject.PROMPT, Subject.REFERENCE), Gate.VIDEO: (Subject.VIDEO,)}


def judge_prompt(case: Case, tools: Tools) -> Sequence[Event]:
    """May this be made?"""
    return [Judged(verdict=_verdict(case, Gate.PROMPT, tools))]


def judge_video(case: Case, tools: Tools) -> Sequence[Event]:
    """May this be shown?"""
    return [Judged(verdict=_verdict(case, Gate.VIDEO, tools))]


def consent_withdrawn(case: Case, gate: Gate, tools: Tools) -> Sequence[Event]:
    """Judge again where a person's likeness is used: leases may have changed since. Empty where all is still well.

    Called before render, while it renders and before publish; on every serve the desk asks the same.
    """
    if not tools.shows(case):
        return []
    verdict = _verdict(case, gate, tools)
    return [] if verdict.decision is Decision.ALLOW else [Judged(verdict=verdict)]


def _verdict(case: Case, gate: Gate, tools: Tools) -> Verdict:
    rulings = [r for r in case.rulings if r.gate is gate]
    return tools.decide(gate, signals_of(case, *_SUBJECTS[gate]), tools.facts(case), rulings)
