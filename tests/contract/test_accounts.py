"""One suite for every keeper of accounts. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import BadInput, Conflict, Forbidden, NotFound
from core.roles import ALL_SCOPES, Principal, Role, Scope, UsageLimits
from pipeline.access.account_service import MAX_WORKING_KEYS, AccountService
from pipeline.access.key_lifetimes import KeyLifetimes
from pipeline.accounts import Account, AccountKey, Accounts, authenticate, create_account, new_key
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.testing.memory_accounts import MemoryAccounts

OPERATOR = Principal(id="local:op", roles=frozenset({Role.OPERATOR}))


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    if request.param == "memory":
        return MemoryAccounts()
    kept: Database = request.getfixturevalue("database")
    with kept.owner_connection() as connection:
        connection.execute("TRUNCATE accounts, ended_sessions CASCADE")
    return PostgresAccounts(kept)


@pytest.fixture
def service(accounts: Accounts) -> AccountService:
    return AccountService(accounts=accounts)


def test_a_session_that_was_ended_is_known_until_it_would_have_ended_by_itself(accounts: Accounts) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    assert not accounts.is_session_ended("a" * 64)
    for _ in range(2):
        accounts.end_session("a" * 64, until)
    assert accounts.is_session_ended("a" * 64)
    assert not accounts.is_session_ended("b" * 64)


def test_a_token_tells_whose_it_is(accounts: Accounts) -> None:
    ana, token = create_account(accounts, [Role.PLATFORM, Role.MODERATOR])
    ben, _ = create_account(accounts, [], account_id="ben")
    assert authenticate(accounts, token) == ana
    assert ben == Principal(id="ben")
    assert authenticate(accounts, token + "x") is None


def test_a_new_token_ends_the_old_one(accounts: Accounts) -> None:
    _, old = create_account(accounts, [Role.OPERATOR], account_id="op")
    person, new = create_account(accounts, [Role.OPERATOR], account_id="op")
    assert authenticate(accounts, old) is None
    assert authenticate(accounts, new) == person
    assert [account.id for account in accounts.all()] == ["op"]


def test_a_new_token_leaves_the_accounts_other_keys_alone(accounts: Accounts, service: AccountService) -> None:
    person, _ = create_account(accounts, [Role.PLATFORM], account_id="ana")
    _, other = service.create_key(OPERATOR, "nightly", account="ana")
    create_account(accounts, [Role.PLATFORM], account_id="ana")
    assert authenticate(accounts, other).id == person.id


def test_a_closed_account_is_no_one(accounts: Accounts, service: AccountService) -> None:
    _, token = create_account(accounts, [Role.PLATFORM], account_id="ana")
    _, second = service.create_key(OPERATOR, "second", account="ana")
    accounts.save(replace(next(iter(accounts.all())), closed=True))
    assert authenticate(accounts, token) is None and authenticate(accounts, second) is None
    with pytest.raises(Forbidden, match="closed"):
        create_account(accounts, [Role.PLATFORM], account_id="ana")
    with pytest.raises(Conflict, match="closed"):
        service.create_key(OPERATOR, "third", account="ana")
    service.set_closed(OPERATOR, "ana", closed=False)
    assert authenticate(accounts, token).id == "ana"


def test_all_are_in_the_order_of_their_ids(accounts: Accounts) -> None:
    made = [Account(id=i, roles=frozenset({Role.PLATFORM})) for i in ("b", "_", "a", "B")]
    for account in made:
        accounts.save(account)
    assert list(accounts.all()) == sorted(made, key=lambda account: account.id)


def test_everything_about_a_key_is_kept(accounts: Accounts) -> None:
    accounts.save(Account(id="ana", roles=frozenset(), limits=UsageLimits(videos_per_day=7)))
    now = datetime.now(UTC).replace(microsecond=0)
    limits = UsageLimits(requests_per_minute=1, videos_per_day=2, video_seconds_per_month=0)
    key, _ = new_key("ana", "ночь", scopes=frozenset({Scope.READ}), expires=now + timedelta(days=1), limits=limits)
    key = replace(key, created=now, revoked=now, last_used=now)
    accounts.save_key(key)
    account, kept = accounts.by_digest(key.digest)
    assert (kept, account.limits.videos_per_day) == (key, 7)
    assert accounts.by_key_id(key.id) == (account, key) and list(accounts.keys("ana")) == [key]
    assert accounts.by_key_id("nobody's") is None and accounts.by_key_id("a\x00b") is None


def test_a_key_ends_when_it_is_revoked_and_when_it_expires(accounts: Accounts, service: AccountService) -> None:
    create_account(accounts, [Role.PLATFORM], account_id="ana")
    key, token = service.create_key(OPERATOR, "one", account="ana", expires=datetime.now(UTC) + timedelta(hours=1))
    assert authenticate(accounts, token).key == key.id
    accounts.save_key(replace(key, expires=datetime.now(UTC)))
    assert authenticate(accounts, token) is None
    other, token = service.create_key(OPERATOR, "two", account="ana")
    service.revoke_key(OPERATOR, other.id, account="ana")
    assert authenticate(accounts, token) is None
    assert service.revoke_key(OPERATOR, other.id, account="ana").revoked is not None


def test_a_new_key_ends_when_the_settings_say_and_never_only_where_that_was_said(accounts: Accounts) -> None:
    service = AccountService(
        accounts=accounts, lifetimes=KeyLifetimes(standard_days=30, platform_days=60, endless_staff_keys=False)
    )
    create_account(accounts, [Role.PLATFORM], account_id="ana", lifetimes=service.lifetimes)
    create_account(accounts, [Role.PLATFORM, Role.MODERATOR], account_id="mod", lifetimes=service.lifetimes)

    def days(key: AccountKey) -> int:
        return round((key.expires - datetime.now(UTC)) / timedelta(days=1))

    assert [days(next(iter(accounts.keys(one)))) for one in ("ana", "mod")] == [60, 30]
    assert days(service.create_key(OPERATOR, "one", account="ana")[0]) == 60
    assert days(service.create_key(OPERATOR, "one", account="mod")[0]) == 30
    assert service.create_key(OPERATOR, "two", account="ana", never=True)[0].expires is None
    far = datetime.now(UTC) + timedelta(days=500)
    for wrong in ({"never": True}, {"expires": far}):
        with pytest.raises(BadInput, match="endless_staff_keys"):
            service.create_key(OPERATOR, "two", account="mod", **wrong)
    with pytest.raises(BadInput, match="say one"):
        service.create_key(OPERATOR, "three", account="ana", never=True, expires=far)
    lax = replace(service, lifetimes=replace(service.lifetimes, endless_staff_keys=True))
    endless, _ = lax.create_key(OPERATOR, "two", account="mod", never=True)
    assert endless.expires is None
    rotated, _ = lax.rotate_key(OPERATOR, endless.id, account="mod")
    assert rotated.expires is None
    assert days(service.rotate_key(OPERATOR, rotated.id, account="mod")[0]) == 30


def test_a_key_that_ends_makes_none_that_never_does(accounts: Accounts, service: AccountService) -> None:
    ana, token = create_account(accounts, [Role.PLATFORM], account_id="ana")
    with pytest.raises(Forbidden, match="outlives"):
        service.create_key(authenticate(accounts, token), "endless", never=True)
    assert service.create_key(ana, "usual")[0].expires <= accounts.by_key_id(ana.key)[1].expires


def test_the_last_use_of_a_key_is_seen(accounts: Accounts) -> None:
    before = datetime.now(UTC)
    person, token = create_account(accounts, [Role.PLATFORM])
    assert accounts.by_key_id(person.key)[1].last_used is None
    authenticate(accounts, token)
    first = accounts.by_key_id(person.key)[1].last_used
    authenticate(accounts, token)
    assert before <= first == accounts.by_key_id(person.key)[1].last_used


def test_a_rotated_key_has_a_new_token_and_the_old_one_works_as_long_as_was_said(
    accounts: Accounts, service: AccountService
) -> None:
    create_account(accounts, [Role.PLATFORM], account_id="ana")
    key, old = service.create_key(OPERATOR, "one", account="ana", scopes=frozenset({Scope.READ}))
    second, new = service.rotate_key(OPERATOR, key.id, account="ana", overlap=timedelta(hours=2))
    assert (second.name, second.scopes) == ("one", {Scope.READ})
    assert authenticate(accounts, old).key == key.id and authenticate(accounts, new).key == second.id
    third, newest = service.rotate_key(OPERATOR, second.id, account="ana")
    assert authenticate(accounts, new) is None and authenticate(accounts, newest).key == third.id
    with pytest.raises(Conflict):
        service.rotate_key(OPERATOR, second.id, account="ana")
    with pytest.raises(BadInput):
        service.rotate_key(OPERATOR, third.id, account="ana", overlap=timedelta(days=8))


def test_no_key_makes_one_that_outranks_or_outlives_it(accounts: Accounts, service: AccountService) -> None:
    create_account(accounts, [Role.PLATFORM, Role.MODERATOR], account_id="ana")
    end = datetime.now(UTC) + timedelta(days=1)
    mine = frozenset({Scope.MANAGE, Scope.READ})
    limits = UsageLimits(videos_per_day=5)
    _, token = service.create_key(OPERATOR, "keeper", account="ana", scopes=mine, expires=end, limits=limits)
    keeper = authenticate(accounts, token)
    made, _ = service.create_key(keeper, "child")
    assert (made.scopes, made.expires, made.limits) == (mine, end, limits)
    wide, _ = service.create_key(keeper, "wide", limits=UsageLimits(videos_per_day=0, requests_per_minute=9))
    assert wide.limits == UsageLimits(videos_per_day=5, requests_per_minute=9)
    with pytest.raises(Forbidden, match="submit"):
        service.create_key(keeper, "more", scopes=frozenset({Scope.SUBMIT}))
    with pytest.raises(Forbidden, match="outlives"):
        service.create_key(keeper, "longer", expires=end + timedelta(days=1))
    first = next(key for key in service.keys(keeper) if key.name == "token")
    with pytest.raises(Forbidden, match="more scopes"):
        service.rotate_key(keeper, first.id)


def test_nobody_touches_the_keys_of_another_account(accounts: Accounts, service: AccountService) -> None:
    ana, _ = create_account(accounts, [Role.PLATFORM], account_id="ana")
    ben, _ = create_account(accounts, [Role.PLATFORM], account_id="ben")
    (key,) = service.keys(ana)
    for attempt in (service.revoke_key, service.rotate_key):
        with pytest.raises(NotFound):
            attempt(ben, key.id)
        with pytest.raises(Forbidden):
            attempt(ben, key.id, account="ana")
    with pytest.raises(Forbidden):
        service.set_closed(ben, "ben", closed=True)
    with pytest.raises(Forbidden):
        service.set_limits(ben, "ben", UsageLimits())
    with pytest.raises(Forbidden):
        service.all_accounts(ben)


def test_a_key_without_the_scope_to_manage_manages_nothing(accounts: Accounts, service: AccountService) -> None:
    create_account(accounts, [Role.PLATFORM], account_id="ana")
    _, token = service.create_key(OPERATOR, "reader", account="ana", scopes=frozenset({Scope.READ}))
    with pytest.raises(Forbidden, match="manage"):
        service.keys(authenticate(accounts, token))


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "2001-01-01T00:00:00Z"])
def test_no_key_ends_when_no_database_could_say_it_nor_before_it_begins(accounts, service, end) -> None:
    ana, _ = create_account(accounts, [Role.PLATFORM])
    with pytest.raises(BadInput):
        service.create_key(ana, "one", expires=datetime.fromisoformat(end))
    assert len(service.keys(ana)) == 1


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81])
def test_a_name_that_nobody_could_read_is_refused(accounts: Accounts, service: AccountService, name: str) -> None:
    ana, _ = create_account(accounts, [Role.PLATFORM])
    with pytest.raises(BadInput):
        service.create_key(ana, name)


def test_two_working_keys_never_share_a_name_and_there_are_so_many_at_the_most(
    accounts: Accounts, service: AccountService
) -> None:
    ana, _ = create_account(accounts, [Role.PLATFORM])
    key, _ = service.create_key(ana, "one")
    with pytest.raises(Conflict, match="named"):
        service.create_key(ana, "one")
    service.revoke_key(ana, key.id)
    for number in range(MAX_WORKING_KEYS - 1):
        service.create_key(ana, f"key {number}")
    with pytest.raises(Conflict, match="at the most"):
        service.create_key(ana, "one more")


def test_a_scope_narrows_what_the_account_may(accounts: Accounts, service: AccountService) -> None:
    create_account(accounts, Role, account_id="op")
    for scopes, roles in (
        (ALL_SCOPES, set(Role)),
        (ALL_SCOPES - {Scope.READ}, set(Role) - {Role.OPERATOR}),
        (frozenset({Scope.READ}), {Role.PLATFORM, Role.RIGHTS_HOLDER}),
    ):
        _, token = service.create_key(OPERATOR, " ".join(sorted(scopes)), account="op", scopes=scopes)
        assert authenticate(accounts, token).roles == roles
    create_account(accounts, [Role.PLATFORM], account_id="ana")
    with pytest.raises(BadInput, match="no role"):
        service.create_key(OPERATOR, "m", account="ana", scopes=frozenset({Scope.MODERATE}))


def test_roles_are_given_by_name_by_an_operator_and_by_nobody_to_themselves(
    accounts: Accounts, service: AccountService
) -> None:
    create_account(accounts, [Role.PLATFORM], account_id="ana")
    operator, token = create_account(accounts, [Role.OPERATOR], account_id="op")
    assert service.set_roles(operator, "ana", frozenset({Role.MODERATOR})).roles == {Role.MODERATOR}
    assert authenticate(accounts, token).roles == {Role.OPERATOR}
    with pytest.raises(Forbidden, match="their own account"):
        service.set_roles(operator, "op", frozenset({Role.OPERATOR, Role.MODERATOR}))
    with pytest.raises(BadInput):
        service.set_roles(operator, "ana", frozenset())
    moderator = Principal(id="m", roles=frozenset({Role.MODERATOR, Role.PLATFORM}))
    for forbidden in (
        lambda: service.set_roles(moderator, "ana", frozenset({Role.OPERATOR})),
        lambda: service.all_accounts(moderator),
        lambda: service.create_key(moderator, "theirs", account="ana"),
        lambda: service.set_closed(moderator, "ana", closed=True),
    ):
        with pytest.raises(Forbidden, match="operator"):
            forbidden()
