"""One suite for every keeper of passkeys. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.errors import BadInput, Conflict, Forbidden
from core.roles import Role, Scope
from pipeline.access.account_service import AccountService
from pipeline.access.passkeys import PasskeyRefused, PasskeyService
from pipeline.access.postgres_passkeys import PostgresPasskeys
from pipeline.accounts import KeyKind, create_account
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from pipeline.testing.memory_accounts import MemoryAccounts
from pipeline.testing.memory_passkeys import MemoryPasskeys
from tests.soft_authenticator import SoftAuthenticator


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def passkeys(request):
    if request.param == "memory":
        accounts, store = MemoryAccounts(), MemoryPasskeys()
    else:
        database = request.getfixturevalue("database")
        with database.owner_connection() as connection:
            connection.execute("TRUNCATE accounts, used_challenges CASCADE")
        accounts, store = PostgresAccounts(database), PostgresPasskeys(database)
    return PasskeyService(service=AccountService(accounts=accounts), store=store, origin="https://assay.example")


@pytest.fixture
def ana(passkeys):
    return create_account(passkeys.service.accounts, [Role.PLATFORM], account_id="ana")[0]


@pytest.fixture
def mod(passkeys):
    return create_account(passkeys.service.accounts, [Role.MODERATOR], account_id="mod")[0]


def register(passkeys, who, device, name="telephone"):
    challenge = passkeys.registration(who).challenge
    return passkeys.register(who, name, challenge, device.create(challenge))


def sign_in(passkeys, device, **how):
    challenge = passkeys.sign_in_challenge().challenge
    return passkeys.sign_in(challenge, device.get(challenge, **how))


def test_a_passkey_opens_the_account_that_added_it(passkeys, ana):
    device = SoftAuthenticator()
    key = register(passkeys, ana, device)
    assert (key.kind, key.name, key.hint, key.expires) == (KeyKind.PASSKEY, "telephone", "", None)
    signed_in = sign_in(passkeys, device)
    assert (signed_in.key.id, signed_in.key.account, signed_in.user_verified) == (key.id, "ana", True)
    assert [one.id for one in passkeys.passkeys(ana)] == [key.id]
    assert passkeys.service.accounts.by_key_id(key.id)[1].kind is KeyKind.PASSKEY


def test_it_has_the_scopes_of_whoever_added_it_and_is_never_rotated_into_a_token(passkeys, ana):
    narrow = replace(ana, scopes=frozenset({Scope.MANAGE, Scope.READ}))
    key = register(passkeys, narrow, SoftAuthenticator())
    assert key.scopes == narrow.scopes
    with pytest.raises(BadInput, match="only a token"):
        passkeys.service.rotate_key(ana, key.id)
    with pytest.raises(Conflict, match="named"):
        register(passkeys, ana, SoftAuthenticator())
    with pytest.raises(Forbidden):
        register(passkeys, replace(ana, scopes=frozenset({Scope.READ})), SoftAuthenticator(), "other")


def test_the_options_name_this_site_and_what_is_there_already(passkeys, ana):
    device = SoftAuthenticator()
    register(passkeys, ana, device)
    options = json.loads(passkeys.registration(ana).options)
    assert options["rp"]["id"] == "assay.example" and len(options["excludeCredentials"]) == 1
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert "ana" not in options["user"]["id"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://assay.example.evil.example"},
        {"origin": "http://assay.example"},
        {"host": "evil.example"},
        {"private": SoftAuthenticator().private},
    ],
    ids=["origin", "scheme", "site", "signature"],
)
def test_an_answer_for_another_site_or_by_another_key_opens_nothing(passkeys, ana, wrong):
    device = SoftAuthenticator()
    register(passkeys, ana, device)
    with pytest.raises(PasskeyRefused):
        sign_in(passkeys, replace(device, **wrong))
    if "private" not in wrong:
        with pytest.raises(PasskeyRefused):
            register(passkeys, ana, replace(SoftAuthenticator(), **wrong), "other")
    assert sign_in(passkeys, device)


def test_a_challenge_is_answered_once(passkeys, ana):
    device = SoftAuthenticator()
    register(passkeys, ana, device)
    challenge = passkeys.sign_in_challenge().challenge
    answer = device.get(challenge, count=0)
    assert passkeys.sign_in(challenge, answer)
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(challenge, answer)
    with pytest.raises(PasskeyRefused):  # the answer to another challenge
        passkeys.sign_in(passkeys.sign_in_challenge().challenge, answer)


def test_a_copy_of_an_authenticator_is_noticed_by_its_count(passkeys, ana):
    device = SoftAuthenticator()
    register(passkeys, ana, device)
    sign_in(passkeys, device, count=7)
    for behind in (7, 3, 0):
        with pytest.raises(PasskeyRefused):
            sign_in(passkeys, device, count=behind)
    assert sign_in(passkeys, device, count=8)


def test_a_moderators_passkey_checks_who_uses_it(passkeys, mod, ana):
    bare = SoftAuthenticator(verifies=False)
    with pytest.raises(PasskeyRefused):
        register(passkeys, mod, bare)
    device = SoftAuthenticator()
    register(passkeys, mod, device)
    with pytest.raises(PasskeyRefused, match="fingerprint"):
        sign_in(passkeys, replace(device, verifies=False, sign_count=5))
    assert sign_in(passkeys, replace(device, sign_count=6)).user_verified
    register(passkeys, ana, bare)
    assert not sign_in(passkeys, bare).user_verified


def test_what_is_removed_closed_or_unknown_opens_nothing(passkeys, ana):
    device, other = SoftAuthenticator(), SoftAuthenticator()
    key = register(passkeys, ana, device)
    register(passkeys, ana, other, "other")
    passkeys.remove(ana, key.id)
    with pytest.raises(PasskeyRefused):
        sign_in(passkeys, device)
    accounts = passkeys.service.accounts
    accounts.save(replace(accounts.get("ana"), closed=True))
    for shut in (other, SoftAuthenticator()):
        with pytest.raises(PasskeyRefused):
            sign_in(passkeys, shut)


def test_one_credential_belongs_to_one_account(passkeys, ana, mod):
    device = SoftAuthenticator()
    register(passkeys, ana, device)
    with pytest.raises(PasskeyRefused):
        register(passkeys, mod, device)
    assert sign_in(passkeys, device).key.account == "ana" and passkeys.passkeys(mod) == []


@pytest.mark.parametrize(
    "junk", ["", "[]", "{}", '{"id": 1}', '{"id": "é"}', '{"id": "YQ", "response": 1}', "x" * 30_000]
)
def test_junk_is_refused(passkeys, ana, junk):
    for act in (
        lambda: passkeys.sign_in(passkeys.sign_in_challenge().challenge, junk),
        lambda: passkeys.register(ana, "junk", passkeys.registration(ana).challenge, junk),
    ):
        with pytest.raises(PasskeyRefused):
            act()
    register(passkeys, ana, device := SoftAuthenticator())
    challenge = passkeys.sign_in_challenge().challenge
    broken = json.loads(device.get(challenge)) | {
        "response": {"clientDataJSON": "e30", "signature": "AA", "authenticatorData": "AA"}
    }
    with pytest.raises(PasskeyRefused):
        passkeys.sign_in(challenge, json.dumps(broken))


def test_without_an_address_no_passkeys_are_offered(passkeys, ana):
    without = replace(passkeys, origin="")
    assert passkeys.offered and not without.offered
    for ask in (without.sign_in_challenge, lambda: without.registration(ana)):
        with pytest.raises(BadInput, match="web_address"):
            ask()
