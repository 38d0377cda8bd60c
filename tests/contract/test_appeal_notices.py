"""Whoever asked for a video is told what became of an appeal, once, and by nothing but the gate's answer to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.case import Phase
from core.events import Appealed, Reversed, Ruled, StageFailed, Waiting
from core.verdicts import Decision, Gate
from tests.contract.cameo_installation import ANA
from tests.lawful import NOON, carry, judged, ruled

pytestmark = pytest.mark.postgres
AWAY = (
    StageFailed(phase="screened", kind="Unavailable", error="e"),
    Waiting(phase="screened", reason="away", since=NOON),
)


def answer(decision):
    return Ruled(ruling=replace(ruled(Gate.PROMPT, decision, "r").ruling, on_appeal=True))


def verdict(decision):
    return judged(Gate.PROMPT, decision, *(("r",) if decision > Decision.ALLOW else ()))


def appealed(house):
    case = carry(house.ledger, house.case(ANA), Phase.SCREENED)
    return house.ledger.append(case, [verdict(Decision.REFUSE), Appealed(by=ANA.id)])


def told(house, case):
    return [one.code for one in house.stores.notices.of(ANA.id) if one.about == case.id]


@pytest.mark.parametrize(("decision", "code"), [(Decision.ALLOW, "appeal_won"), (Decision.REFUSE, "appeal_lost")])
@pytest.mark.parametrize("between", [(), AWAY], ids=["at once", "after the gate was away"])
def test_the_author_is_told_once_the_gate_has_weighed_the_ruling(house, decision, code, between):
    case = house.ledger.append(appealed(house), [answer(decision), *between])
    assert told(house, case) == []
    case = house.ledger.append(case, [verdict(decision)])
    assert told(house, case) == [code]


def test_a_ruling_that_was_taken_back_and_a_first_of_two_are_no_answer(house):
    case = house.ledger.append(appealed(house), [answer(Decision.REFUSE), Reversed(by="m", code="slip")])
    waits = judged(Gate.PROMPT, Decision.HOLD, "r", two_person=("r",), awaiting=("r",))
    case = house.ledger.append(case, [answer(Decision.ALLOW), waits])
    assert told(house, case) == []
    case = house.ledger.append(case, [answer(Decision.ALLOW), verdict(Decision.ALLOW)])
    assert told(house, case) == ["appeal_won"]


def test_consent_that_ends_later_does_not_turn_a_granted_appeal_into_a_lost_one(house):
    case = house.ledger.append(appealed(house), [answer(Decision.ALLOW), verdict(Decision.ALLOW)])
    house.ledger.append(case, [judged(Gate.PROMPT, Decision.REFUSE, "prompt_cameo_unleased")])
    assert told(house, case) == ["appeal_won"]


def test_a_ruling_on_what_was_only_held_tells_of_no_appeal(house):
    case = carry(house.ledger, house.case(ANA), Phase.SCREENED)
    held = house.ledger.append(case, [verdict(Decision.HOLD)])
    done = house.ledger.append(held, [ruled(Gate.PROMPT, Decision.REFUSE, "r"), verdict(Decision.REFUSE)])
    assert told(house, done) == []
