"""A moderator with an authenticator app, over HTTP: enrolling, signing in, losing the telephone."""

from __future__ import annotations

import html
import logging
import re
import time

import pyotp
import pytest

from core.roles import Role
from tests.stories.http_installation import form_token, memory_installation, serve_installation


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("home"))) as serving:
        yield serving


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """Moderators and operators need a second factor here."""
    home = memory_installation(tmp_path_factory.mktemp("strict"), require_second_factor="moderator, operator")
    with serve_installation(home) as serving:
        yield serving


@pytest.fixture(autouse=True)
def later(at, strict, monkeypatch):
    """Half a minute goes by when a test says so: no code is accepted twice."""
    ahead = {"seconds": 0.0}
    real = time.time
    for serving in (at, strict):
        service = serving.installation.second_factors
        monkeypatch.setattr(
            type(service), "clock", property(lambda _self: lambda: real() + ahead["seconds"]), raising=False
        )
    yield lambda: ahead.__setitem__("seconds", ahead["seconds"] + 30)


def read(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def secret_of(page):
    return re.search(r'id="secret">([A-Z2-7]+)<', page)[1]


def codes_of(page):
    return re.findall(r"<li>((?:[a-z2-7]{4}-){3}[a-z2-7]{4})</li>", page)


def first_step(browser, token, lang="en"):
    page = browser.get("/login").text
    return browser.post(
        f"/login?lang={lang}", data={"form_token": form_token(page), "token": token, "onward": "/queue"}
    )


def second_step(browser, page, code, path="/login/code", lang="en"):
    data = {"form_token": form_token(page), "pending": hidden(page, "pending"), "onward": "/queue", "code": code}
    return browser.post(f"{path}?lang={lang}", data=data)


def code(serving, secret):
    return pyotp.TOTP(secret).at(serving.installation.second_factors.clock())


def enrol(serving, account, later):
    """The secret in the app, and the recovery codes."""
    with serving.browser(account) as browser:
        token = form_token(browser.get("/security").text)
        page = browser.post("/security/authenticator", data={"form_token": token}).text
        secret = secret_of(page)
        sent = browser.post(
            "/security/authenticator/confirm", data={"form_token": form_token(page), "code": code(serving, secret)}
        )
    later()
    assert sent.status_code == 200
    return secret, codes_of(sent.text)


def test_whoever_has_an_authenticator_is_asked_for_its_code_after_the_token(at, later):
    account = at.installation.account(Role.PLATFORM)
    secret, recovery = enrol(at, account, later)
    assert len(recovery) == 10
    with at.client() as browser:
        page = first_step(browser, account.token).text
        assert "six digits" in page and browser.get("/cases").status_code != 200
        wrong = second_step(browser, page, "000000")
        assert wrong.status_code == 403 and "not right" in wrong.text
        right = code(at, secret)
        assert second_step(browser, wrong.text, right).headers["location"] == "/queue"
        assert browser.get("/cases").status_code == 200
    with at.client() as copy:  # whoever looked over the shoulder
        page = first_step(copy, account.token).text
        assert second_step(copy, page, right).status_code == 403
        assert second_step(copy, page, recovery[0]).status_code == 303
        assert copy.get("/security").text.count("<strong>9</strong>") == 1


def test_the_page_for_the_code_is_there_in_french(at, later):
    account = at.installation.account(Role.PLATFORM)
    enrol(at, account, later)
    with at.client() as browser:
        page = first_step(browser, account.token, lang="fr").text
        assert '<html lang="fr">' in page and "six chiffres" in page
        assert "attendez le suivant" in second_step(browser, page, "000000", lang="fr").text


def test_a_token_is_not_enough_where_a_second_factor_is_required(strict, later):
    account = strict.installation.account(Role.MODERATOR, Role.PLATFORM)
    with strict.client(account) as program:
        assert program.get("/api/queue").status_code == 403
        assert program.get("/v1/videos").status_code == 200
    with strict.client() as browser:
        page = first_step(browser, account.token).text
        assert "Your role needs a second factor." in page and browser.get("/queue").status_code != 200
        secret = secret_of(page)
        wrong = second_step(browser, page, "123456", path="/login/enrol")
        assert wrong.status_code == 403 and secret_of(wrong.text) == secret
        done = second_step(browser, wrong.text, code(strict, secret), path="/login/enrol")
        assert len(codes_of(done.text)) == 10 and 'href="/queue"' in done.text
        assert browser.get("/queue").status_code == 200
        later()
        page = browser.get("/security").text
        assert "Remove the authenticator" not in page
        data = {"form_token": form_token(page), "code": code(strict, secret)}
        refused = browser.post("/security/authenticator/remove", data=data)
        assert refused.status_code == 409 and "cannot be removed" in refused.text
    with strict.browser(strict.platform) as platform:
        assert platform.get("/cases").status_code == 200


def test_new_recovery_codes_and_removal_take_a_code(at, later):
    account = at.installation.account(Role.PLATFORM)
    secret, former = enrol(at, account, later)
    with at.client() as browser:
        page = first_step(browser, account.token).text
        second_step(browser, page, former[0])
        token = form_token(browser.get("/security").text)

        def send(action, given):
            return browser.post(f"/security/authenticator/{action}", data={"form_token": token, "code": given})

        fresh = codes_of(send("codes", code(at, secret)).text)
        assert len(fresh) == 10 and not {*fresh} & {*former}
        assert send("remove", former[1]).status_code == 403
        assert send("remove", fresh[0]).headers["location"] == "/security?lang=en&done=removed"
        assert "Your token alone opens this account" in browser.get("/security").text
    with at.browser(account) as browser:
        assert browser.get("/cases").status_code == 200


def test_forms_of_the_second_factor_need_their_token_and_a_fresh_first_step(at):
    with at.client() as browser:
        page = browser.get("/login").text
        for path in ("/login/code", "/login/enrol"):
            assert browser.post(path, data={"pending": "x", "code": "1"}).status_code == 403
            late = browser.post(path, data={"form_token": form_token(page), "pending": "x", "code": "1"})
            assert late.status_code == 401 and "took too long" in late.text
    with at.browser(at.platform) as browser:
        for action in ("", "/confirm", "/codes", "/remove"):
            assert browser.post(f"/security/authenticator{action}", data={"code": "1"}).status_code == 403


def test_no_secret_is_written_to_the_log(at, later, caplog):
    caplog.set_level(logging.DEBUG)
    account = at.installation.account(Role.PLATFORM)
    secret, recovery = enrol(at, account, later)
    with at.client() as browser:
        page = first_step(browser, account.token).text
        second_step(browser, page, recovery[0])
    for kept in (secret, recovery[0], account.token):
        assert kept not in caplog.text
