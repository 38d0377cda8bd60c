"""A moderator at the page of a case, in a real browser: keys, the ladder, undo, and axe in both languages."""

from dataclasses import replace

import pytest

from core.case import Phase
from core.roles import Role
from pipeline.moderation.exposure import Step
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import FINE, HELD, REFUSED, memory_installation, serve_installation
from tests.stories.keyboard_browser import signed_in_page
from tests.stories.test_http_browser import CHROMIUM, DRAWN, chromium, fits

__all__ = ["chromium"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


@pytest.fixture
def at(tmp_path):
    made = memory_installation(tmp_path)
    rules = replace(made.service.house_rules, undo_seconds=60.0)
    with serve_installation(replace(made, service=replace(made.service, house_rules=rules))) as serving:
        yield serving


def signed_in(chromium, at, size=(1280, 800), **options):
    viewport = {"width": size[0], "height": size[1]}
    return signed_in_page(chromium, at, at.moderator.token, "/queue", viewport=viewport, **options)[0]


def settled(at, prompt):
    case_id = at.submit(prompt)
    at.settle(case_id)
    return case_id


def opened(page, at, case_id, more=""):
    page.goto(f"{at.url}/cases/{case_id}{more}")
    page.wait_for_load_state()


def test_a_slip_is_taken_back_by_one_key_on_the_next_page(chromium, at):
    first, second = settled(at, HELD), settled(at, HELD)
    page = signed_in(chromium, at)
    opened(page, at, first)
    for key in ("r", "3", "n"):
        page.keyboard.press(key)
    page.wait_for_url(f"**/cases/{second}?done=next&last={first}")
    page.wait_for_load_state()
    assert at.installation.ledger.load(first).phase is Phase.SCREENED
    page.keyboard.press("z")
    page.wait_for_url(f"**/cases/{first}?done=undone")
    assert at.installation.ledger.load(first).phase is Phase.HELD
    assert page.get_by_role("status").first.inner_text().startswith("Taken back")


def test_the_keys_are_listed_under_the_question_mark_and_choose_what_will_be_told(chromium, at):
    page = signed_in(chromium, at)
    opened(page, at, settled(at, HELD))
    page.keyboard.press("?")
    legend = page.get_by_role("dialog")
    assert legend.is_visible() and "one step further" in legend.inner_text()
    page.keyboard.press("Escape")
    assert legend.is_hidden()
    page.keyboard.press("r")
    assert (
        page.locator(".telling[data-for=allow]").is_hidden() and page.locator(".telling[data-for=refuse]").is_visible()
    )
    page.keyboard.press("1")
    assert page.locator("#rule-code").input_value() == "breaks_policy"
    page.locator("#reply-code").select_option("change_it")
    assert page.locator("#reply").input_value().startswith("This cannot be made")
    page.locator("#reply").fill("Please leave the blood out.")
    page.get_by_role("button", name="Rule and stay").click()
    page.wait_for_url("**?done=ruled**")
    assert page.get_by_text("Please leave the blood out.").is_visible()


def test_looking_goes_step_by_step_and_back_and_the_server_knows_of_each(chromium, at):
    case_id = settled(at, FINE)
    page = signed_in(chromium, at)
    asked = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(at.url)))
    opened(page, at, case_id)
    assert not [one for one in asked if "still" in one or "video" in one or "film" in one]
    page.keyboard.press("e")
    still = page.locator(".still > img").first
    still.evaluate(DRAWN)
    page.get_by_role("button", name="Reveal region 6", exact=True).click()
    page.locator(".regions img").first.evaluate(DRAWN)
    for how in ("grey", "clear"):
        page.keyboard.press("e")
        assert page.locator("[name=how]:checked").get_attribute("value") == how
    page.keyboard.press("p")
    with page.expect_request(lambda request: request.url.endswith("/seen")):
        page.keyboard.press("e")
    page.wait_for_function("() => !document.querySelector('video').muted")
    page.keyboard.press("d")
    assert still.is_hidden() and page.locator("video").evaluate("v => v.muted && v.paused")
    page.wait_for_load_state("networkidle")
    steps = set(at.installation.service.exposure.mine(at.moderator.person).by_step)
    assert {Step.STILL, Step.REGION, Step.GREY_CLIP, Step.CLIP, Step.SOUND} <= steps


@pytest.mark.parametrize(
    ("language", "scheme", "size"),
    [("en", "light", (1280, 800)), ("fr", "dark", (390, 844)), ("fr", "light", (768, 900))],
)
def test_axe_finds_nothing_wrong_with_a_case_and_it_fits(chromium, at, language, scheme, size):
    held, refused, fine, sealed = (settled(at, prompt) for prompt in (HELD, REFUSED, FINE, HELD))
    service = at.installation.service
    service.appeal(at.platform.person, refused, note="it is a toy")
    revision = at.installation.ledger.load(sealed).revision
    service.reversals.seal(at.moderator.person, sealed, code="illegal_to_view", revision=revision)
    page = signed_in(chromium, at, size, locale=language, color_scheme=scheme)
    for case_id, more in ((held, "?show=prompt"), (refused, ""), (fine, ""), (sealed, "")):
        opened(page, at, case_id, more)
        for key in ("e", "r"):
            page.keyboard.press(key)
        assert axe_findings(page) == []
        assert fits(page), case_id
    opened(page, at, held)
    page.keyboard.press("?")
    assert axe_findings(page) == []


def test_a_french_moderator_reads_no_english_but_what_says_that_it_is(chromium, at):
    case_id = settled(at, HELD)
    page = signed_in(chromium, at, locale="fr")
    opened(page, at, case_id)
    text = page.locator("main").inner_text()
    for english in ("Why it is here", "Decision", "Reply to", "History", "asked for a video", "What they will be told"):
        assert english not in text
    assert "Pourquoi il est ici" in text and "a demandé une vidéo" in text


def test_a_safety_officer_finds_what_to_do_about_a_sealed_case(chromium, at):
    case_id = settled(at, HELD)
    officer = at.installation.account(Role.MODERATOR, Role.SAFETY_OFFICER)
    revision = at.installation.ledger.load(case_id).revision
    at.installation.service.reversals.seal(officer.person, case_id, code="suspected_abuse", revision=revision)
    page = signed_in(chromium, replace(at, moderator=officer))
    opened(page, at, case_id)
    assert page.locator("#sealed").is_visible() and page.get_by_label("Refuse").is_visible()
    assert page.locator("[name=decision][value=allow]").count() == 0
    page.get_by_text("Lift the seal", exact=True).click()
    page.locator("#lift-seal-code").select_option("mistake")
    page.get_by_role("button", name="Lift it").click()
    page.wait_for_url("**?done=opened")
    assert page.get_by_label("Allow").is_visible()
