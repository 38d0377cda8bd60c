"""Whom an owner blocks, or knows no longer: what comes down, what they can tell of it, and a process that dies there."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.errors import CheckViolation

from core.case import Phase
from core.errors import NotFound
from core.verdicts import Decision, Gate
from registry.consent.cameo_service import LeaseRequest
from registry.consent.notices import MODERATORS_ADDRESS
from registry.consent.requests.request_store import RequestsFrom
from tests.contract.cameo_installation import ANA, BEN, MIRA, grant_lease
from tests.contract.test_recognised import video_showing
from tests.lawful import carry, judged

pytestmark = pytest.mark.postgres


@pytest.fixture
def at(house):
    for who in (MIRA, ANA, BEN):
        house.add_account(who)
    return house


@contextmanager
def dying_at(house, table):
    """The process dies when it would write this table."""
    with house.database.owner_connection() as connection:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT dies_here CHECK (false) NOT VALID")
    try:
        yield
    finally:
        with house.database.owner_connection() as connection:
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT dies_here")


def mutuals(house):
    house.service.know(MIRA, ANA.id)
    house.service.know(ANA, MIRA.id)


def waiting_for_consent(house, mira, author=ANA):
    case = carry(house.ledger, house.case(author, [mira]), Phase.SCREENED)
    return house.ledger.append(case, [judged(Gate.PROMPT, Decision.HOLD, "prompt_cameo_unleased")])


@pytest.mark.parametrize("allowed", ["", "~"])
def test_an_order_that_waits_for_a_consent_it_never_had_goes_on_waiting(at, allowed):
    mira = at.add_cameo()
    if allowed:
        grant_lease(at, holder=allowed)
    waiting = waiting_for_consent(at, mira)
    at.service.portal.block(MIRA, ANA.id)
    assert (at.phase(waiting), at.stores.notices.of(ANA.id)) == ("held", ())


def test_what_shows_somebody_else_and_was_never_allowed_stays_up(at):
    false_match = video_showing(at, at.add_cameo())
    at.service.portal.block(MIRA, ANA.id)
    assert at.phase(false_match) == "published"


def test_a_block_ends_what_two_mutuals_made_of_each_other(at):
    mira, ana = at.add_cameo(), at.add_cameo("ana", ANA)
    mutuals(at)
    grant_lease(at, holder="~")
    at.service.lease(ANA, "ana", LeaseRequest(holder="~"))
    of_mira, of_ana = at.published(at.case(ANA, [mira])), at.published(at.case(MIRA, [ana]))
    at.service.portal.block(MIRA, ANA.id)
    assert [at.phase(one) for one in (of_mira, of_ana)] == ["withdrawn"] * 2


def test_everybody_and_mutuals_are_nobody_who_could_be_blocked(at):
    at.add_cameo()
    for nobody in ("*", "~"):
        with pytest.raises(NotFound):
            at.service.portal.block(MIRA, nobody)
    assert at.service.portal.blocked(MIRA) == ()


def test_a_block_whose_process_died_is_none_and_done_again_takes_down(at):
    mira = at.add_cameo()
    grant_lease(at)
    video = at.published(at.case(ANA, [mira]))
    with dying_at(at, "cascades"), pytest.raises(CheckViolation):
        at.service.portal.block(MIRA, ANA.id)
    assert at.service.portal.blocked(MIRA) == ()
    at.service.portal.block(MIRA, ANA.id)
    assert at.phase(video) == "withdrawn"


def test_who_is_known_no_longer_though_a_process_died_loses_what_mutuals_may(at):
    mira = at.add_cameo()
    mutuals(at)
    grant_lease(at, holder="~")
    video = at.published(at.case(ANA, [mira]))
    with dying_at(at, "cascades"), pytest.raises(CheckViolation):
        at.service.know(MIRA, ANA.id, known=False)
    at.service.know(MIRA, ANA.id, known=False)
    assert at.phase(video) == "withdrawn"


@pytest.mark.parametrize("table", ["likeness_reports", "notices"])
def test_a_removal_whose_process_died_is_asked_for_again_and_reaches_moderators(at, table):
    mira = at.add_cameo()
    video = video_showing(at, mira)
    desk = replace(at.service.found, veto_acts=lambda: False)
    with dying_at(at, table), pytest.raises(CheckViolation):
        desk.remove(MIRA, "mira", video.id, words="take it down")
    desk.remove(MIRA, "mira", video.id, words="take it down")
    assert len(at.stores.answers.reports(mira.id)) == 1
    assert "reported" in {one.code for one in at.stores.notices.of(MODERATORS_ADDRESS)}


def test_a_removal_at_once_whose_process_died_comes_down_when_asked_again(at):
    mira = at.add_cameo()
    video = video_showing(at, mira)
    desk = replace(at.service.found, veto_acts=lambda: True)
    with dying_at(at, "cascades"), pytest.raises(CheckViolation):
        desk.remove(MIRA, "mira", video.id, words="take it down")
    assert desk.remove(MIRA, "mira", video.id, words="take it down")
    assert at.phase(video) == "withdrawn"


def test_an_order_that_nobody_answered_ends_though_the_process_died_at_its_end(at):
    mira = at.add_cameo()
    desk = at.service.requests
    desk.set_takes(MIRA, "mira", RequestsFrom.EVERYONE)
    case = waiting_for_consent(at, mira)
    desk.ask(ANA, case.id, "mira")
    later = datetime.now(UTC) + timedelta(days=15)
    with pytest.raises(RuntimeError):
        replace(desk, ledger=DyingLedger(desk.ledger)).run_upkeep(later)
    assert at.phase(case) == "held"
    desk.run_upkeep(later + timedelta(minutes=2))
    ended = at.ledger.load(case.id)
    assert ended.recalled.code == "consent_unanswered"
    assert "consent_unanswered" in {one.code for one in at.stores.notices.of(ANA.id)}


class DyingLedger:
    def __init__(self, ledger):
        self.load = ledger.load

    def append(self, case, events):
        raise RuntimeError("the process dies here")


def test_one_takedown_that_cannot_be_carried_holds_up_no_other(at):
    mira = at.add_cameo()
    with at.database.owner_connection() as connection:
        connection.execute(
            "INSERT INTO cascades (id, cameo, lease, reason) VALUES ('cascade_0', %s, 'lease_none', 'revoked')",
            [mira.id],
        )
    lease = grant_lease(at)
    video = at.published(at.case(ANA, [mira]))
    at.service.revoke(MIRA, lease.id)
    assert at.phase(video) == "withdrawn"
    assert [one.id for one in at.stores.cascades.open()] == ["cascade_0"]
