"""A platform that speaks for many people with one account: each has a cameo of their own, and leases are to one of them."""

from dataclasses import replace

import pytest

from core.case import Phase
from core.errors import BadInput, NotFound
from pipeline.video_request import VideoRequest
from registry.consent.cameo_service import LeaseRequest
from registry.consent.end_users import EndUserKey, account_of, end_user_pseudonym, is_end_user
from tests.contract.cameo_installation import (
    ANA,
    MIRA,
    MODERATOR,
    InterleavingHooks,
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
    return reset_installation(opened)


@pytest.fixture
def house(at):
    return instrumented_service(at, InterleavingHooks(at))


def user(at, name, account=ANA):
    """An end user of an account, as the door makes them of the header."""
    return replace(account, id=at.service.end_users.named(account.id, name))


def order(house, cameo, end_user="", who=ANA, **asked):
    service, runner = house
    case = service.submit(who, VideoRequest(prompt=f"@{cameo} waves", end_user=end_user, **asked))
    runner.drain()
    return service.ledger.load(case.id).phase


def test_the_cameo_of_one_user_of_a_platform_is_not_anothers(at, house):
    one, two = user(at, "one"), user(at, "two")
    at.add_cameo("one", one)
    at.add_cameo("two", two)  # one person, one cameo: they are two
    assert order(house, "one", "one") is Phase.PUBLISHED
    for stranger in ("two", ""):
        assert order(house, "one", stranger) is Phase.HELD
    assert [cameo.handle for cameo in at.service.own_cameos(one)] == ["one"]
    assert at.service.own_cameos(ANA) == ()
    for other in (two, ANA):
        with pytest.raises(NotFound):
            at.service.cameo(other, "one")
        with pytest.raises(NotFound):
            at.service.erase(other, "one")


def test_a_lease_to_one_user_covers_no_other_of_the_same_platform(at, house):
    at.add_cameo()
    at.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id, end_user="one"))
    assert order(house, "mira", "one") is Phase.PUBLISHED
    assert [order(house, "mira", other) for other in ("two", "")] == [Phase.HELD] * 2


def test_a_lease_to_the_whole_account_covers_all_its_users_as_before(at, house):
    at.add_cameo()
    at.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id))
    assert [order(house, "mira", name) for name in ("one", "two", "")] == [Phase.PUBLISHED] * 3


def test_a_lease_to_one_user_counts_before_one_to_their_account(at, house):
    from registry.consent.lease_terms import LeaseTerms

    at.add_cameo()
    at.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id))
    at.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id, end_user="one", terms=LeaseTerms(purposes=("parody",))))
    assert order(house, "mira", "one") is Phase.HELD
    assert order(house, "mira", "one", purpose="parody") is Phase.PUBLISHED
    assert order(house, "mira", "two") is Phase.PUBLISHED


def test_taking_back_one_users_lease_takes_down_their_videos_alone(at, house):
    at.add_cameo()
    service, runner = house
    leases = {
        name: at.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id, end_user=name))[0] for name in ("one", "two")
    }
    videos = {name: service.submit(ANA, VideoRequest(prompt="@mira waves", end_user=name)) for name in leases}
    runner.drain()
    at.service.revoke(MIRA, leases["one"].id)
    assert {name: at.phase(case) for name, case in videos.items()} == {"one": "withdrawn", "two": "published"}


def test_two_users_of_one_platform_are_mutuals_of_one_another(at, house):
    one, two = user(at, "one"), user(at, "two")
    at.add_account(ANA)
    at.add_cameo("one", one)
    at.service.lease(one, "one", LeaseRequest(holder="~"))
    at.service.know(one, two.id)
    assert order(house, "one", "two") is Phase.HELD
    at.service.know(two, one.id)
    assert order(house, "one", "two") is Phase.PUBLISHED
    assert order(house, "one", "three") is Phase.HELD


def test_each_user_has_challenges_of_their_own_and_the_account_has_an_end(at):
    enrolments = at.service.enrolment.enrolments
    for name in ("one", "two"):
        for _ in range(5):
            at.service.enrolment.challenge(user(at, name), f"{name}-new")
    from core.errors import NotNow

    with pytest.raises(NotNow):
        enrolments.issue(user(at, "three").id, "three", "self", most_for_all=10)
    assert enrolments.of(ANA.id) == ()


def test_what_a_platform_calls_its_user_is_stored_nowhere_and_no_receipt_tells_them_apart(at):
    one = user(at, "one@example.org")
    cameo = at.add_cameo("one", one)
    at.add_cameo()
    _, receipt = at.service.lease(MIRA, "mira", LeaseRequest(holder=ANA.id, end_user="one@example.org"))
    with at.database.owner_connection() as connection:
        for table in ("cameos", "leases", "notices", "consent_receipts"):
            rows = str(connection.execute(f"SELECT * FROM {table}").fetchall())
            assert "example.org" not in rows
            assert end_user_pseudonym(ANA.id, "one@example.org") not in rows  # which the log has, and anyone could test
    pseudonym = one.id.partition("#")[2]
    for jws in [receipt.jws, *(one.jws for one in at.stores.receipts.of_cameo(cameo.id))]:
        payload = at.stores.keys.verify_receipt(jws).decode()
        assert pseudonym not in payload and ANA.id in payload
    assert "one end user" in at.stores.keys.verify_receipt(receipt.jws).decode()


def test_an_account_can_name_no_user_of_another(at):
    at.add_cameo()
    for holder in (user(at, "one").id, f"{MIRA.id}#0"):
        with pytest.raises(BadInput):
            at.service.lease(MIRA, "mira", LeaseRequest(holder=holder))
    with pytest.raises(BadInput, match="name the account"):
        at.service.lease(MIRA, "mira", LeaseRequest(holder="*", end_user="one"))


def test_the_pseudonym_depends_on_a_key_of_the_installation(tmp_path):
    here, there = EndUserKey(tmp_path / "here"), EndUserKey(tmp_path / "there")
    party = here.named("acct_a", "one")
    assert party == EndUserKey(tmp_path / "here").named("acct_a", "one")
    assert party != there.named("acct_a", "one") and party != here.named("acct_b", "one")
    assert (account_of(party), is_end_user(party), here.named("acct_a", "")) == ("acct_a", True, "acct_a")
    assert (tmp_path / "here" / "end-users.key").stat().st_mode & 0o077 == 0


def test_a_moderator_of_the_platform_itself_sees_who_is_enrolled_and_whose_end_user_that_is(at):
    one = user(at, "one")
    at.add_cameo("one", one)
    assert at.service.cameo(MODERATOR, "one").owner == one.id
