"""Somebody reports a video that shows them: a moderator reads the words beside it and answers, and both sides are told."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import replace

import pytest

from core.case import Phase
from core.roles import Role
from pipeline.accounts import create_account
from tests.stories.access_objects import AccessObjects
from tests.stories.axe_findings import axe_findings
from tests.stories.conftest import CommandResult
from tests.stories.http_installation import ApiAccount, form_token, serve_real_installation
from tests.stories.page_pictures import on_each_screen, take_picture
from tests.stories.test_http_browser import CHROMIUM, chromium, fits

__all__ = ["chromium"]

WORDS = "That is me on the horse, and I never agreed to be shown drunk & singing."
pytestmark = pytest.mark.postgres
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home, one_person=False) as serving:
        yield serving


@pytest.fixture
def made(at, two_seconds):
    maker, token = create_account(at.installation.accounts, [Role.PLATFORM])
    context = at.app.state.context
    number = itertools.count(secrets.randbelow(10**9))  # the home is that of other stories too
    return AccessObjects(
        at=at.installation, context=context, video=two_seconds, maker=maker, maker_token=token, number=number
    )


@pytest.fixture
def reported(at, made):
    """(handle, case id, number) of a report by `at.other` about a published video by somebody else that shows them."""
    handle = made.cameo(at.other.person)
    cameo = at.installation.service.cameos.stores.cameos.by_handle(handle)
    case = made.published(made.maker, cameos=(cameo.id,))
    with at.client(at.other) as owner:
        sent = owner.post(f"/api/cameos/{handle}/uses/{case.id}/report", json={"note": WORDS})
        assert sent.status_code == 204, sent.text
        [one] = [one for one in owner.get("/api/reports/own").json()["reports"] if one["case"] == case.id]
    return handle, case.id, one["key"]


def told(at, account):
    with at.client(account) as client:
        return {(one["code"], one["about"]) for one in client.get("/api/notices").json()["notices"]}


def maker_of(made):
    return ApiAccount(made.maker, made.maker_token)


@needs_browser
@pytest.mark.browser
def test_a_moderator_reads_the_words_takes_the_video_down_by_keys_and_both_sides_are_told(at, made, reported, chromium):
    _, case_id, key = reported
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.goto(f"{at.url}/reports/{key}")
    page.locator("#token").fill(at.moderator.token)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/reports/{key}")
    page.wait_for_load_state("networkidle")
    assert WORDS in page.locator("main").inner_text()
    assert "blur" in page.evaluate("getComputedStyle(document.querySelector('.veiled')).filter")
    page.keyboard.press("d")
    page.keyboard.press("1")
    page.locator("#reply").fill("Thank you for telling us. It is down.")
    page.locator("#reply").press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports**done=empty")
    assert complaints == []
    assert at.installation.ledger.load(case_id).phase in (Phase.RECALLED, Phase.WITHDRAWN)
    assert ("report_taken_down", case_id) in told(at, at.other)
    assert {("reported_taken_down", case_id), ("recalled_vetoed", case_id)} <= told(at, maker_of(made))
    with at.browser(at.other) as owner:
        own = owner.get("/my-reports").text
        assert "It is down." in own and "drunk &amp; singing" in own and at.moderator.person.id not in own
        assert "/my-reports" in owner.get("/me").text
    with at.client(maker_of(made)) as author:
        history = author.get(f"/api/cases/{case_id}/history").text
        assert at.moderator.person.id not in history and "drunk" not in history


@needs_browser
@pytest.mark.browser
def test_the_pages_of_reports_fit_every_screen_and_axe_finds_nothing_wrong(at, reported, chromium):
    _, _, key = reported
    for account, paths in ((at.moderator, ("/reports", f"/reports/{key}")), (at.other, ("/my-reports",))):
        page = chromium.new_context(bypass_csp=True).new_page()
        page.goto(f"{at.url}/login")
        page.locator("#token").fill(account.token)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "/login" not in address)
        for path in paths:
            page.goto(at.url + path)
            page.wait_for_load_state("networkidle")
            for size, scheme in on_each_screen(page):
                assert axe_findings(page) == [] and fits(page), (path, size, scheme)
                if account is at.moderator:
                    assert take_picture(page, "report", size, scheme).stat().st_size > 2000
        page.context.close()


def test_a_report_is_dismissed_with_a_reply_once_and_the_video_stays(at, made, reported):
    _, case_id, key = reported
    answer = {"decision": "dismiss", "code": "not_them", "reply": "This is somebody else."}
    with at.client(at.moderator) as moderator:
        [waiting] = [one for one in moderator.get("/api/reports").json()["reports"] if one["key"] == key]
        assert waiting["words"] == WORDS and waiting["phase"] == "published"
        assert moderator.post(f"/api/reports/{key}/answer", json=answer | {"code": "policy"}).status_code == 400
        done = moderator.post(f"/api/reports/{key}/answer", json=answer)
        assert done.status_code == 200 and done.json()["report"]["answer"] == "kept"
        assert moderator.post(f"/api/reports/{key}/answer", json=answer).status_code == 409
        assert key not in [one["key"] for one in moderator.get("/api/reports").json()["reports"]]
        assert key in [one["key"] for one in moderator.get("/api/reports?every=true").json()["reports"]]
    assert at.installation.ledger.load(case_id).phase is Phase.PUBLISHED
    assert ("report_kept", case_id) in told(at, at.other)
    assert ("reported_kept", case_id) in told(at, maker_of(made))


def test_what_was_answered_or_is_being_answered_takes_nothing_down(at, made, reported):
    _, case_id, key = reported
    desk, take_down = at.installation.report_desk, {"decision": "take_down", "code": "no_consent"}
    with at.client(at.moderator) as moderator:
        with desk.service.ledger.try_lock(f"likeness report {key}") as mine:  # another moderator is at it
            assert mine
            assert moderator.post(f"/api/reports/{key}/answer", json=take_down).status_code == 409
        assert at.installation.ledger.load(case_id).phase is Phase.PUBLISHED
        desk.dismiss(at.moderator.person, key, code="not_them")
        for code in ("no_consent", "illegal"):
            answered = moderator.post(f"/api/reports/{key}/answer", json=take_down | {"code": code})
            assert answered.status_code == 409, answered.text
    assert at.installation.ledger.load(case_id).phase is Phase.PUBLISHED
    assert not {code for code, about in told(at, maker_of(made)) if about == case_id} - {"reported_kept"}


def test_nobody_but_a_moderator_with_no_part_in_it_answers(at, made, reported):
    _, _, key = reported
    answer = {"decision": "dismiss", "code": "allowed"}
    for account in (at.other, at.platform, maker_of(made)):
        with at.client(account) as client:
            for path in ("/api/reports", f"/api/reports/{key}"):
                assert client.get(path).status_code == 403, path
            assert client.post(f"/api/reports/{key}/answer", json=answer).status_code == 403
    both = ApiAccount(*create_account(at.installation.accounts, [Role.PLATFORM, Role.MODERATOR]))
    handle = made.cameo(both.person)
    cameo = at.installation.service.cameos.stores.cameos.by_handle(handle)
    case = made.published(made.maker, cameos=(cameo.id,))
    at.installation.service.cameos.report(both.person, handle, case.id, note="mine")
    mine = at.installation.report_desk.own(both.person)[0].report.key
    user = replace(both.person, id=at.installation.service.cameos.end_users.named(both.person.id, "anybody"))
    theirs = made.cameo(user)  # enrolled with the header Assay-End-User, whose word the account chose
    cameo = at.installation.service.cameos.stores.cameos.by_handle(theirs)
    case = made.published(made.maker, cameos=(cameo.id,))
    at.installation.service.cameos.report(user, theirs, case.id, note="mine too")
    hidden = at.installation.report_desk.own(user)[0].report.key
    with at.client(both) as client:
        assert client.post(f"/api/reports/{hidden}/answer", json=answer).status_code == 403
    with at.client(both) as client, at.browser(both) as browser:
        refused = client.post(f"/api/reports/{mine}/answer", json=answer)
        assert refused.status_code == 403 and "another moderator answers" in refused.text
        page = browser.get(f"/reports/{mine}").text
        assert "another moderator answers" in page and "data-decide" not in page
        token = form_token(page)
        form = {"form_token": token, "decision": "dismiss", "code": "allowed"}
        assert browser.post(f"/reports/{mine}/answer", data=form).status_code == 403
        assert browser.post(f"/reports/{key}/answer", data=form | {"form_token": "no"}).status_code == 403
        assert browser.post(f"/reports/{key}/answer", data=form).status_code == 303


def test_words_and_reply_of_a_report_go_with_the_cameo(at, made, reported):
    handle, case_id, key = reported
    at.installation.report_desk.dismiss(at.moderator.person, key, code="no_harm", reply="It is news.")
    found = at.installation.report_desk.reports.get(key)
    with at.client(at.other) as owner:
        kept = owner.get(f"/api/cameos/{handle}/export").json()["reported"]
        assert [(one["words"], one["answer"], one["reply"]) for one in kept] == [(WORDS, "kept", "It is news.")]
    at.installation.service.cameos.erase(at.other.person, handle)
    with at.client(at.moderator) as moderator:
        assert moderator.get(f"/api/reports/{key}").status_code == 404
        assert case_id not in moderator.get("/api/reports?every=true").text
    texts = at.installation.service.context.texts
    assert texts.read_many([found.words, found.reply]) == {}


def test_reports_are_listed_and_answered_in_a_terminal(at, installation, reported):
    _, case_id, key = reported
    listed: CommandResult = installation.assay("likeness-reports", "list", "--json")
    assert listed.code == 0, listed.err
    [one] = [one for one in listed.json if one["report"] == key]
    assert (one["words"], one["case"]) == (WORDS, case_id)
    assert WORDS in installation.assay("likeness-reports", "show", key).out
    assert installation.assay("likeness-reports", "answer", key, "burn", "--code", "policy").code == 3
    done = installation.assay("likeness-reports", "answer", key, "take-down", "--code", "intimate_image")
    assert done.code == 0, done.err
    assert at.installation.ledger.load(case_id).recalled.code == "intimate_image"
