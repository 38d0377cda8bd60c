"""One suite for every keeper of identities. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.roles import Role
from pipeline.access.oidc_accounts import OidcService
from pipeline.access.oidc_client import OidcClient, OidcIdentity, OidcRefused, OidcSettings
from pipeline.access.postgres_identities import PostgresIdentities
from pipeline.accounts import KeyKind
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.testing.memory_accounts import MemoryAccounts
from pipeline.testing.memory_identities import MemoryIdentities


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def service(request):
    client = OidcClient(
        settings=OidcSettings(issuer="https://p", client_id="a", roles={"g": Role.MODERATOR, "h": Role.PLATFORM})
    )
    if request.param == "memory":
        return OidcService(accounts=MemoryAccounts(), store=MemoryIdentities(), client=client)
    database = request.getfixturevalue("database")
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE accounts CASCADE")
    return OidcService(accounts=PostgresAccounts(database), store=PostgresIdentities(database), client=client)


def test_an_account_is_its_issuer_and_subject_and_has_the_roles_of_its_groups(service):
    ana = OidcIdentity(issuer="https://p", subject="ana", groups=frozenset({"g"}))
    key = service.sign_in(ana)
    assert (key.kind, key.expires) == (KeyKind.OIDC, None)
    assert service.sign_in(ana).account == key.account
    assert service.sign_in(replace(ana, issuer="https://q")).account != key.account
    service.sign_in(replace(ana, groups=frozenset({"h", "x"})))
    assert service.accounts.get(key.account).roles == {Role.PLATFORM}
    with pytest.raises(OidcRefused, match="none of your groups"):
        service.sign_in(replace(ana, groups=frozenset({"x"})))
    assert service.accounts.get(key.account).roles == frozenset()


def test_a_revoked_key_and_a_closed_account_stay_shut(service):
    ana = OidcIdentity(issuer="https://p", subject="ana", groups=frozenset({"g"}))
    key = service.sign_in(ana)
    account = service.accounts.get(key.account)
    service.accounts.save(replace(account, closed=True))
    with pytest.raises(OidcRefused, match="closed"):
        service.sign_in(ana)
    assert service.accounts.get(key.account).closed


def test_two_first_sign_ins_at_a_time_are_one_account(service):
    ana = OidcIdentity(issuer="https://p", subject="ana", groups=frozenset({"g"}))
    first = service.sign_in(ana)
    late = service._make(ana, frozenset({Role.MODERATOR}))
    assert late[1].id == first.id
    assert [one.closed for one in service.accounts.all() if one.id != first.account] == [True]
