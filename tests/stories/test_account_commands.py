"""Accounts and their keys in a terminal, and that what an older Assay stored goes on working."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest

from pipeline.accounts import authenticate
from pipeline.ledgers import migrations
from pipeline.ledgers.database import open_database
from pipeline.ledgers.postgres_accounts import PostgresAccounts
from tests.stories.conftest import database_kept_running

pytestmark = pytest.mark.postgres


@pytest.fixture
def running(fresh):
    with database_kept_running(fresh):
        yield fresh


def test_an_operator_makes_shows_and_closes_an_account(running):
    made = running.assay("account", "create", "--role", "platform", "--id", "ana", "--json").json
    assert (made["id"], made["roles"]) == ("ana", ["platform"]) and made["token"].startswith("assay_")
    twice = running.assay("account", "create", "--role", "platform", "--id", "ana")
    assert (twice.code, "assay account key create" in twice.err) == (3, True)

    key = running.assay(
        "account", "key", "create", "ana", "--name", "nightly", "--scope", "read", "--expires", "90d",
        "--requests-per-minute", "5", "--json",
    ).json  # fmt: skip
    assert (key["scopes"], key["limits"]["requests_per_minute"]) == (["read"], 5)
    shown = running.assay("account", "show", "ana", "--json").json
    assert [one["name"] for one in shown["keys"]] == ["token", "nightly"]
    assert key["token"] not in str(shown) and "digest" not in str(shown)

    usual = running.assay("account", "key", "create", "ana", "--name", "usual", "--json").json
    assert usual["expires"] and not usual["ends_soon"] and "soon" not in running.assay("account", "list").out
    assert running.assay("account", "key", "create", "ana", "--name", "s", "--expires", "3d", "--json").json[
        "ends_soon"
    ]
    assert "soon" in running.assay("account", "list").out and "soon" in running.assay("account", "show", "ana").out
    assert running.assay("account", "key", "create", "ana", "--name", "n", "--never", "--json").json["expires"] is None
    running.assay("account", "create", "--role", "moderator", "--id", "mod")
    endless = running.assay("account", "key", "create", "mod", "--name", "n", "--never")
    assert (endless.code, "endless_staff_keys" in endless.err) == (3, True)
    assert shown["second_factor"] == {"enrolled": False, "recovery_codes_left": 0}
    assert running.assay("account", "reset-second-factor", "ana", "--json").json == {"id": "ana", "reset": False}

    rotated = running.assay("account", "key", "rotate", "ana", key["id"], "--json").json
    assert rotated["token"] != key["token"] and rotated["expires"] == key["expires"]
    assert running.assay("account", "key", "revoke", "ana", rotated["id"], "--json").json["revoked"]
    listed = running.assay("account", "key", "list", "ana")
    assert listed.code == 0 and listed.out.count("revoked") == 2

    assert running.assay("account", "limits", "ana", "--videos-per-day", "9").code == 0
    assert running.assay("account", "limits", "ana", "--requests-per-minute", "8").code == 0  # the other stays
    assert running.assay("account", "create", "--role", "platform", "--id", "a\nb").code == 3
    assert running.assay("account", "close", "ana", "--json").json["closed"] is True
    assert "closed" in running.assay("account", "list").out
    assert running.assay("account", "key", "create", "ana", "--name", "x").code == 3
    assert running.assay("account", "reopen", "ana", "--json").json["limits"]["videos_per_day"] == 9
    for wrong in (("show", "bob"), ("close", "bob"), ("key", "list", "bob"), ("key", "revoke", "ana", "key_no")):
        assert running.assay("account", *wrong).code == 3
    assert "is no time" in running.assay("account", "key", "create", "ana", "--name", "y", "--expires", "soon").err


def test_accounts_and_tokens_that_an_older_assay_stored_go_on_working(monkeypatch):
    """Its tables are made with the migrations that it had, and the rest is applied when the new one starts."""
    home = Path(tempfile.mkdtemp())
    every = migrations._files
    monkeypatch.setattr(
        migrations,
        "_files",
        lambda folders: (one for one in every(folders) if one[0] < "ledgers/02" or "registry" in one[0]),
    )
    old = open_database(home)
    with old.connection() as connection:
        for account, closed in (("ana", False), ("ben", True)):
            digest = hashlib.sha256(f"assay_{account}".encode()).hexdigest()
            connection.execute(
                "INSERT INTO accounts (id, roles, digest, closed) VALUES (%s, '{platform}', %s, %s)",
                [account, digest, closed],
            )
    old.close()
    monkeypatch.undo()
    new = open_database(home)
    accounts = PostgresAccounts(new)
    assert [(one.id, one.closed) for one in accounts.all()] == [("ana", False), ("ben", True)]
    assert authenticate(accounts, "assay_ana").id == "ana"
    assert authenticate(accounts, "assay_ben") is None
    (key,) = accounts.keys("ana")
    assert (key.name, key.expires, key.revoked) == ("token", None, None)
    new.close()
    shutil.rmtree(home)
