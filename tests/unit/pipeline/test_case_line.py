"""What a terminal advises to do with a case is what may be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.case import Case, Phase
from core.signals import Signal, Subject
from core.transitions import check
from core.verdicts import Decision, Gate, Verdict
from pipeline.actions import Action, actions
from pipeline.cli.case_output import case_line, measured_line, verdict_line
from tests.unit.pipeline.test_actions import CASES

WORDS = {
    "assay rule x allow": Action.ALLOW,
    "refuse --code": Action.REFUSE,
    "assay resume x": Action.RESUME,
    "assay appeal x": Action.APPEAL,
}


@pytest.mark.parametrize(("story", "who"), [(story, who) for story, who, _ in CASES])
def test_a_line_advises_what_may_be_done_and_nothing_else(story, who):
    case = check(Case(id="x"), story)
    may = actions(who, case, conflict="")
    line = case_line(case, may)
    assert {action for words, action in WORDS.items() if words in line} == may & set(WORDS.values())


SAID = "This prompt asks for sexual content, which is not made here."


def test_a_line_says_what_the_creator_is_told_in_the_language_of_the_prompt():
    verdict = Verdict(gate=Gate.PROMPT, decision=Decision.REFUSE, rules=("prompt_sexual",), policy="p", reason=SAID)
    refused = Case(id="x", phase=Phase.REFUSED, verdicts=(verdict,), language="de")
    line = case_line(refused, frozenset())
    assert SAID in line and "the creator is told (de): Dieser Prompt verlangt sexuelle Inhalte" in line
    for language in ("en", "", "sv"):
        assert "the creator is told" not in case_line(replace(refused, language=language), frozenset())


def verdict(rules, missing=()):
    return Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=rules, missing=missing, policy="p")


def test_rules_that_could_not_be_asked_are_named_while_they_are_few_and_counted_where_they_are_many():
    assert verdict_line(verdict(("gore", "hate"), ("hate",))) == "hold by gore, hate"
    unasked = ("fraud", "hate", "politics", "weapons")
    assert verdict_line(verdict(unasked, unasked)) == "hold: 4 rules ask about what was not measured"
    assert verdict_line(verdict(("gore", *unasked), unasked)) == (
        "hold by gore; 4 rules ask about what was not measured"
    )
    assert verdict_line(verdict(())) == "hold, no rule fired"


def signal(label, score):
    return Signal(subject=Subject.PROMPT, source="x/1", label=label, score=score)


def test_a_label_that_not_all_could_measure_is_said_to_be_not_measured_and_what_was_seen_of_it_is_said_too():
    line = measured_line([signal("hate", 0.0), signal("hate", None), signal("gore", 0.1), signal("sexual", None)])
    assert line == "gore 0.10; not measured: hate, sexual"
    assert measured_line([signal("hate", 0.9), signal("hate", None)]) == "hate 0.90; not measured: hate"
    assert measured_line([signal("hate", None)]) == "not measured: hate"
