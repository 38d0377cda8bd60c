"""An owner at a real browser, by keyboard, over the real house: a narrow permission, a draft watched and approved, one
vetoed, somebody blocked, a permission taken back while the page shows what comes down, everything erased.

What classifiers would say is written down here, so that no model is loaded; the video, its seal and all stores are real.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from core.case import Phase
from core.roles import Role
from pipeline.accounts import create_account
from pipeline.audit.transparency_log import TransparencyLog
from pipeline.diagnostics.installation_checks import make_development_keys
from pipeline.settings import Settings
from registry.consent import LeaseTerms
from tests.conftest import ROOT
from tests.stories.axe_findings import axe_findings
from tests.stories.enrolled_owner import EnrolledOwner
from tests.stories.http_installation import ApiAccount, form_token, serve_real_installation
from tests.stories.keyboard_browser import KeyboardBrowser, signed_in_page
from tests.stories.page_pictures import SIZES, on_each_screen, picture_file
from tests.stories.page_texts import left_english
from tests.stories.test_french_pages import ALIKE, compared, unsaid
from tests.stories.test_http_browser import CHROMIUM, DRAWN, chromium, fits

__all__ = ["chromium"]

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    home = tmp_path_factory.mktemp("portal")
    make_development_keys(Settings(home=home))
    (home / "engine").mkdir()
    with serve_real_installation(home, requests_per_minute=0, one_person=False) as serving:
        yield serving


@pytest.fixture(scope="module")
def handles():
    return iter(f"mira{number}" for number in range(100))


@pytest.fixture
def owner(at, handles):
    return EnrolledOwner(at, next(handles))


@contextmanager
def signed_in(chromium, at, account, **options):
    width, height = SIZES["desktop"]
    page, complaints = signed_in_page(
        chromium, at, account.token, viewport={"width": width, "height": height}, color_scheme="light", **options
    )
    try:
        yield KeyboardBrowser(page, at)
    finally:
        page.context.close()
    assert complaints == []


@contextmanager
def slow_shelf(at):
    """The public store is as slow as one elsewhere, until it may go on."""
    shelf, go_on = type(at.installation.service.context.public_store), threading.Event()
    withdraw_all = shelf.withdraw_all

    def waiting(self, case_ids):
        assert go_on.wait(60)
        return withdraw_all(self, case_ids)

    shelf.withdraw_all = waiting
    try:
        yield go_on
    finally:
        go_on.set()
        shelf.withdraw_all = withdraw_all


def until(true):
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def test_a_narrow_permission_is_given_a_draft_watched_and_approved_and_the_owner_reads_who_published_it(
    chromium, at, owner
):
    with signed_in(chromium, at, owner.account) as browser:
        browser.open(owner.page)
        browser.press("details:has(form[action$='/leases']) > summary")
        browser.write("#account", owner.maker.person.id)
        browser.submit("form[action$='/leases'] button")
        assert "Allowed." in browser.text and "You see each video first and say yes or no." in browser.text
        lease = owner.cameos.leases(owner.account.person, owner.handle)[-1]
        assert lease.terms.approval and set(lease.terms.purposes) == {"personal", "parody", "education", "news"}
        assert (lease.until - datetime.now(UTC)).days in (29, 30)
        case_id = owner.draft()
        browser.open(owner.page)
        browser.submit(f"section:has(#waiting) a[href$='{case_id}']")
        video = browser.page.locator("video")
        assert video.evaluate("v => v.paused && v.currentTime === 0 && !v.autoplay && v.muted")
        assert browser.page.locator(".draft-mark").is_visible()
        browser.press("[data-play]")
        until(lambda: video.evaluate("v => v.currentTime") > 0)
        browser.press("[data-play]")
        browser.tab_to("#clear")
        browser.page.keyboard.press("ArrowRight")
        assert "blur" in video.evaluate("v => getComputedStyle(v).filter")
        browser.write("#words", "I like it.")
        browser.submit("button[formaction]")
        assert "You said yes." in browser.text
        assert at.settle(case_id).phase is Phase.PUBLISHED, at.installation.ledger.load(case_id).verdict
        assert owner.cameos.owner_words(owner.maker.person, [case_id]) == {case_id: "I like it."}
        at.installation.works.maintenance.run_maintenance()
        browser.open("/me")
        assert "Somebody published a video with you in it." in browser.text
        assert browser.page.locator(".notices .unread").count() >= 1
        browser.submit("form[action='/notices/read'] button")
        assert browser.page.locator(".notices .unread").count() == 0


def test_a_published_video_is_refused_with_a_word_and_is_down(chromium, at, owner):
    owner.allow("*")
    case_id, stays = owner.published(), owner.published()
    with signed_in(chromium, at, owner.account) as browser:
        browser.open(f"{owner.page}/uses/{case_id}")
        browser.write("#words", "Not with my dog.")
        browser.submit("form[action$='/veto'] button")
        until(lambda: "Done" in browser.page.locator("[data-status]").inner_text())
        assert (owner.phase(case_id), owner.phase(stays)) == (Phase.WITHDRAWN, Phase.PUBLISHED)
    with at.client(owner.maker) as maker:
        [told] = [one for one in maker.get("/api/notices").json()["notices"] if one["about"] == case_id]
    assert told["words"] == "Not with my dog." and "does not want it" in told["says"]


def test_whom_the_owner_blocks_is_covered_by_nothing_and_is_not_told_so(chromium, at, owner):
    owner.allow("*")
    hers, his = owner.published(owner.maker), owner.published(owner.other)
    with signed_in(chromium, at, owner.account) as browser:
        browser.open("/people")
        browser.write("#block", owner.maker.person.id)
        browser.submit("form[action='/people/block'] button")
        assert "Blocked." in browser.text and owner.maker.person.id in browser.text
        until(lambda: owner.phase(hers) is Phase.WITHDRAWN)
    assert owner.phase(his) is Phase.PUBLISHED
    with at.client(owner.maker) as maker:
        notices = maker.get("/api/notices").json()["notices"]
        assert "block" not in json.dumps(notices) and len(notices) == 1
        assert maker.get(f"/v1/videos/characters/{owner.handle}").status_code == 404
        assert maker.get("/api/blocked-accounts").json() == {"blocked": []}


def test_a_permission_is_taken_back_in_one_press_and_the_page_shows_what_comes_down_until_all_is(chromium, at, owner):
    owner.allow(owner.maker.person.id)
    cases = [owner.published() for _ in range(3)]
    with slow_shelf(at) as go_on, signed_in(chromium, at, owner.account) as browser:
        browser.open(owner.page)
        browser.submit("li:has(.terms):first-child form button")
        status = browser.page.locator("[data-status]")
        assert status.inner_text() == "Down: 0. Still coming down: 3."
        assert browser.page.locator(".steps li").count() == 3
        go_on.set()
        until(lambda: status.inner_text() == "Done: everything is down. Videos and orders: 3.")
        assert browser.page.locator("progress").evaluate("p => p.value") == 3
    assert {owner.phase(case_id) for case_id in cases} == {Phase.WITHDRAWN}


def test_without_scripts_the_page_of_a_takedown_asks_again_too(chromium, at, owner):
    lease = owner.allow(owner.maker.person.id)
    owner.published()
    owner.cameos.revoke(owner.account.person, lease.id, wait=False)
    [takedown] = [one for one, _ in owner.cameos.takedown_reports(owner.account.person, owner.handle)]
    width, height = SIZES["desktop"]
    context = chromium.new_context(viewport={"width": width, "height": height}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{at.url}/login")
    page.locator("#token").fill(owner.account.token)
    page.locator("#token").press("Enter")
    page.wait_for_url(lambda address: "/login" not in address)
    page.goto(f"{at.url}{owner.page}/down/{takedown.id}")
    assert "Still coming down: 1." in page.locator("[data-status]").inner_text()
    owner.cameos.portal.run_takedowns()
    page.locator("[data-takedown='done']").wait_for(timeout=20_000)
    context.close()


def test_what_is_wide_is_asked_about_in_words_and_who_goes_back_has_allowed_nothing(chromium, at, owner):
    with signed_in(chromium, at, owner.account) as browser:
        browser.open(owner.page)
        browser.tab_to("input[name='who']")
        for _ in range(3):
            browser.page.keyboard.press("ArrowDown")
        browser.submit("form[action$='/audience'] button")
        assert "Anyone with an account here may ask for videos of you. You see each one first." in browser.text
        browser.submit("main a.button")
        assert browser.page.locator("input[value='me']").is_checked()
        browser.tab_to("input[name='who']")
        for _ in range(3):
            browser.page.keyboard.press("ArrowDown")
        browser.submit("form[action$='/audience'] button")
        browser.submit("main form button")
        assert browser.page.locator("input[value='everyone']").is_checked()


def test_who_erases_themselves_gets_a_certificate_that_an_outsider_can_check(chromium, at, owner, tmp_path):
    owner.allow("*")
    case_id = owner.published()
    with signed_in(chromium, at, owner.account, accept_downloads=True) as browser:
        browser.open(owner.page)
        browser.press("details:has(form[action$='/erase']) > summary")
        browser.write("#sure", owner.handle)
        browser.submit("form[action$='/erase'] button")
        link = browser.page.locator("a[href$='/certificate']")
        link.wait_for(timeout=20_000)
        log = TransparencyLog(at.installation.ledger._database, at.installation.settings.keys_folder)
        log.anchor(everything=True)
        browser.tab_to("a[href$='/certificate']")
        with browser.page.expect_download() as download:
            browser.page.keyboard.press("Enter")
        file = tmp_path / "certificate.json"
        download.value.save_as(file)
    assert owner.phase(case_id) is Phase.WITHDRAWN
    with at.client() as public:
        keys = tmp_path / "keys.json"
        keys.write_text(public.get("/.well-known/assay-receipts.json").text)
        given = json.loads(file.read_text())
        checked = public.post("/api/certificates/check", json={"certificate": given["certificate"]}).json()
        assert (checked["valid"], checked["state"]) == (True, "erased")
    log_key = (at.installation.settings.keys_folder / "audit-log.pub").read_text().strip()
    told = _audit(tmp_path, file, "--receipt-keys", keys, "--key", log_key)
    assert (told.returncode, json.loads(told.stdout)["proven"]) == (0, 1), told.stdout + told.stderr
    given["certificate"] = given["certificate"][:-6] + "AAAAAA"
    file.write_text(json.dumps(given))
    assert _audit(tmp_path, file).returncode == 1


def _audit(home, file, *more):
    """`assay audit verify` as somebody runs it who has no installation."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    command = [sys.executable, "-m", "pipeline.cli", "audit", "verify", str(file), *map(str, more), "--json"]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**environment, "ASSAY_HOME": str(home)}
    )


def test_a_receipt_is_shown_in_words_checked_and_downloaded(chromium, at, owner):
    owner.allow(owner.maker.person.id)
    with signed_in(chromium, at, owner.account, accept_downloads=True) as browser:
        browser.open(owner.page)
        browser.submit("section:has(#receipts) li a")
        assert "It still holds." in browser.text and "checked just now: it holds" in browser.text
        browser.tab_to("a[download]")
        with browser.page.expect_download() as download:
            browser.page.keyboard.press("Enter")
        jws = download.value.path().read_text()
    with at.client() as public:
        assert public.post("/api/receipts/check", json={"receipt": jws}).json()["valid"]


def test_every_page_of_the_portal_fits_is_pictured_and_axe_finds_nothing(chromium, at, owner):
    friend = ApiAccount(*create_account(at.installation.accounts, [Role.PLATFORM]))
    lease = owner.allow(owner.maker.person.id, words="never with my old band")
    terms = LeaseTerms(purposes=("personal", "parody"), bans=("alcohol",), words=("moist",), approval=True)
    owner.allow(friend.person.id, terms=terms, until=datetime(2027, 1, 31, tzinfo=UTC))
    owner.published()
    owner.draft(owner.other)
    owner.published(friend)
    owner.cameos.know(owner.account.person, friend.person.id)
    owner.cameos.portal.block(owner.account.person, owner.other.person.id)
    waiting = owner.draft(friend)
    owner.cameos.revoke(owner.account.person, lease.id)
    at.installation.works.maintenance.run_maintenance()
    [takedown, *_] = [one for one, _ in owner.cameos.takedown_reports(owner.account.person, owner.handle)]
    receipt = owner.cameos.receipts(owner.account.person, owner.handle)[-1]
    pages = {
        "portal": "/me",
        "cameo": owner.page,
        "use": f"{owner.page}/uses/{waiting}",
        "takedown": f"{owner.page}/down/{takedown.id}",
        "receipt": f"{owner.page}/receipts/{receipt.hash}",
        "people": "/people",
    }
    with signed_in(chromium, at, owner.account) as browser:
        for name, address in pages.items():
            browser.open(address)
            browser.page.wait_for_load_state("networkidle")
            for picture in browser.page.locator("main img").all():
                picture.scroll_into_view_if_needed()
                picture.evaluate(DRAWN)
            _look(browser.page, name)
        owner.cameos.erase(owner.account.person, owner.handle)
        browser.open(f"/erasures/{owner.cameo.id}")
        _look(browser.page, "erasure")


def test_everything_an_owner_reads_is_french_too(at, owner):
    lease = owner.allow(owner.maker.person.id, voice=True)
    owner.allow(owner.other.person.id)
    owner.allow("*")
    owner.allow("~", terms=LeaseTerms(purposes=("parody",), bans=("romance",), territory=("DE",), approval=True))
    owner.cameos.veto(owner.account.person, owner.handle, owner.published(), words="non")
    owner.published()
    waiting = owner.draft()
    owner.cameos.know(owner.account.person, owner.maker.person.id)
    owner.cameos.portal.block(owner.account.person, owner.other.person.id)
    at.installation.works.maintenance.run_maintenance()
    pages = ["/me", owner.page, f"{owner.page}?done=leased", f"{owner.page}/uses/{waiting}", "/people", "/enrol"]
    pages += [f"{owner.page}/uses/{waiting}?done={done}" for done in ("approve", "report")]
    pages += [f"/people?done={done}" for done in ("know", "block", "unblock")]
    pages += [f"{owner.page}/receipts/{one.hash}" for one in owner.cameos.receipts(owner.account.person, owner.handle)]
    owner.cameos.revoke(owner.account.person, lease.id)
    pages += [
        f"{owner.page}/down/{one.id}" for one, _ in owner.cameos.takedown_reports(owner.account.person, owner.handle)
    ]
    with at.browser(owner.account) as browser:
        left = {address: compared(browser, address) for address in pages}
        token = form_token(browser.get(owner.page).text)
        confirms = []
        for code in ("en", "fr"):
            form = {"form_token": token, "who": "me"}
            confirms.append(browser.post(f"{owner.page}/audience", data=form, headers={"Accept-Language": code}).text)
        assert "<main" in confirms[1]
        left["confirm"] = left_english(*confirms, ALIKE)
        owner.cameos.erase(owner.account.person, owner.handle)
        left["erased"] = compared(browser, f"/erasures/{owner.cameo.id}") + compared(browser, "/me")
    assert not unsaid(left), "\n".join(unsaid(left))


def _picture(page, name, size, scheme):
    file = picture_file(f"owner-{name}", size, scheme).with_suffix(".png")
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file, full_page=True, animations="disabled")


def _look(page, name):
    for size, scheme in on_each_screen(page):
        assert fits(page), (name, size, scheme)
        _picture(page, name, size, scheme)
        assert axe_findings(page) == [], (name, size, scheme)
