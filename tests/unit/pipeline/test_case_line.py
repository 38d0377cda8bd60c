"""What a terminal advises to do with a case is what may be done."""

from __future__ import annotations

import pytest

from core.case import Case
from core.transitions import check
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
