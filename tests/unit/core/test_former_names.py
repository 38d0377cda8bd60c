"""What was stored before names changed is read for ever: events and cases of a ledger that version 0.1.0 wrote."""

from __future__ import annotations

import json

import pytest

from core.case import FAILURES_BEFORE_REVIEW, Case, Phase
from core.codec import dump, dump_event, load, load_event
from core.events import StageFailed
from tests.conftest import ROOT

STORED = json.loads((ROOT / "tests" / "data" / "ledger_before_0_2.json").read_text())


@pytest.mark.parametrize("story", STORED)
def test_events_that_were_stored_before_fold_to_the_case_that_was_stored_with_them(story: str) -> None:
    events = [load_event(body) for body in STORED[story]["events"]]
    case: Case = load(Case, STORED[story]["case"])
    assert Case(id=case.id).apply(events) == case


def test_a_stage_that_failed_under_the_former_name_still_counts() -> None:
    events = [load_event(body) for body in STORED["failed three times"]["events"]]
    assert [type(event) for event in events[1:]] == [StageFailed] * FAILURES_BEFORE_REVIEW
    case: Case = load(Case, STORED["failed three times"]["case"])
    assert (case.phase, case.failures) == (Phase.HELD, FAILURES_BEFORE_REVIEW)
    assert case.last_failure == events[-1]


@pytest.mark.parametrize("story", STORED)
def test_what_is_written_anew_has_the_names_of_today_and_loses_nothing(story: str) -> None:
    events = [load_event(body) for body in STORED[story]["events"]]
    written = [dump_event(event) for event in events]
    assert [load_event(body) for body in written] == events
    assert "Faltered" not in {body["type"] for body in written}
    case: Case = load(Case, STORED[story]["case"])
    assert load(Case, dump(case)) == case
    assert not {"stumbles", "faltered"} & dump(case).keys()
