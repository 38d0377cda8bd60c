"""Somebody who claims, and a moderator, at their browsers, by keyboard alone; and axe in each language that they read."""

from __future__ import annotations

import pytest

from core.case import Phase
from pipeline.claims.claim import ClaimDecision
from tests.stories.access_claims import decided, filed
from tests.stories.axe_findings import axe_findings
from tests.stories.claims_house import claims_house
from tests.stories.test_http_browser import CHROMIUM, DRAWN, chromium, fits

__all__ = ["chromium"]

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with claims_house(tmp_path_factory.mktemp("house")) as both:
        yield both


@pytest.fixture(scope="module")
def at(house):
    return house[0]


@pytest.fixture(scope="module")
def made(house):
    return house[1]


def opened(chromium, *, scripts=True, size=(1280, 800), **options):
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts, **options
    )
    return context.new_page()


def tab_to(page, selector, most=60):
    """Walk with Tab until what the selector finds has the focus."""
    for _ in range(most):
        if page.locator(f"{selector}:focus").count():
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by keyboard")


def test_an_intimate_image_is_reported_by_keyboard_without_scripts(chromium, at, made):
    video = made.published(made.maker).id
    page = opened(chromium, scripts=False)
    page.goto(f"{at.url}/claims")
    tab_to(page, "a[href='/claims/new/intimate_image']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/claims/new/intimate_image")
    for field, text in (("about", f"https://example.org/v/{video}"), ("email", "ana@example.org")):
        tab_to(page, f"[name={field}]")
        page.keyboard.type(text)
    tab_to(page, "[name=signature]")
    page.keyboard.type("Ana Example")
    for statement in ("depicted", "not_consensual"):
        tab_to(page, f"[value={statement}]")
        page.keyboard.press("Space")
    tab_to(page, "form[enctype] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/claims/status/**")
    assert page.locator(".claim-link").input_value() == page.url.partition("?")[0]
    assert "cannot be seen" in page.locator("main").inner_text()
    assert at.installation.ledger.load(video).phase is Phase.RECALLED
    page.context.close()


def test_a_moderator_decides_by_keys(chromium, at, made):
    claim, _ = filed(made, made.maker)
    page = opened(chromium)
    page.goto(f"{at.url}/claim-reviews")
    page.locator("input[name=token]").fill(at.moderator.token)
    page.locator("main button").first.click()
    page.wait_for_url("**/claim-reviews")
    link = page.locator(f".case-link[href='/claim-reviews/{claim.id}']")
    for _ in range(30):
        page.keyboard.press("j")
        if link.evaluate("link => link === document.activeElement"):
            break
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    assert page.locator(".claim-still img").evaluate("image => !image.complete || image.naturalWidth === 0")
    page.keyboard.press("v")
    page.locator(".claim-still img").evaluate(DRAWN)
    for key in ("a", "3"):
        page.keyboard.press(key)
    assert page.locator("[data-reasons=rejected]").is_hidden()
    page.locator("#words").fill("It is a copy.")
    page.locator("h1").click()
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("n")
    found = at.installation.claims.desk.store.get(claim.id)
    assert (found.decision, found.code) == (ClaimDecision.UPHELD, "copyright_infringed")
    page.context.close()


@pytest.mark.parametrize(("language", "scheme", "size"), [
    ("en", "light", (1280, 800)), ("fr", "dark", (390, 844)), ("de", "light", (390, 844)), ("es", "dark", (1280, 800)),
])  # fmt: skip
def test_axe_finds_nothing_wrong_with_the_pages_of_a_claim_and_they_fit(chromium, at, made, language, scheme, size):
    claim, secret = decided(made, made.maker, ClaimDecision.UPHELD)
    waiting, _ = filed(made, made.maker)
    page = opened(chromium, size=size, locale=language, color_scheme=scheme)
    public = ["/claims", "/claims/new/illegal_content", "/claims/new/copyright", f"/claims/status/{secret}?new=1"]
    for address in public:
        look(page, at, address)
    for account, addresses in (
        (at.moderator, ["/claim-reviews", "/claim-reviews?view=decided", f"/claim-reviews/{waiting.id}", f"/claim-reviews/{claim.id}"]),
        (at.other, [f"/claims/against/{claim.id}"]),
    ):  # fmt: skip
        page.context.clear_cookies()
        page.goto(f"{at.url}/login")
        page.locator("input[name=token]").fill(account.token)
        page.locator("main button").first.click()
        page.wait_for_load_state()
        for address in addresses:
            look(page, at, address)
    page.context.close()


def look(page, at, address):
    page.goto(f"{at.url}{address}")
    assert axe_findings(page) == [], address
    assert fits(page), address
