"""What would be said of a text that is no case, and in which words: those are looked for once it is not allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.signals import Signal, Span, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.screening.dry_run import dry_run
from pipeline.stages.stage_context import Measurements
from tests.stub_pipeline.stage_parts import StubFacts, StubPolicy

MEASURED = Measurements(
    signals=(Signal(subject=Subject.PROMPT, label="gore", score=0.7, source="words/1"),), seconds={"words/1": 0.1}
)
WORD = Span(start=2, end=5, unit="chars")


def located(measured: Measurements) -> Measurements:
    return replace(measured, signals=tuple(replace(one, at=WORD) for one in measured.signals))


@pytest.mark.parametrize(("decision", "at"), [(Decision.ALLOW, None), (Decision.HOLD, WORD), (Decision.REFUSE, WORD)])
def test_the_words_that_carry_it_are_looked_for_once_it_is_not_allowed(decision: Decision, at: Span | None) -> None:
    policy = StubPolicy(judge=lambda *_: Verdict(gate=Gate.PROMPT, decision=decision, policy="p"))
    opinion = dry_run(Gate.PROMPT, MEASURED, policy=policy, facts=StubFacts(), locate=located)
    assert (opinion.verdict.decision, opinion.measured.signals[0].at) == (decision, at)


def test_who_asks_for_no_words_gets_none() -> None:
    policy = StubPolicy(judge=lambda *_: Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, policy="p"))
    assert dry_run(Gate.PROMPT, MEASURED, policy=policy, facts=StubFacts()).measured == MEASURED
