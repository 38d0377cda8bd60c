"""Signing in with an OpenID provider, which runs as a process of its own: over HTTP, and in a real Chromium."""

from __future__ import annotations

import html
import json
import logging
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest

from console.web.rate_limits import FailureLimiter
from core.roles import Role
from evals.local_broker import free_port
from pipeline.accounts import KeyKind
from tests.stories.http_installation import form_token, memory_installation, serve_installation
from tests.stories.test_http_browser import CHROMIUM, chromium, fits

__all__ = ["chromium"]

SECRET = "the-secret-of-this-client"
PEOPLE = [
    {"sub": "u-mod", "groups": ["moderators", "cyclists"], "email": "shared@example.org"},
    {"sub": "u-platform", "groups": ["studio"], "email": "shared@example.org"},
    {"sub": "u-nobody", "groups": ["cyclists"], "email": "shared@example.org"},
    {"sub": "u-bare"},
]
SETTINGS = {
    "oidc_client_id": "assay",
    "oidc_client_secret": SECRET,
    "oidc_roles": "moderators=moderator, studio=platform",
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """The issuer of oidc-provider-mock, a provider that asks for no password."""
    pytest.importorskip("oidc_provider_mock", reason="oidc-provider-mock is not installed")
    port = free_port()
    claims = [part for one in PEOPLE for part in ("--user-claims", json.dumps(one))]
    program = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "oidc_provider_mock",
        "--port",
        str(port),
        "--require-nonce",
        "true",
    ]
    with (tmp_path_factory.mktemp("provider") / "log").open("w") as log:
        process = subprocess.Popen([*program, *claims], stdout=log, stderr=log)
    issuer, until = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while True:
        assert process.poll() is None and time.monotonic() < until
        try:
            httpx.get(f"{issuer}/jwks", trust_env=False).raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield issuer
    process.terminate()
    process.wait(20)


@contextmanager
def serving_with(provider, home, **settings):
    port = free_port()
    chosen = {**SETTINGS, "oidc_issuer": provider, "web_address": f"http://localhost:{port}", **settings}
    with serve_installation(memory_installation(home, **chosen), port) as serving:
        yield serving


@pytest.fixture(scope="module")
def at(provider, tmp_path_factory):
    with serving_with(provider, tmp_path_factory.mktemp("home")) as serving:
        yield serving


@pytest.fixture
def browser(at, monkeypatch):
    """A client that keeps cookies, at the address of the settings; what failed in other tests is forgotten."""
    monkeypatch.setitem(at.app.state._state, "context", replace(at.app.state.context, failed_logins=FailureLimiter()))
    with httpx.Client(base_url=at.installation.settings.web_address, trust_env=False, timeout=60) as client:
        client.headers["Accept"] = "text/html"
        yield client


def begin(browser, onward="/cases"):
    """Where the browser is sent."""
    sent = browser.get("/login/oidc", params={"next": onward})
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


def agree(address, subject):
    """Sign in at the provider as this person; where it sends the browser back to."""
    answer = httpx.post(address, data={"sub": subject}, trust_env=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def come_back(browser, subject, onward="/cases"):
    return browser.get(agree(begin(browser, onward), subject))


def accounts_of(at, kind=KeyKind.OIDC):
    accounts = at.installation.accounts
    return [one for one in accounts.all() if any(key.kind is kind for key in accounts.keys(one.id))]


def test_the_browser_is_sent_with_state_nonce_and_pkce(browser, provider):
    address = begin(browser)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{provider}/oauth2/authorize?")
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", "assay", "S256")
    assert asked["redirect_uri"] == f"{browser.base_url}/login/oidc/callback"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert SECRET not in address


def test_a_person_has_the_roles_of_their_groups_and_the_same_account_each_time(at, browser):
    back = come_back(browser, "u-mod", onward="/queue")
    assert back.status_code == 200 and 'content="0; url=/queue"' in back.text
    assert browser.get("/queue").status_code == 200
    first = html.unescape(browser.get("/platform").text)
    browser.cookies.clear()
    come_back(browser, "u-mod")
    owner = re.search(r"acct_[0-9a-f]{12}", first)[0]
    assert owner in browser.get("/platform").text
    browser.cookies.clear()
    come_back(browser, "u-platform")  # the same address of mail, and another account
    assert browser.get("/queue").status_code == 403
    assert owner not in browser.get("/platform").text
    assert {tuple(one.roles) for one in accounts_of(at)} == {(Role.MODERATOR,), (Role.PLATFORM,)}


@pytest.mark.parametrize("subject", ["u-nobody", "u-bare"])
def test_whoever_is_in_no_group_of_the_settings_gets_no_account(at, browser, subject):
    before = len(accounts_of(at))
    refused = come_back(browser, subject)
    assert refused.status_code == 403 and "none of your groups" in refused.text
    assert len(accounts_of(at)) == before and browser.get("/cases").status_code != 200


def test_whoever_leaves_their_group_loses_the_role_and_the_running_session(at, browser, provider):
    put = {"groups": ["moderators"]}
    httpx.put(f"{provider}/users/u-leaves", json=put, trust_env=False).raise_for_status()
    come_back(browser, "u-leaves")
    assert browser.get("/queue").status_code == 200
    httpx.put(f"{provider}/users/u-leaves", json={"groups": []}, trust_env=False).raise_for_status()
    with httpx.Client(base_url=browser.base_url, trust_env=False) as other:
        assert come_back(other, "u-leaves").status_code == 403
    assert browser.get("/queue").status_code == 403


def test_what_comes_back_to_another_browser_or_changed_opens_nothing(at, browser):
    returned = agree(begin(browser), "u-mod")
    with httpx.Client(base_url=browser.base_url, trust_env=False) as other:
        assert other.get(returned).status_code == 403  # whoever is led to a link of somebody else's sign-in
        begin(other)
        assert other.get(returned).status_code == 403
        assert other.get("/cases").status_code != 200
    changed = re.sub(r"state=[^&]+", "state=another", returned)
    assert browser.get(changed).status_code == 403
    assert browser.get(returned).status_code == 403  # the browser's own part is used up


def test_a_code_opens_once(at, browser):
    address = begin(browser)
    kept = dict(browser.cookies)
    returned = agree(address, "u-mod")
    assert browser.get(returned).status_code == 200
    with httpx.Client(base_url=browser.base_url, trust_env=False, cookies=kept) as copy:
        assert copy.get(returned).status_code == 403


def test_a_person_who_declines_at_the_provider_is_told_so(at, browser):
    answer = httpx.post(begin(browser), data={"action": "deny"}, trust_env=False)
    back = browser.get("/login/oidc/callback", params=parse_qs(urlsplit(answer.headers["location"]).query))
    assert back.status_code == 403 and "sign in again" in back.text


def test_signing_out_ends_the_session_and_leads_to_the_provider(at, browser, provider):
    come_back(browser, "u-platform")
    token = form_token(browser.get("/cases").text)
    out = browser.post("/logout", data={"form_token": token})
    link = html.unescape(re.search(r'class="button" href="([^"]+)"', out.text)[1])
    assert link.startswith(f"{provider}/oauth2/end_session?client_id=assay&post_logout_redirect_uri=")
    assert browser.get("/cases").status_code != 200


def test_a_closed_account_stays_closed(at, browser):
    come_back(browser, "u-platform")
    (account,) = [one for one in accounts_of(at) if one.roles == {Role.PLATFORM}]
    at.installation.accounts.save(replace(account, closed=True))
    try:
        refused = come_back(browser, "u-platform")
        assert refused.status_code == 403 and "closed" in refused.text
    finally:
        at.installation.accounts.save(account)


def test_a_second_factor_is_asked_for_after_the_provider(provider, tmp_path):
    with serving_with(provider, tmp_path, require_second_factor="moderator") as strict:
        url = strict.installation.settings.web_address
        with httpx.Client(base_url=url, trust_env=False, timeout=60, headers={"Accept": "text/html"}) as browser:
            page = come_back(browser, "u-mod", onward="/queue").text
            secret = re.search(r'id="secret">([A-Z2-7]+)<', page)[1]
            assert browser.get("/queue").status_code != 200
            pending = re.search(r'name="pending" value="([^"]*)"', page)[1]
            data = {
                "form_token": form_token(page),
                "pending": pending,
                "onward": "/queue",
                "code": pyotp.TOTP(secret).now(),
            }
            assert browser.post("/login/enrol", data=data).status_code == 200
            assert browser.get("/queue").status_code == 200


def test_a_provider_that_is_away_is_said_and_tokens_still_open(tmp_path, provider):
    with serving_with(f"http://127.0.0.1:{free_port()}", tmp_path) as serving:
        with serving.client() as browser:
            away = browser.get("/login/oidc", params={"lang": "fr"}, headers={"Accept": "text/html"})
            assert away.status_code == 503 and "injoignable" in away.text
        with serving.browser(serving.moderator) as browser:
            assert browser.get("/queue").status_code == 200


def test_nothing_secret_is_written_to_the_log(at, browser, caplog):
    caplog.set_level(logging.INFO)
    returned = agree(begin(browser), "u-mod")
    browser.get(returned)
    browser.get(returned)
    code = parse_qs(urlsplit(returned).query)["code"][0]
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "uvicorn"))
    )
    assert SECRET not in ours and code not in ours


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories")
def test_in_a_browser_the_keyboard_leads_there_and_back(chromium, at, provider):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="fr")
    page = context.new_page()
    page.goto(f"{at.installation.settings.web_address}/login?next=/queue")
    page.get_by_role("link", name="Se connecter avec votre organisation").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{provider}/**")
    page.locator("input[name=sub]").first.fill("u-mod")
    page.locator("input[name=sub]").first.press("Enter")
    page.wait_for_url("**/queue")
    assert fits(page)
    context.close()
