"""One suite for every keeper of accounts. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from pipeline.accounts import Account, Accounts, MemoryAccounts, open_account, person_of
from pipeline.ledgers.accounts import PostgresAccounts
from pipeline.ledgers.database import Database
from pipeline.people import Person, Role


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    if request.param == "memory":
        return MemoryAccounts()
    kept: Database = request.getfixturevalue("database")
    with kept.connection() as connection:
        connection.execute("TRUNCATE accounts")
    return PostgresAccounts(kept)


def test_a_token_tells_whose_it_is(accounts: Accounts) -> None:
    ana, token = open_account(accounts, [Role.PLATFORM, Role.MODERATOR])
    ben, _ = open_account(accounts, [], account_id="ben")
    assert person_of(accounts, token) == ana
    assert ben == Person(id="ben")
    assert person_of(accounts, token + "x") is None


def test_a_new_token_ends_the_old_one(accounts: Accounts) -> None:
    _, old = open_account(accounts, [Role.OPERATOR], account_id="op")
    person, new = open_account(accounts, [Role.OPERATOR], account_id="op")
    assert person_of(accounts, old) is None
    assert person_of(accounts, new) == person
    assert [account.id for account in accounts.all()] == ["op"]


def test_a_closed_account_is_no_one(accounts: Accounts) -> None:
    _, token = open_account(accounts, [Role.PLATFORM], account_id="ana")
    accounts.keep(replace(next(iter(accounts.all())), closed=True))
    assert person_of(accounts, token) is None


def test_all_are_in_the_order_of_their_ids(accounts: Accounts) -> None:
    made = [
        Account(id=i, roles=frozenset({Role.PLATFORM}), digest=hashlib.sha256(i.encode()).hexdigest())
        for i in ("b", "_", "a", "B")
    ]
    for account in made:
        accounts.keep(account)
    assert list(accounts.all()) == sorted(made, key=lambda account: account.id)
