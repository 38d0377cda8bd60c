"""A story for each role at a real browser, against a house with everything real: Postgres, the policy, the gate, the verifier."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import expect

from core.case import Phase
from core.verdicts import Decision
from tests.conftest import ROOT
from tests.stories.http_installation import ApiAccount
from tests.stories.test_http_browser import CHROMIUM, chromium
from tests.stories.test_room_pictures import day

__all__ = ["chromium", "day"]

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


@pytest.fixture
def at_browser(chromium, day):
    """Opens a browser for somebody, and fails where its console complains of anything but a refused request."""
    contexts, complaints = [], []

    def open_for(role=""):
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{day.at.url}/login" if role else day.at.url)
        if role:
            page.locator("#token").fill(day.people[role].token)
            page.keyboard.press("Enter")
            page.wait_for_url(lambda address: "/login" not in address)
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert [one for one in complaints if "status of 4" not in one] == []


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_a_moderator_opens_the_next_looks_rules_by_keys_and_takes_it_back(day, at_browser):
    page, ledger = at_browser("moderator"), day.at.installation.ledger
    page.goto(f"{day.at.url}/queue")
    page.wait_for_load_state()
    press(page, "n")
    page.wait_for_url("**/cases/*")
    page.goto(day.at.url + day.addresses["case-output"])
    page.wait_for_load_state()
    case_id = page.url.rpartition("/")[2]
    press(page, "e")
    page.locator(".still > img").first.wait_for(state="visible")
    assert page.locator("#escalate").get_attribute("open") is None
    with page.expect_popup() as beside:
        page.get_by_role("link", name="video nudity").click()
    expect(beside.value.locator("main")).to_contain_text("The video seems to show nudity")
    press(page, "a", "2", "n")
    page.wait_for_url("**last=**")
    page.wait_for_load_state()
    ruling = ledger.load(case_id).rulings[-1]
    assert (ruling.decision, ruling.code, ruling.moderator) == (
        Decision.ALLOW,
        "context",
        day.people["moderator"].person.id,
    )
    press(page, "z")
    page.wait_for_url(f"**/cases/{case_id}?done=undone")
    assert ledger.load(case_id).phase is Phase.HELD and ledger.load(case_id).rulings == ()


def test_a_lead_reads_the_overview_and_exports_what_was_refused(day, at_browser):
    page = at_browser("lead")
    page.get_by_role("link", name="Overview").click()
    held = page.get_by_role("region", name="Held now").inner_text()
    assert held.split()[2] == "11,"
    page.get_by_role("region", name="Held by rule").get_by_role("link", name="prompt political").click()
    page.wait_for_load_state()
    assert "prompt_political" in page.url
    page.get_by_role("link", name="Decisions").click()
    page.get_by_label("Decision", exact=True).select_option("refuse")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**decision=refuse**")
    rows = page.locator("table.log tbody tr")
    rows.first.wait_for()
    assert set(rows.locator("td:nth-child(3) .tag").all_inner_texts()) == {"Refused"}
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Export as CSV").click()
    with downloaded.value.path().open(newline="") as opened:
        assert {row["decision"] for row in csv.DictReader(opened)} == {"refuse"}
    page.get_by_role("link", name="Quality").click()
    assert "2 allowed, 0 refused" in page.get_by_role("region", name="Your own figures").inner_text()


def test_an_operator_promotes_the_candidate_proposes_another_and_goes_back(day, at_browser):
    desk, operator = day.at.installation.service.policy_service, day.people["operator"].person
    first = desk.status(operator).digest
    page = at_browser("operator")
    page.get_by_role("link", name="Policy").click()
    press(page, "/")
    page.keyboard.type("prompt gore")
    page.get_by_role("link", name="prompt gore", exact=True).click()
    expect(page.locator("main")).to_contain_text("A candidate is tried that has this rule otherwise.")
    page.get_by_role("link", name="Policy").click()
    page.get_by_role("link", name="Promote the candidate").click()
    assert page.locator("del").inner_text() == "0.7" and page.locator("ins").inner_text() == "0.68"
    page.get_by_role("button", name="Promote the candidate").click()
    page.get_by_text("Promoted.").wait_for()
    assert desk.status(operator).digest != first
    page.get_by_role("link", name="Go back to the policy before").click()
    page.get_by_role("button", name="Go back to").click()
    page.get_by_text("Went back.").wait_for()
    assert desk.status(operator).digest == first


def test_an_owner_takes_back_what_they_allowed_to_everyone(day, at_browser):
    stores = day.at.installation.service.cameos.stores
    mira = stores.cameos.by_handle("mira").id
    (open_to_all,) = [one for one in stores.leases.of(mira) if one.holder == "*"]
    assert open_to_all.revoked is None
    page = at_browser("owner")
    page.get_by_role("link", name="Likeness").click()
    page.get_by_role("link", name="@mira").click()
    row = page.get_by_role("listitem").filter(has_text="everyone")
    row.get_by_role("button", name="Take back").click()
    page.get_by_role("heading", name="What comes down").wait_for()
    page.locator("[data-takedown='done']").wait_for()
    page.get_by_role("link", name="@mira").click()
    page.wait_for_url("**/mira")
    page.wait_for_load_state()
    assert page.get_by_role("listitem").filter(has_text="everyone").count() == 0
    assert [one.revoked is not None for one in stores.leases.of(mira) if one.id == open_to_all.id] == [True]


def test_a_platform_makes_a_key_uses_it_and_reads_why_a_video_was_refused(day, at_browser):
    page = at_browser("platform")
    page.get_by_role("link", name="Platform").click()
    page.locator("details:has(#key-name) > summary").click()
    page.locator("#key-name").fill("from the browser")
    press(page, "Enter")
    page.locator(".shown").wait_for()
    token = page.locator("#secret").inner_text()
    with day.at.client(ApiAccount(day.people["platform"].person, token)) as program:
        listed = program.get("/v1/videos").json()["data"]
    assert len(listed) >= 9
    page.get_by_role("link", name="Cases").click()
    page.wait_for_load_state()
    page.goto(day.at.url + day.addresses["case-appeal"].partition("?")[0])
    text = page.locator("main").inner_text()
    assert "Your appeal" in text and "The red is paint" in text and "Why it is here" not in text


@pytest.mark.models
def test_a_stranger_drops_a_file_that_nobody_marked_and_is_told_that_nothing_is_known(at_browser):
    page = at_browser()
    page.get_by_label("Choose a file").set_input_files(ROOT / "deploy" / "demo" / "bunny.mp4")
    page.get_by_role("button", name="Verify").click()
    page.wait_for_selector(".finding", timeout=240_000)
    assert page.locator(".headline").inner_text() == "No information found"
