"""What a terminal advises to do with a case is what may be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.case import Case, Phase
from core.transitions import check
from core.verdicts import Decision, Gate, Verdict
from pipeline.actions import Action, actions
from pipeline.cli.case_output import case_line
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
