"""One suite for every keeper of accounts. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from core.roles import Principal, Role
from pipeline.accounts import Account, Accounts, authenticate, create_account
from pipeline.ledgers.database import Database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.testing.memory_accounts import MemoryAccounts


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    if request.param == "memory":
        return MemoryAccounts()
    kept: Database = request.getfixturevalue("database")
    with kept.connection() as connection:
        connection.execute("TRUNCATE accounts")
    return PostgresAccounts(kept)


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


def test_a_closed_account_is_no_one(accounts: Accounts) -> None:
    _, token = create_account(accounts, [Role.PLATFORM], account_id="ana")
    accounts.save(replace(next(iter(accounts.all())), closed=True))
    assert authenticate(accounts, token) is None


def test_all_are_in_the_order_of_their_ids(accounts: Accounts) -> None:
    made = [
        Account(id=i, roles=frozenset({Role.PLATFORM}), digest=hashlib.sha256(i.encode()).hexdigest())
        for i in ("b", "_", "a", "B")
    ]
    for account in made:
        accounts.save(account)
    assert list(accounts.all()) == sorted(made, key=lambda account: account.id)
