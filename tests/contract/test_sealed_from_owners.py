"""What nobody may view its owner may not view either, nor decide about: sealed by a rule, or by a person."""

import pytest

from core.case import Phase
from core.errors import NotFound, NotNow
from core.events import Measured, ViewSealed
from core.verdicts import Decision, Gate
from registry.consent.requests.request_store import RequestsFrom, RequestState
from tests.contract.cameo_installation import ANA, MIRA, grant_lease
from tests.lawful import carry, judged

pytestmark = pytest.mark.postgres
SEALED_RULE = "video_known_bad"


def held_draft(house, mira, *rules):
    case = carry(house.ledger, house.rendered(house.case(ANA, [mira])), Phase.INSPECTED, inspected=Measured(signals=()))
    return house.ledger.append(case, [judged(Gate.VIDEO, Decision.HOLD, *rules)])


def waiting_order(house, mira, *rules):
    """An order that waits for her consent, and of which she was asked."""
    house.service.requests.set_takes(MIRA, "mira", RequestsFrom.EVERYONE)
    case = carry(house.ledger, house.case(ANA, [mira], prompt="@mira waves"), Phase.SCREENED)
    case = house.ledger.append(case, [judged(Gate.PROMPT, Decision.HOLD, "prompt_cameo_unleased")])
    request = house.service.requests.ask(ANA, case.id, "mira", show_prompt=True)
    return case, request


def sealed_by_a_person(house, case):
    return house.ledger.append(case, [ViewSealed(by="officer", code="illegal_to_view")])


def test_a_draft_that_a_rule_sealed_is_not_shown_to_whom_it_names(house, tmp_path):
    mira = house.add_cameo()
    grant_lease(house)
    case = held_draft(house, mira, SEALED_RULE)
    with pytest.raises(NotFound, match="nobody may view"):
        house.service.fetch_use(MIRA, "mira", case.id, tmp_path / "x")
    assert not house.service.portal.use(MIRA, "mira", case.id).watchable
    lifted = house.ledger.append(case, [ViewSealed(by="officer", code="mistake", sealed=False)])
    assert house.service.portal.use(MIRA, "mira", lifted.id).watchable


def test_a_sealed_draft_is_not_sent_on_by_a_yes(house):
    mira = house.add_cameo()
    grant_lease(house)
    by_rule = held_draft(house, mira, SEALED_RULE, "video_cameo_unapproved")
    by_person = sealed_by_a_person(house, held_draft(house, mira, "video_cameo_unapproved"))
    for case in (by_rule, by_person):
        with pytest.raises(NotNow, match="nobody may view"):
            house.service.approve(MIRA, "mira", case.id)
        assert house.phase(case) == "held"
        assert not house.service.portal.use(MIRA, "mira", case.id).waits
    open_one = held_draft(house, mira, "video_cameo_unapproved")
    uses = house.service.uses(MIRA, "mira")
    assert house.service.portal.waiting(MIRA, "mira", uses) == {open_one.id}


def test_of_an_order_that_is_sealed_nobody_reads_the_prompt_nor_says_yes(house):
    mira = house.add_cameo()
    case, request = waiting_order(house, mira)
    desk = house.service.requests
    assert desk.received(MIRA)[0].prompt == "@mira waves"
    sealed_by_a_person(house, case)
    [received] = desk.received(MIRA)
    assert (received.prompt, received.waits) == (None, False)
    with pytest.raises(NotNow):
        desk.grant(MIRA, request.id)
    assert desk.requests.get(request.id).state == RequestState.OPEN  # it can be answered once the seal is lifted
    desk.refuse(MIRA, request.id)
    assert (house.phase(case), house.ledger.history(case.id)[-1].event.__class__) == ("held", ViewSealed)


def test_a_prompt_that_a_rule_sealed_is_shown_to_nobody_who_is_asked(house):
    mira = house.add_cameo()
    house.service.requests.set_takes(MIRA, "mira", RequestsFrom.EVERYONE)
    case = carry(house.ledger, house.case(ANA, [mira], prompt="@mira waves"), Phase.SCREENED)
    rules = ("prompt_cameo_unleased", "reference_known_bad")
    case = house.ledger.append(case, [judged(Gate.PROMPT, Decision.HOLD, *rules)])
    assert house.service.requests.askable(case) is None
    with pytest.raises(NotNow):
        house.service.requests.ask(ANA, case.id, "mira", show_prompt=True)
