"""A studio at its browser, by keys alone: it asks to be verified, registers, watches a preview, and approves it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.case import Phase
from core.roles import Role
from pipeline.accounts import create_account
from tests.stories.axe_findings import axe_findings
from tests.stories.drawn_mascot import mascot
from tests.stories.http_installation import ApiAccount, serve_real_installation
from tests.stories.test_http_browser import CHROMIUM, UNTIL, chromium, fits

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.models,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]
__all__ = ["chromium"]


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home) as serving:
        yield serving


@pytest.fixture(scope="module")
def studio(at):
    return ApiAccount(*create_account(at.installation.accounts, [Role.RIGHTS_HOLDER]))


def opened(chromium, at, who, path, **options):
    """A new page of this person, signed in by keys; what the browser complains of is kept beside it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{at.url}{path}")
    page.locator("#token").fill(who.token)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    return page, complaints


def tab_to(page, target):
    """Go there by the Tab key, from wherever the focus is."""
    for _ in range(120):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not lead to {target}")


def press(page, name, key="Enter"):
    tab_to(page, page.get_by_role("button", name=name).first)
    page.keyboard.press(key)
    page.wait_for_load_state("load")


def write(page, label, words):
    tab_to(page, page.get_by_label(label).first)
    page.keyboard.type(words)


def test_a_studio_registers_is_verified_and_approves_a_draft_with_the_keyboard_alone(chromium, at, studio, tmp_path):
    page, complaints = opened(chromium, at, studio, "/works")
    write(page, "Who you are", "Lantern Studios")
    write(page, "What you hold", "We drew Kit Lantern, see lantern.example")
    press(page, "Ask to be verified")
    page.get_by_text("A moderator is checking who you are").wait_for()
    write(page, "Names", "Kit Lantern")
    press(page, "Register")
    page.wait_for_url("**/works/work_*")
    expect(page.get_by_text("draft: not looked for")).to_have_count(1)
    page.locator("#file").set_input_files({"name": "kit.png", "mimeType": "image/png", "buffer": mascot()})
    press(page, "Add")
    page.wait_for_url("**done=picture")
    assert (
        page.locator(".examples-of-work img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    )
    work = page.url.split("?")[0]
    page.screenshot(path=tmp_path / "work-draft.png", full_page=True)

    desk, said = opened(chromium, at, at.moderator, "/holders")
    desk.get_by_text("We drew Kit Lantern").wait_for()
    desk.screenshot(path=tmp_path / "holders.png", full_page=True)
    press(desk, "Verify")
    desk.get_by_text("Verified: their works are looked for").wait_for()
    desk.context.close()

    with at.client(at.platform) as platform:
        case_id = platform.post("/v1/videos", json={"prompt": "Kit Lantern walks with a rabbit"}).json()["id"]
    assert at.settle(case_id).phase is Phase.HELD
    page.goto(f"{at.url}/works")
    page.screenshot(path=tmp_path / "works.png", full_page=True)
    tab_to(page, page.get_by_role("link", name=case_id))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/matches/{case_id}")
    page.get_by_text("Kit Lantern", exact=True).first.wait_for()
    assert page.get_by_text("rabbit").count() == 0
    draft = page.locator("video")
    tab_to(page, draft)
    page.keyboard.press("Space")
    draft.evaluate(UNTIL, 0.2)
    page.screenshot(path=tmp_path / "match.png", full_page=True)
    press(page, "Approve")
    page.get_by_text("Approved. The order goes on.").wait_for()
    assert at.settle(case_id).phase is Phase.PUBLISHED

    page.goto(work)
    press(page, "Say so")  # what is chosen already, so that it is said
    page.get_by_text("This holds from now on").wait_for()
    tab_to(page, page.locator("summary", has_text="Grant a licence"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Who").first)
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_label("Parody").first)
    page.keyboard.press("ArrowDown")
    press(page, "Grant")
    page.get_by_text("everyone, until you take it back, parody only").wait_for()
    page.screenshot(path=tmp_path / "work.png", full_page=True)
    page.context.close()
    assert complaints == [] and said == []


@pytest.mark.parametrize(("lang", "scheme", "width"), [("en", "light", 1280), ("fr", "dark", 390)])
def test_axe_finds_nothing_on_the_pages_of_holders_and_they_fit_a_phone(
    chromium, at, studio, tmp_path, lang, scheme, width
):
    [work] = at.installation.rights_desk.works.own(studio.person)
    with at.client(at.platform) as platform:
        case_id = platform.post("/v1/videos", json={"prompt": "Kit Lantern sleeps", "purpose": "news"}).json()["id"]
    assert at.settle(case_id).phase is Phase.HELD
    other = ApiAccount(*create_account(at.installation.accounts, [Role.RIGHTS_HOLDER]))
    at.installation.rights_desk.works.register(other.person, kind="brand", names=["Walked Brand"])
    at.installation.rights_desk.verification.ask(other.person, name="Walked Studios", says="We drew it, " * 20)
    pages = {studio: ["/works", f"/works/{work.id}", f"/works/{work.id}/matches/{case_id}"], at.moderator: ["/holders"]}
    for who, paths in pages.items():
        page, _ = opened(chromium, at, who, paths[0], color_scheme=scheme, bypass_csp=True)
        page.set_viewport_size({"width": width, "height": 800})
        for path in paths:
            page.goto(f"{at.url}{path}?lang={lang}")
            for summary in page.locator("summary").all():
                if summary.evaluate("node => !node.parentElement.open"):
                    summary.click()
            assert axe_findings(page) == [], path
            assert fits(page), path
            page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')}-{lang}.png", full_page=True)
        page.context.close()
