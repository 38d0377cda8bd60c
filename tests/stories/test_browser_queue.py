"""A moderator works through the queue with keys alone, in a real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from core.case import Phase
from core.roles import Role
from pipeline.moderation.review_rights import ReviewRights
from tests.stories.http_installation import HELD, memory_installation, serve_installation
from tests.stories.test_http_browser import at, chromium, fits, page, pytestmark, sign_in
from tests.stories.test_http_queue import carried_out, prepare

__all__ = ["at", "chromium", "page", "pytestmark"]


@pytest.fixture
def house(tmp_path):
    with serve_installation(memory_installation(tmp_path)) as serving:
        yield serving


def held(house, *takes):
    cases = [house.submit(f"{HELD}, take {take}") for take in takes]
    for case_id in cases:
        assert house.settle(case_id).phase is Phase.HELD
    prepare(house)
    return cases


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_cases_are_chosen_shown_done_and_undone_by_keys(house, page):
    one, two, three = held(house, 1, 2, 3)
    sign_in(page, house)
    assert fits(page)
    press(page, "j", "x", "j", "x")
    assert page.locator("[data-chosen]").inner_text().endswith("2")
    press(page, "b")
    page.keyboard.type("Refuse: It stays")
    press(page, "Tab", "Enter")
    page.wait_for_url("**/queue/bulk/preview")
    assert one in page.content() and two in page.content() and three not in page.content() and fits(page)
    press(page, "Enter")
    page.wait_for_url("**/queue?done=bulk")
    assert re.search(r"Cases that will be refused: 2\. \d+ s", page.locator(".bulk-waits").inner_text())
    press(page, "z")
    page.wait_for_url("**/queue?done=undone")
    carried_out(house)
    assert [house.installation.ledger.load(case).phase for case in (one, two)] == [Phase.HELD] * 2


def test_search_escalate_and_hand_over_have_keys(house, page):
    first, ship = held(house, "horse", "ship")
    colleague = house.installation.account(Role.MODERATOR).person
    house.installation.service.reviews.queue.set_rights(colleague.id, ReviewRights(expert=True))
    sign_in(page, house)
    press(page, "/")
    page.keyboard.type("SHIP")
    press(page, "Enter")
    page.wait_for_url("**/queue?q=SHIP")
    expect(page.locator(".case-link")).to_have_count(1)
    assert fits(page)
    press(page, "j", "Enter")
    page.wait_for_url(f"**/cases/{ship}")
    press(page, "h")
    page.keyboard.type(colleague.id)
    press(page, "Tab")
    page.keyboard.type("you know ships")
    press(page, "Tab", "Enter")
    page.wait_for_url(f"**/cases/{first}?done=handed")
    press(page, "x")
    page.keyboard.type("a horse for experts")
    press(page, "Tab", "Enter")
    page.wait_for_url("**/queue?done=empty")
    queue = house.installation.service.reviews.queue
    assert queue.entry(ship).assignee == colleague.id and queue.entry(first).expert


def test_the_list_of_cases_fits_however_long_a_word_is(house, page):
    page.set_viewport_size({"width": 320, "height": 700})
    held(house, 1)
    sign_in(page, house)
    assert fits(page)
    page.goto(f"{house.url}/cases")
    page.evaluate("document.querySelector('.cases .hint').textContent = 'x'.repeat(200)")
    assert fits(page)
