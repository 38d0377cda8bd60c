"""Asking a person for their consent to one order, over the embedded Postgres with the policy that is shipped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Phase
from core.errors import BadInput, NotFound, NotNow
from core.events import Submitted
from core.signals import Signal, Subject
from pipeline.runners.local_runner import LocalRunner
from pipeline.stages import bind_route
from pipeline.stages.stage_context import Measurements
from pipeline.video_request import VideoRequest
from registry.consent.end_users import end_user_pseudonym
from registry.consent.requests.request_store import MOST_TO_ONE, NewRequest, RequestsFrom
from tests.contract.cameo_installation import (
    ANA,
    BEN,
    MIRA,
    InterleavingHooks,
    grant_lease,
    instrumented_service,
    open_cameo_installation,
    reset_installation,
)

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def opened():
    with open_cameo_installation() as installation:
        yield installation


@pytest.fixture
def at(opened):
    installation = reset_installation(opened)
    installation.add_cameo()
    installation.service.requests.set_takes(MIRA, "mira", RequestsFrom.EVERYONE)
    return installation


@pytest.fixture
def house(at):
    """The desk of orders and its runner, over the same tables."""
    return instrumented_service(at, InterleavingHooks(at))


def order(house, who=ANA, prompt="@mira waves", **asked):
    service, runner = house
    case = service.submit(who, VideoRequest(prompt=prompt, **asked))
    runner.drain()
    return service.ledger.load(case.id)


def desk(house):
    return house[0].cameos.requests


def settled(house, case):
    house[1].drain()
    return house[0].ledger.load(case.id)


def test_an_order_waits_for_a_yes_and_goes_on_by_itself(at, house):
    case = order(house)
    assert (case.phase, case.verdict.rules) == (Phase.HELD, ("prompt_cameo_unleased",))
    (person,) = desk(house).askable(case)
    assert (person.cameo, person.may_ask, person.state) == ("mira", True, "")
    request = desk(house).ask(ANA, case.id, "@mira", message="For my birthday?", show_prompt=True)
    assert "consent_asked" in {one.code for one in at.service.notices(MIRA)}
    (received,) = desk(house).received(MIRA)
    assert (received.message, received.prompt, received.asker) == ("For my birthday?", "@mira waves", ANA.id)
    lease, receipt = desk(house).grant(MIRA, request.id, approval=False)
    assert settled(house, case).phase is Phase.PUBLISHED
    assert (lease.holder, lease.case_id) == (ANA.id, case.id)
    assert "granted on request" in str(at.stores.keys.verify_receipt(receipt.jws))
    assert "consent_granted" in {one.code for one in at.service.notices(ANA)}
    assert desk(house).received(MIRA) == []


def test_a_yes_is_for_that_order_alone(at, house):
    case = order(house)
    desk(house).grant(MIRA, desk(house).ask(ANA, case.id, "mira").id, approval=False)
    assert settled(house, case).phase is Phase.PUBLISHED
    assert order(house).phase is Phase.HELD
    assert order(house, prompt="the same at night", parent=case.id).phase is Phase.HELD


def test_without_saying_otherwise_the_owner_sees_the_draft_first(at, house):
    case = order(house)
    desk(house).grant(MIRA, desk(house).ask(ANA, case.id, "mira").id)
    case = settled(house, case)
    assert (case.phase, case.verdict.rules) == (Phase.HELD, ("video_cameo_unapproved",))
    assert desk(house).askable(case) is None
    house[0].cameos.approve(MIRA, "mira", case.id)
    assert settled(house, case).phase is Phase.PUBLISHED


def test_after_a_no_the_order_is_refused(at, house):
    case = order(house)
    desk(house).refuse(MIRA, desk(house).ask(ANA, case.id, "mira").id)
    case = settled(house, case)
    assert (case.phase, "prompt_cameo_vetoed" in case.verdict.rules) == (Phase.REFUSED, True)
    assert "consent_refused" in {one.code for one in at.service.notices(ANA)}
    with pytest.raises(NotNow, match="said no"):
        desk(house).ask(ANA, order(house).id, "mira")


def test_taking_back_a_yes_takes_that_video_down(at, house):
    case = order(house)
    lease, _ = desk(house).grant(MIRA, desk(house).ask(ANA, case.id, "mira").id, approval=False)
    assert settled(house, case).phase is Phase.PUBLISHED
    at.service.revoke(MIRA, lease.id)
    assert at.phase(case) == "withdrawn"


def test_nobody_answers_and_the_order_ends_with_an_honest_word(at, house):
    case = order(house)
    desk(house).ask(ANA, case.id, "mira")
    desk(house).run_upkeep(datetime.now(UTC) + timedelta(days=13))
    assert at.phase(case) == "held"
    desk(house).run_upkeep(datetime.now(UTC) + timedelta(days=15))
    case = settled(house, case)
    assert (case.phase, case.recalled.code) == (Phase.WITHDRAWN, "consent_unanswered")
    assert "did not answer in time" in at.service.notices(ANA)[0].message


def test_from_the_beginning_only_mutuals_may_ask(at, house):
    at.stores.cameos.set_state(at.stores.cameos.by_handle("mira").id, "active")
    with at.database.owner_connection() as connection:
        connection.execute("TRUNCATE consent_request_settings")
    case = order(house)
    assert [one.may_ask for one in desk(house).askable(case)] == [False]
    with pytest.raises(NotNow, match="takes no requests"):
        desk(house).ask(ANA, case.id, "mira")
    at.stores.cameos.know(MIRA.id, ANA.id)
    at.stores.cameos.know(ANA.id, MIRA.id)
    assert [one.may_ask for one in desk(house).askable(case)] == [True]
    desk(house).set_takes(MIRA, "mira", RequestsFrom.NOBODY)
    with pytest.raises(NotNow, match="takes no requests"):
        desk(house).ask(ANA, case.id, "mira")


def test_a_minor_gets_no_requests_unless_who_speaks_for_them_wants_it(at, house):
    at.add_cameo("child", MIRA, kind="minor")
    assert desk(house).takes(MIRA, "child") is RequestsFrom.NOBODY
    desk(house).set_takes(MIRA, "child", RequestsFrom.EVERYONE)
    case = order(house, prompt="@child waves")
    desk(house).grant(MIRA, desk(house).ask(ANA, case.id, "child").id, approval=False)
    assert settled(house, case).verdict.rules == ("video_cameo_unapproved",)  # each draft of a minor is approved


def test_nobody_can_tell_that_they_are_blocked(at, house):
    first = order(house)
    desk(house).refuse(MIRA, desk(house).ask(ANA, first.id, "mira").id, block=True)
    with at.database.owner_connection() as connection:
        connection.execute("UPDATE consent_requests SET answered = answered - interval '31 days'")
    blocked, free = order(house), order(house, BEN)
    told = [desk(house).ask(who, case.id, "mira") for who, case in ((ANA, blocked), (BEN, free))]
    assert [one.state for one in told] == ["open", "open"]
    assert [one.request.asker for one in desk(house).received(MIRA)] == [BEN.id]
    assert [one.cameo for one in desk(house).askable(blocked)] == [one.cameo for one in desk(house).askable(free)]
    with pytest.raises(NotFound):
        desk(house).grant(MIRA, told[0].id)
    desk(house).run_upkeep(datetime.now(UTC) + timedelta(days=15))
    codes = [
        [one.code for one in at.service.notices(who) if one.about == case.id]
        for who, case in ((ANA, blocked), (BEN, free))
    ]
    assert codes == [["consent_unanswered"]] * 2
    desk(house).unblock(MIRA, ANA.id)
    desk(house).ask(ANA, order(house).id, "mira")
    assert [one.request.asker for one in desk(house).received(MIRA)] == [ANA.id]


def test_who_is_blocked_altogether_reaches_nobody_and_cannot_tell(at, house):
    early = order(house)
    desk(house).ask(ANA, early.id, "mira")
    at.add_account(ANA)
    at.service.portal.block(MIRA, ANA.id)
    late = order(house)
    desk(house).ask(ANA, late.id, "mira")
    assert (desk(house).received(MIRA), desk(house).count_open(MIRA)) == ([], 0)
    assert [one.state for one in desk(house).askable(late)] == ["open"]


def test_nobody_is_flooded(at, house):
    for _ in range(MOST_TO_ONE):
        desk(house).ask(ANA, order(house).id, "mira")
    with pytest.raises(NotNow, match="in a week"):
        desk(house).ask(ANA, order(house).id, "mira")
    few = replace(desk(house), limits=replace(desk(house).limits, most_a_day=0))
    with pytest.raises(NotNow, match="tomorrow"):
        few.ask(BEN, order(house, BEN).id, "mira")


def test_a_no_with_a_block_is_about_the_one_user_who_asked_in_everything_and_about_no_other_of_the_account(at, house):
    asked = desk(house).ask(ANA, order(house, end_user="one").id, "mira")
    grant_lease(at, holder="*")
    videos = {name: order(house, end_user=name) for name in ("one", "two")}
    assert {video.phase for video in videos.values()} == {Phase.PUBLISHED}
    desk(house).refuse(MIRA, asked.id, block=True)
    at.service.portal.run_takedowns()
    one = at.service.end_users.named(ANA.id, "one")
    assert [blocked.account for blocked in at.service.portal.blocked(MIRA)] == [one] == list(desk(house).blocked(MIRA))
    assert {name: at.phase(video) for name, video in videos.items()} == {"one": "withdrawn", "two": "published"}
    assert [order(house, end_user=name).phase for name in ("one", "two")] == [Phase.HELD, Phase.PUBLISHED]
    at.service.portal.unblock(MIRA, one)
    assert desk(house).blocked(MIRA) == () and at.service.portal.blocked(MIRA) == ()
    assert order(house, end_user="one").phase is Phase.PUBLISHED


def test_an_export_holds_also_the_requests_that_an_owner_does_not_want_to_see(at, house):
    desk(house).refuse(MIRA, desk(house).ask(ANA, order(house, end_user="one").id, "mira").id, block=True)
    desk(house).requests.block(MIRA.id, BEN.id)
    withheld = desk(house).ask(BEN, order(house, BEN).id, "mira", message="please")
    assert withheld.id not in {one.request.id for one in desk(house).received(MIRA, open_only=False)}
    exported = at.service.export(MIRA, "mira")["consent_requests"]["received"]
    assert withheld.id in {one.request.id for one in exported}


def test_who_erases_an_order_has_asked_all_the_same(at, house):
    case = order(house)
    desk(house).refuse(MIRA, desk(house).ask(ANA, case.id, "mira", message="please").id)
    house[0].erase(ANA, case.id)
    with pytest.raises(NotNow, match="said no"):
        desk(house).ask(ANA, order(house).id, "mira")
    for _ in range(MOST_TO_ONE):
        case = order(house, BEN)
        desk(house).ask(BEN, case.id, "mira", message="please")
        house[0].erase(BEN, case.id)
    with pytest.raises(NotNow, match="in a week"):
        desk(house).ask(BEN, order(house, BEN).id, "mira")
    assert desk(house).received(MIRA, open_only=False) == []
    with at.database.connection() as connection:
        [kept] = connection.execute("SELECT DISTINCT message, state FROM consent_requests WHERE state <> 'refused'")
        assert kept == ("", "ended")
    desk(house).run_upkeep(datetime.now(UTC) + timedelta(days=131))
    with at.database.connection() as connection:
        assert connection.execute("SELECT count(*) FROM consent_requests").fetchone() == (0,)


def test_an_account_that_names_another_user_each_time_asks_a_person_no_more_than_so_often(at, house, monkeypatch):
    for limit, most in (("MOST_TO_ONE_BY_ACCOUNT", 3), ("MOST_REFUSED_BY_ACCOUNT", 2)):
        monkeypatch.setattr(f"registry.consent.requests.request_store.{limit}", most)
    asked = [desk(house).ask(ANA, order(house, end_user=f"user {n}").id, "mira") for n in range(3)]
    with pytest.raises(NotNow, match="by this account"):
        desk(house).ask(ANA, order(house, end_user="another").id, "mira")
    for request in asked[:2]:
        desk(house).refuse(MIRA, request.id, block=True)
    with pytest.raises(NotNow, match="said no"):
        desk(house).ask(ANA, order(house, end_user="one more").id, "mira")
    desk(house).ask(BEN, order(house, BEN).id, "mira")


def test_after_a_no_an_order_that_shows_somebody_in_its_reference_is_refused(at, house):
    unnamed = at.case(ANA, prompt="a woman waves")
    mira = at.stores.cameos.by_handle("mira")
    new = NewRequest(cameo=mira.id, owner=MIRA.id, case_id=unnamed.id, asker=ANA.id, message="", shows_prompt=False)
    now = datetime.now(UTC)
    asked = desk(house).requests.add(new, now=now, expires=now + timedelta(days=7), most_a_day=9)
    assert at.facts(unnamed)["cameos_vetoed"] == 0
    desk(house).requests.refuse(asked, by=MIRA.id)
    assert at.facts(unnamed)["cameos_vetoed"] == 1  # nobody is named, and only the picture that was given shows her


def test_only_who_ordered_asks_and_only_who_is_asked_answers(at, house):
    case = order(house)
    with pytest.raises(NotFound):
        desk(house).ask(BEN, case.id, "mira")
    with pytest.raises(BadInput, match="nobody has"):
        desk(house).ask(ANA, case.id, "nobody-here")
    at.add_cameo("ben", BEN)
    desk(house).set_takes(BEN, "ben", RequestsFrom.EVERYONE)
    with pytest.raises(BadInput, match="does not name"):
        desk(house).ask(ANA, case.id, "ben")
    request = desk(house).ask(ANA, case.id, "mira")
    for act in (desk(house).grant, desk(house).refuse):
        with pytest.raises(NotFound):
            act(BEN, request.id)
    with pytest.raises(NotNow, match="already"):
        desk(house).ask(ANA, case.id, "mira")
    desk(house).refuse(MIRA, request.id)
    with pytest.raises(NotNow):
        desk(house).grant(MIRA, request.id)


def test_whom_a_video_shows_that_an_order_is_made_over_is_not_told_and_may_be_named(at, house):
    lease = grant_lease(at, BEN.id)
    shown = order(house, BEN)
    assert shown.phase is Phase.PUBLISHED and lease.holder == BEN.id
    remix = order(house, prompt="the same at night", parent=shown.id)
    assert remix.verdict.rules == ("prompt_cameo_unleased",)
    assert desk(house).askable(remix) == []
    at.add_cameo("ben", BEN)
    desk(house).set_takes(BEN, "ben", RequestsFrom.EVERYONE)
    guessed = [
        desk(house).ask(ANA, remix.id, handle) for handle in ("ben", "mira")
    ]  # either may be meant: no word of it
    desk(house).grant(MIRA, guessed[1].id, approval=False)
    assert settled(house, remix).phase is Phase.PUBLISHED


def test_who_is_only_recognised_sees_the_draft_to_which_they_said_yes_and_approves_it(at):
    service, runner = instrumented_service(at, InterleavingHooks(at))
    mira = at.stores.cameos.by_handle("mira")
    seen = Signal(subject=Subject.VIDEO, label="protected_person", score=0.9, source="clock/1", cameo=mira.id)

    def measure(_file, subject, permitted, _is_certain=None):
        found = [one for one in InterleavingHooks(at).measure(subject).signals if one.label != "protected_person"]
        shown = replace(seen, score=0.0, cameo="") if mira.id in permitted.faces else seen
        return Measurements(signals=(*found, shown), seconds={})

    tools = replace(service.context, measure=replace(service.context.measure, video=measure))
    house = replace(service, context=tools), LocalRunner(replace(runner._works, route=bind_route(tools)))
    case = order(house, prompt="a woman waves")
    assert case.verdict.rules == ("video_protected_person",)
    assert desk(house).askable(case) == [] and at.service.uses(MIRA, "mira") == ()
    desk(house).grant(MIRA, desk(house).ask(ANA, case.id, "mira").id)
    assert settled(house, case).verdict.rules == ("video_cameo_unapproved",)
    at.maintenance.run_maintenance()
    assert case.id in {one.about for one in at.service.notices(MIRA) if one.code == "draft_waits"}
    house[0].cameos.approve(MIRA, "mira", case.id)
    assert settled(house, case).phase is Phase.PUBLISHED


def test_an_order_that_is_cancelled_does_not_wait_for_an_answer(at, house):
    case = order(house)
    request = desk(house).ask(ANA, case.id, "mira")
    house[0].recall(ANA, case.id, code="author")
    with pytest.raises(NotNow, match="does not wait"):
        desk(house).grant(MIRA, request.id)
    assert desk(house).requests.get(request.id).state == "ended"
    assert [lease.case_id for lease in at.service.leases(MIRA, "mira")] == [""]


def test_an_answer_whose_process_died_is_carried_on(at, house):
    case = order(house)
    request = desk(house).ask(ANA, case.id, "mira")
    dying = replace(desk(house))
    object.__setattr__(dying, "ledger", DyingLedger(dying.ledger))
    with pytest.raises(RuntimeError):
        dying.grant(MIRA, request.id, approval=False)
    assert at.phase(case) == "held"
    desk(house).run_upkeep(datetime.now(UTC) + timedelta(minutes=2))
    assert settled(house, case).phase is Phase.PUBLISHED


class DyingLedger:
    def __init__(self, ledger):
        self.load = ledger.load

    def append(self, case, events):
        raise RuntimeError("the process dies here")


def test_requests_are_erased_with_either_side(at, house):
    case = order(house)
    request = desk(house).ask(ANA, case.id, "mira", message="please")
    house[0].erase(ANA, case.id)
    with pytest.raises(NotFound):
        desk(house).requests.get(request.id)
    other = order(house, BEN)
    request = desk(house).ask(BEN, other.id, "mira", message="please")
    assert [one.message for one in at.service.export(MIRA, "mira")["consent_requests"]["received"]] == ["please"]
    at.service.erase(MIRA, "mira")
    with pytest.raises(NotFound):
        desk(house).requests.get(request.id)


def test_an_owner_who_allows_everyone_meanwhile_leaves_nothing_to_ask(at, house):
    case = order(house)
    grant_lease(at, "*")
    with pytest.raises(BadInput, match="allows it already"):
        desk(house).ask(ANA, case.id, "mira")


def test_two_end_users_of_one_account_ask_for_themselves(at, house):
    ours, theirs = order(house, end_user="one"), order(house, end_user="two")
    assert isinstance(ours.submitted, Submitted) and ours.request.end_user == end_user_pseudonym(ANA.id, "one")
    desk(house).grant(MIRA, desk(house).ask(ANA, ours.id, "mira").id, approval=False)
    assert [settled(house, case).phase for case in (ours, theirs)] == [Phase.PUBLISHED, Phase.HELD]
    (lease,) = [one for one in at.service.leases(MIRA, "mira") if one.case_id]
    assert lease.holder.startswith(f"{ANA.id}#") and "one" not in lease.holder
