"""Passkeys in a real Chromium with its virtual authenticator: added, used, removed, by keyboard and in French."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest

from core.roles import Role
from evals.local_broker import free_port
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import form_token, memory_installation, serve_installation
from tests.stories.test_http_browser import CHROMIUM, chromium, fits

__all__ = ["chromium"]

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"
)


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    port = free_port()
    settings = {"web_address": f"http://localhost:{port}", "require_second_factor": "moderator"}
    with serve_installation(memory_installation(tmp_path_factory.mktemp("home"), **settings), port) as serving:
        yield serving


@dataclass
class Telephone:
    """A browser page, and an authenticator in it."""

    page: Any
    devtools: Any
    authenticator: str

    def credentials(self):
        return self.devtools.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})["credentials"]

    def command(self, name, **parameters):
        self.devtools.send(f"WebAuthn.{name}", {"authenticatorId": self.authenticator, **parameters})

    def forget_session(self):
        self.page.context.clear_cookies()


@contextmanager
def telephone(chromium, *, verifies=True, language="en"):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale=language)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield Telephone(page, devtools, added["authenticatorId"])
    context.close()
    assert [one for one in complaints if "status of 4" not in one] == []


def address(at):
    return at.installation.settings.web_address


def sign_in_with_token(page, at, account):
    page.goto(f"{address(at)}/login?lang=en")
    page.get_by_label("Token").fill(account.token)
    page.keyboard.press("Enter")


@pytest.mark.browser
@needs_chromium
def test_a_passkey_is_added_used_and_removed_by_keyboard(chromium, at):
    account = at.installation.account(Role.PLATFORM)
    with telephone(chromium) as phone:
        page = phone.page
        sign_in_with_token(page, at, account)
        page.wait_for_url("**/cases")
        page.goto(f"{address(at)}/security?lang=en")
        assert fits(page)
        page.get_by_label("What to call it").focus()
        page.keyboard.type("my telephone")
        page.keyboard.press("Enter")
        page.get_by_text("The passkey is added").wait_for()
        assert len(phone.credentials()) == 1 and fits(page)

        phone.forget_session()
        page.goto(f"{address(at)}/login?next=/security&lang=fr")
        page.get_by_role("button", name="Se connecter avec une clé d’accès").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/security")
        assert phone.credentials()[0]["signCount"] == 2

        page.goto(f"{address(at)}/security?lang=en")
        page.get_by_role("button", name="Remove my telephone").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/login**")  # it was the one of this session
        page.goto(f"{address(at)}/login?lang=en")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_text("This passkey is not known here").wait_for()


@pytest.mark.browser
@needs_chromium
def test_a_moderators_passkey_is_both_factors(chromium, at):
    account = at.installation.account(Role.MODERATOR)
    with telephone(chromium) as phone:
        page = phone.page
        sign_in_with_token(page, at, account)
        page.get_by_text("Your role needs a second factor.").wait_for()
        assert fits(page)
        secret = page.locator("#secret").inner_text()
        page.get_by_role("textbox", name="Code").fill(pyotp.TOTP(secret).now())
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Recovery codes").wait_for()
        assert fits(page)
        page.goto(f"{address(at)}/security?lang=en")
        page.get_by_label("What to call it").fill("key")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_text("The passkey is added").wait_for()
        phone.forget_session()
        page.goto(f"{address(at)}/login?next=/queue")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/queue")
        page.get_by_role("heading", name="Queue").wait_for()

        phone.forget_session()
        phone.command("setUserVerified", isUserVerified=False)
        page.goto(f"{address(at)}/login?next=/queue")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.locator("[role=alert]:not(:empty)").first.wait_for()
        assert "/queue" not in page.url.partition("?")[0]


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark")])
def test_axe_finds_nothing_wrong_with_the_pages_of_signing_in(chromium, at, language, scheme):
    account = at.installation.account(Role.MODERATOR)
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme, locale=language, bypass_csp=True
    )
    page = context.new_page()

    def wrong():
        return axe_findings(page) + ([] if fits(page) else ["does not fit"])

    page.goto(f"{address(at)}/login?lang={language}")
    assert wrong() == []
    page.locator("#token").fill("nobody's")
    page.keyboard.press("Enter")
    page.locator("#failed").wait_for()
    assert wrong() == []
    page.locator("#token").fill(account.token)
    page.keyboard.press("Enter")
    secret = page.locator("#secret").inner_text()
    assert wrong() == []
    page.locator("#code").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    page.locator("#codes").wait_for()
    assert wrong() == []
    recovery = page.locator("#codes li").first.inner_text()
    page.goto(f"{address(at)}/security?lang={language}")
    for fold in page.locator("main details").all():
        fold.evaluate("one => one.open = true")
    assert wrong() == []
    context.clear_cookies()
    page.goto(f"{address(at)}/login?lang={language}")
    page.locator("#token").fill(account.token)
    page.keyboard.press("Enter")
    page.locator("#code").fill("000000")
    assert wrong() == []
    page.keyboard.press("Enter")
    page.locator("#wrong").wait_for()
    assert wrong() == []
    page.locator("#code").fill(recovery)
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    context.close()


@pytest.mark.browser
@needs_chromium
def test_at_another_address_the_browser_gives_no_passkey(chromium, at):
    with telephone(chromium) as phone:
        phone.page.goto(f"{at.url}/login?lang=en")
        if phone.page.evaluate("!!window.PublicKeyCredential"):
            phone.page.get_by_role("button", name="Sign in with a passkey").click()
            phone.page.get_by_text("The browser gave no passkey for this site.").wait_for()


def test_a_challenge_for_signing_in_adds_no_passkey_and_the_other_way_round(at):
    account = at.installation.account(Role.PLATFORM)
    with at.browser(account) as browser:
        token = form_token(browser.get("/security").text)
        made = browser.post("/security/passkeys/options", data={"form_token": token}).json()
        asked = browser.post("/login/passkey/options", data={"form_token": token}).json()
        assert made["options"]["rp"]["id"] == asked["options"]["rpId"] == "localhost"
        sent = {"form_token": token, "answer": "{}", "name": "x"}
        for path, state in (("/security/passkeys", asked["state"]), ("/login/passkey", made["state"])):
            refused = browser.post(path, data={**sent, "state": state})
            assert refused.status_code == 403 and "not known here" in refused.text
        assert browser.post("/login/passkey", data={**sent, "state": "forged"}).status_code == 403
        assert browser.post("/security/passkeys", data={"state": made["state"]}).status_code == 403


def test_a_session_without_a_code_adds_no_passkey_to_an_account_that_has_an_authenticator(at):
    account = at.installation.account(Role.PLATFORM)
    with at.browser(account) as before, at.browser(account) as enrolling:
        page = enrolling.post(
            "/security/authenticator", data={"form_token": form_token(enrolling.get("/security").text)}
        )
        secret = re.search(r'id="secret">([A-Z2-7]+)<', page.text)[1]
        data = {"form_token": form_token(page.text), "code": pyotp.TOTP(secret).now()}
        assert enrolling.post("/security/authenticator/confirm", data=data).status_code == 200
        for browser, status in ((before, 409), (enrolling, 200)):
            token = form_token(browser.get("/security").text)
            asked = browser.post("/security/passkeys/options", data={"form_token": token})
            assert asked.status_code == status
        sent = {"form_token": form_token(before.get("/security").text), "name": "x", "answer": "{}"}
        refused = before.post("/security/passkeys", data={**sent, "state": asked.json()["state"]})
        assert refused.status_code == 409 and "with a code of your app first" in refused.text


def test_where_no_address_is_set_no_passkey_is_offered(tmp_path):
    with serve_installation(memory_installation(tmp_path)) as serving, serving.browser(serving.platform) as browser:
        page = browser.get("/security").text
        assert "Passkeys are not offered here." in page and "data-passkey" not in page
        token = form_token(page)
        refused = browser.post("/security/passkeys/options", data={"form_token": token})
        assert refused.status_code == 400 and "web_address" in refused.text
    with serving_page(tmp_path / "other") as page:
        assert "data-passkey" not in page


@contextmanager
def serving_page(home):
    with serve_installation(memory_installation(home)) as serving, serving.client() as client:
        yield client.get("/login").text
