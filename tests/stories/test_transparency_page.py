"""The pages of the record in a real browser: they fit, axe finds nothing, and no small number is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Phase, new_case
from core.events import Appealed, Recalled
from core.roles import Role
from core.verdicts import Decision, Gate
from pipeline.accounts import create_account
from pipeline.settings import load_settings
from pipeline.wiring import build_installation
from tests.lawful import judged, ruled, way_to
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import ApiAccount, serve_installation
from tests.stories.page_pictures import on_each_screen, take_picture
from tests.stories.test_case_page_browser import chromium  # noqa: F401 - a fixture
from tests.stories.test_http_browser import CHROMIUM, fits

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]

REFUSED = {
    "prompt_gore_plain": 34,
    "prompt_hate_plain": 21,
    "prompt_intimate_image": 17,
    "prompt_illicit_plain": 6,
    "prompt_self_harm": 3,
}


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    """A year of decisions, told a month later."""
    built = build_installation(
        load_settings(
            home=tmp_path_factory.mktemp("record"), provider="House of Video", terms_url="https://video.example/rules"
        )
    )
    for rule, count in REFUSED.items():
        for number in range(count):
            built.ledger.append(new_case(), [*way_to(Phase.SCREENED), *_refusal(rule, number)])
    for _ in range(14):
        built.ledger.append(new_case(), [*way_to(Phase.PUBLISHED), Recalled(by="m", code="policy")])
    later = replace(built.record, clock=lambda: datetime.now(UTC) + timedelta(days=40))
    try:
        with serve_installation(replace(built, record=later)) as serving:
            yield serving
    finally:
        built.close()


def _refusal(rule, number):
    """Every third is appealed against, every ninth of them with success."""
    refusal = judged(Gate.PROMPT, Decision.REFUSE, rule)
    if number % 3:
        return [refusal]
    decision = Decision.REFUSE if number % 9 else Decision.ALLOW
    answer = judged(Gate.PROMPT, decision, *([rule] if number % 9 else []))
    return [refusal, Appealed(by="ana"), ruled(Gate.PROMPT, decision, rule), answer]


def test_axe_finds_nothing_wrong_with_the_public_page_and_it_fits(chromium, at):  # noqa: F811
    page = chromium.new_context().new_page()
    for language in ("fr", "de", "es", "en"):
        page.goto(f"{at.url}/transparency?lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        for screen in on_each_screen(page):
            assert axe_findings(page) == [] and fits(page), (language, screen)
    for size, scheme in on_each_screen(page):
        assert take_picture(page, "transparency", size, scheme).stat().st_size > 2000
    page.context.close()


def test_no_number_below_ten_is_on_the_page_or_in_its_json(chromium, at):  # noqa: F811
    page = chromium.new_page()
    page.goto(f"{at.url}/transparency?lang=en")
    told = [int(cell) for cell in page.locator(".told td").all_inner_texts()]
    assert told and min(told) >= 10
    page.close()
    with at.client() as client:
        found = client.get("/transparency.json").json()
    assert found["by_category"]["total"] == sum(REFUSED.values()) + 14
    assert found["by_category"]["together"] == 23, "self-harm and instructions are counted with what is the next larger"
    assert "SELF_HARM" not in json.dumps(found) and "PUBLIC_SECURITY" not in json.dumps(found)


def test_an_operator_may_close_the_page(at):
    record = at.installation.record
    closed = replace(record, options=replace(record.options, public=False))
    with serve_installation(replace(at.installation, record=closed)) as serving, serving.client() as client:
        client.headers["Accept"] = "text/html"
        assert client.get("/transparency").status_code == client.get("/transparency.json").status_code == 404
    with at.client() as client:
        client.headers["Accept"] = "text/html"
        assert 'href="/transparency"' in client.get("/verify").text


def test_a_lead_takes_the_report_by_keyboard(chromium, at):  # noqa: F811
    lead = ApiAccount(*create_account(at.installation.accounts, (Role.LEAD,)))
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{at.url}/login")
    page.locator("input[name=token]").fill(lead.token)
    page.locator("main button").first.click()
    page.wait_for_load_state()
    page.goto(f"{at.url}/record")
    assert fits(page) and axe_findings(page) == []
    page.get_by_role("button", name="Transparency report (ZIP)").focus()
    with page.expect_download() as downloaded:
        page.keyboard.press("Enter")
    assert downloaded.value.suggested_filename == "dsa-report.zip"
    page.get_by_role("button", name="Statements of reasons (CSV)").focus()
    with page.expect_download() as downloaded:
        page.keyboard.press("Enter")
    assert downloaded.value.suggested_filename == "statements.csv"
    page.context.close()
