"""Sessions end when they should, and only we can make them."""

import stat
from dataclasses import replace

import pytest

from console.web import sessions
from console.web.sessions import SESSION_SECONDS, Sessions, load_session_secret
from core.errors import Unavailable
from core.roles import Role
from pipeline.accounts import create_account
from pipeline.settings import Settings
from pipeline.testing.memory_accounts import MemoryAccounts


@pytest.fixture
def accounts():
    return MemoryAccounts()


@pytest.fixture
def ours(accounts):
    return Sessions(accounts=accounts, secret="ab" * 32, second_factor_roles=frozenset())


def test_a_session_is_its_accounts_and_has_its_roles(accounts, ours):
    person, token = create_account(accounts, [Role.MODERATOR])
    assert ours.person(ours.create(token)) == person


def test_a_wrong_token_begins_nothing(ours):
    assert ours.create("assay_guess") is None


def test_a_session_signed_with_another_secret_is_nobodys(accounts, ours):
    _, token = create_account(accounts, [Role.MODERATOR])
    forged = Sessions(accounts=accounts, secret="cd" * 32, second_factor_roles=frozenset()).create(token)
    assert ours.person(forged) is None


def test_no_change_of_a_single_character_is_overlooked(accounts, ours):
    _person, token = create_account(accounts, [Role.MODERATOR])
    session = ours.create(token)
    for at in range(len(session) - 1):  # the last character of base64 has bits that mean nothing
        changed = session[:at] + ("A" if session[at] != "A" else "B") + session[at + 1 :]
        assert ours.person(changed) is None, at


def test_closing_an_account_ends_its_sessions(accounts, ours):
    _person, token = create_account(accounts, [Role.MODERATOR])
    session = ours.create(token)
    accounts.save(replace(next(iter(accounts.all())), closed=True))
    assert ours.person(session) is None


def test_a_new_token_ends_the_sessions_of_the_old_one(accounts, ours):
    person, token = create_account(accounts, [Role.MODERATOR])
    session = ours.create(token)
    create_account(accounts, [Role.MODERATOR], account_id=person.id)
    assert ours.person(session) is None


def test_roles_are_looked_up_anew(accounts, ours):
    _person, token = create_account(accounts, [Role.MODERATOR])
    session = ours.create(token)
    accounts.save(replace(next(iter(accounts.all())), roles=frozenset({Role.PLATFORM})))
    assert ours.person(session).roles == {Role.PLATFORM}


def test_a_session_ends_after_twelve_hours(accounts, ours, monkeypatch):
    _, token = create_account(accounts, [Role.MODERATOR])
    session = ours.create(token)
    now = sessions.TimestampSigner("x").get_timestamp()
    monkeypatch.setattr(sessions.TimestampSigner, "get_timestamp", lambda _self: now + SESSION_SECONDS + 2)
    assert ours.person(session) is None


def test_where_a_second_factor_is_required_no_session_without_it_counts(accounts):
    strict = Sessions(accounts=accounts, secret="ab" * 32, second_factor_roles=frozenset({Role.MODERATOR}))
    person, token = create_account(accounts, [Role.MODERATOR])
    _, key = accounts.by_key_id(person.key)
    assert strict.person(strict.create(token)) is None
    assert strict.person(strict.begin(key, second_factor=True)) == person
    platform, token = create_account(accounts, [Role.PLATFORM])
    assert strict.person(strict.create(token)) == platform


def test_what_waits_for_a_second_factor_is_no_session_and_the_other_way_round(accounts, ours, monkeypatch):
    person, _ = create_account(accounts, [Role.MODERATOR])
    _, key = accounts.by_key_id(person.key)
    pending = ours.hold(key)
    assert ours.person(pending) is None and ours.held_key(pending) == key
    assert ours.held_key(ours.begin(key, second_factor=True)) is None
    assert ours.held_key(pending + "x") is None and ours.held_key("") is None
    now = sessions.TimestampSigner("x").get_timestamp()
    monkeypatch.setattr(sessions.TimestampSigner, "get_timestamp", lambda _self: now + sessions.PENDING_SECONDS + 2)
    assert ours.held_key(pending) is None


@pytest.mark.parametrize("junk", ["", ".", "..", "acct.x", "a.b.c", "\x00.\x00.\x00"])
def test_junk_is_nobodys_session(ours, junk):
    assert ours.person(junk) is None


def test_a_form_token_fits_one_session_only(ours):
    assert ours.is_valid_csrf_token("one", ours.csrf_token("one"))
    assert not ours.is_valid_csrf_token("two", ours.csrf_token("one"))
    assert not ours.is_valid_csrf_token("", ours.csrf_token(""))
    assert ours.csrf_token("one") != ours.csrf_token("one"), "each page has it masked otherwise"
    for forged in ("", "00", "é", "no hex", ours.csrf_token("one")[:-2], ours.csrf_token("one") + "0000"):
        assert not ours.is_valid_csrf_token("one", forged)


def test_the_secret_is_kept_for_its_owner_only_and_stays_the_same(tmp_path):
    first = load_session_secret(tmp_path / "home")
    assert load_session_secret(tmp_path / "home") == first
    assert stat.S_IMODE((tmp_path / "home" / "session.secret").stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "home").iterdir()] == ["session.secret"]


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    load_session_secret(tmp_path)
    (tmp_path / "session.secret").chmod(0o644)
    with pytest.raises(Unavailable, match="chmod 600"):
        load_session_secret(tmp_path)


def test_a_cut_off_secret_is_refused(tmp_path):
    load_session_secret(tmp_path)
    (tmp_path / "session.secret").write_text("ab")
    with pytest.raises(Unavailable, match="damaged"):
        load_session_secret(tmp_path)


def test_several_web_sides_share_a_secret_that_is_64_hex_digits_and_is_never_shown():
    secret = "0123456789abcdef" * 4
    settings = Settings(session_secret=secret)
    assert settings.session_secret.get_secret_value() == secret and secret not in repr(settings)
    with pytest.raises(ValueError, match="64 hex digits"):
        Settings(session_secret="short")
