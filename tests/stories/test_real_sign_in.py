"""A second factor and a passkey over everything real: Postgres, the key store, the command line."""

from __future__ import annotations

import base64
import re

import pyotp
import pytest

from core.roles import Role
from pipeline.accounts import create_account
from tests.soft_authenticator import SoftAuthenticator
from tests.stories.http_installation import form_token, serve_real_installation

pytestmark = pytest.mark.postgres


def sign_in(browser, token):
    return browser.post("/login", data={"form_token": form_token(browser.get("/login").text), "token": token})


def ask(browser, path, page):
    """The challenge, and what signs it on the way back."""
    asked = browser.post(path, data={"form_token": form_token(browser.get(page).text)}).json()
    challenge = asked["options"]["challenge"]
    return base64.urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4)), asked["state"]


def test_a_moderator_enrols_adds_a_passkey_and_is_reset_by_command(fresh):
    settings = {"web_address": "https://assay.example", "require_second_factor": "moderator"}
    device = SoftAuthenticator()
    with serve_real_installation(fresh.home, **settings) as at:
        person, token = create_account(at.installation.accounts, [Role.MODERATOR], account_id="mod")
        with at.client() as browser:
            page = sign_in(browser, token).text
            data = {
                "form_token": form_token(page),
                "pending": re.search(r'name="pending" value="([^"]*)"', page)[1],
                "code": pyotp.TOTP(re.search(r'id="secret">([A-Z2-7]+)<', page)[1]).now(),
            }
            assert browser.post("/login/enrol", data=data).status_code == 200
            assert browser.get("/queue").status_code == 200
            challenge, state = ask(browser, "/security/passkeys/options", "/security")
            token_of_form = form_token(browser.get("/security").text)
            sent = {"form_token": token_of_form, "name": "key", "state": state, "answer": device.create(challenge)}
            assert browser.post("/security/passkeys", data=sent).status_code == 303
        with at.client() as browser:
            challenge, state = ask(browser, "/login/passkey/options", "/login")
            sent = {
                "form_token": form_token(browser.get("/login").text),
                "state": state,
                "answer": device.get(challenge),
            }
            assert browser.post("/login/passkey", data=sent | {"onward": "/queue"}).headers["location"] == "/queue"
            assert browser.get("/queue").status_code == 200
    shown = fresh.assay("account", "show", person.id, "--json").json
    assert shown["second_factor"] == {"enrolled": True, "recovery_codes_left": 10}
    assert [key["kind"] for key in shown["keys"]] == ["token", "passkey"]
    assert fresh.assay("account", "reset-second-factor", "mod", "--json").json["reset"] is True
    assert fresh.assay("account", "show", "mod", "--json").json["second_factor"]["enrolled"] is False
