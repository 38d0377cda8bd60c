"""What Assay thinks of a text or a file that is no case. Keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass

from core.case import Case
from core.events import Submitted
from core.verdicts import Gate, Verdict
from pipeline.stages.tools import Measurements, Tools
from policy.explain import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """Measurements, the verdict they lead to, and why."""

    measured: Measurements
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()


def opinion(gate: Gate, measured: Measurements, tools: Tools) -> Opinion:
    """The verdict that a case of nobody's with these measurements would get."""
    facts = tools.facts(Case(id="0" * 16, submitted=Submitted(author="", prompt="")))
    verdict = tools.decide(gate, measured.signals, facts, ())
    return Opinion(measured=measured, verdict=verdict, reasons=tuple(tools.explain(verdict, measured.signals)))
