"""Signing in over HTTP: cookies of secure connections, attempts for each account, keys that end."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.web.rate_limits import AccountLimiter
from core.roles import Principal, Role
from pipeline.access.account_service import AccountService
from tests.stories.http_installation import form_token, memory_installation, serve_installation

SECURE = {"X-Forwarded-Proto": "https"}  # as a proxy on this machine says it
OPERATOR = Principal(id="local:op", roles=frozenset({Role.OPERATOR}))


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("home"))) as serving:
        yield serving


def signed_in(client, token, headers):
    """The answers of the login page and of its form, and the cookies that they set, by name."""
    page = client.get("/login", headers=headers)
    cookies = cookies_of(page)
    sent = client.post(
        "/login",
        data={"form_token": form_token(page.text), "token": token},
        headers={**headers, "Cookie": "; ".join(f"{name}={value[0]}" for name, value in cookies.items())},
    )
    return sent, {**cookies, **cookies_of(sent)}


def cookies_of(answer):
    """Each cookie's value and attributes."""
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        name, _, rest = line.partition("=")
        value, *attributes = rest.split("; ")
        found[name] = value, {one.lower() for one in attributes}
    return found


def test_over_https_the_session_is_in_a_host_cookie_and_no_other_is_read(at):
    with at.client() as browser:
        sent, cookies = signed_in(browser, at.moderator.token, SECURE)
        assert sent.status_code == 303
        assert {"__Host-assay_session", "__Host-assay_seed"} == set(cookies)
        value, attributes = cookies["__Host-assay_session"]
        assert {"secure", "httponly", "path=/", "samesite=strict"} <= attributes
        assert not any(one.startswith("domain") for one in attributes)

        def opens(headers, name):
            return browser.get("/queue", headers={**headers, "Cookie": f"{name}={value}"}).status_code == 200

        assert opens(SECURE, "__Host-assay_session")
        assert not opens(SECURE, "assay_session")
        assert not opens({}, "__Host-assay_session")


def test_over_plain_http_the_session_has_its_plain_name(at):
    with at.client() as browser:
        sent, cookies = signed_in(browser, at.moderator.token, {})
        assert sent.status_code == 303 and {"assay_session", "assay_seed"} == set(cookies)
        assert "secure" not in cookies["assay_session"][1]


def test_signing_out_over_https_deletes_the_host_cookie(at):
    with at.client() as browser:
        _, cookies = signed_in(browser, at.moderator.token, SECURE)
        session = {**SECURE, "Cookie": f"__Host-assay_session={cookies['__Host-assay_session'][0]}"}
        token = form_token(browser.get("/queue", headers=session).text)
        gone = browser.post("/logout", data={"form_token": token}, headers=session)
        value, attributes = cookies_of(gone)["__Host-assay_session"]
        assert value in ("", '""') and {"secure", "max-age=0", "path=/"} <= attributes
        assert browser.get("/queue", headers=session).status_code == 401


def test_an_account_is_signed_in_to_only_so_often_whatever_the_address(at, monkeypatch):
    few = replace(at.app.state.context, account_logins=AccountLimiter(max_attempts=2))
    monkeypatch.setitem(at.app.state._state, "context", few)
    for attempt, status in ((1, 303), (2, 303), (3, 429)):
        with at.client() as browser:
            headers = {"X-Forwarded-For": f"203.0.113.{attempt}"}
            assert signed_in(browser, at.other.token, headers)[0].status_code == status
    with at.client() as browser:
        assert signed_in(browser, at.platform.token, {})[0].status_code == 303


def test_a_key_that_ends_soon_says_so_on_the_page_of_its_platform(at):
    account = at.installation.account(Role.PLATFORM)
    service = AccountService(accounts=at.installation.accounts)
    soon = datetime.now(UTC) + timedelta(days=3)
    _, token = service.create_key(OPERATOR, "short", account=account.person.id, expires=soon)
    with at.browser(replace(account, token=token)) as browser:
        english, french = (html.unescape(browser.get(f"/platform?lang={code}").text) for code in ("en", "fr"))
    assert "The key that you signed in with ends soon." in english and "prend bientôt fin" in french
    with at.browser(account) as browser:
        assert "signed in with ends soon" not in browser.get("/platform?lang=en").text
