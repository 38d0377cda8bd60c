"""Every page of who works here is pictured in light and dark, on a phone and on a desktop, and fits each of them."""

from __future__ import annotations

import pytest
from PIL import Image

from pipeline.diagnostics.installation_checks import make_development_keys
from pipeline.settings import Settings
from tests.conftest import ROOT
from tests.stories.http_installation import serve_real_installation
from tests.stories.page_pictures import ROOMS, on_each_screen, take_picture
from tests.stories.test_http_browser import CHROMIUM, DRAWN, chromium, fits
from tests.stories.working_house import fill_house

__all__ = ["chromium"]

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    home = tmp_path_factory.mktemp("day")
    make_development_keys(Settings(home=home))
    (home / "engine").mkdir()
    picture = home / "face.jpg"
    Image.new("RGB", (320, 240), (180, 140, 90)).save(picture)
    settings = {"requests_per_minute": 0, "one_person": False}
    with serve_real_installation(home, **settings) as at:
        yield fill_house(at, ROOT / "deploy" / "demo" / "bunny.mp4", picture)


EMPTY = "cards => cards.filter(one => one.querySelectorAll(':scope > *').length < 2 && one.querySelector('h2')).map(one => one.innerText)"
"""Cards that are a heading and nothing else."""


class Shown:
    """Somebody's browser, and the pictures that were taken of it on each screen."""

    def __init__(self, chromium, day, role):
        self.context = chromium.new_context(viewport={"width": 1280, "height": 800})
        self.page, self.day = self.context.new_page(), day
        self.page.goto(f"{day.at.url}/login")
        self.page.locator("#token").fill(day.people[role].token)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda address: "/login" not in address)

    def open(self, name):
        self.page.goto(self.day.at.url + self.day.addresses[name])
        self.page.wait_for_load_state("networkidle")

    def pictures(self, name, top=None):
        for size, scheme in on_each_screen(self.page):
            if top:
                self.page.locator(top).first.evaluate("one => one.scrollIntoView()")
            assert fits(self.page), (name, size)
            assert self.page.locator("main .card").evaluate_all(EMPTY) == [], name
            assert take_picture(self.page, name, size, scheme).stat().st_size > 2000


@pytest.mark.parametrize("role", ROOMS)
def test_the_pages_of_each_role_are_pictured_and_fit(chromium, day, role):
    shown = Shown(chromium, day, role)
    for name in ROOMS[role]:
        shown.open(name)
        shown.pictures(name)
    shown.context.close()


def test_looking_step_by_step_the_legend_and_a_bulk_preview_are_pictured(chromium, day):
    shown = Shown(chromium, day, "moderator")
    page = shown.page
    shown.open("case-output")
    page.keyboard.press("e")
    still = page.locator(".still > img").first
    still.evaluate(DRAWN)
    for region in (6, 7):
        page.get_by_role("button", name=f"Reveal region {region}", exact=True).click()
    for image in page.locator(".regions img").all():
        image.evaluate(DRAWN)
    shown.pictures("case-ladder", top="#look")
    page.locator("details:has(.strip) > summary").click()
    for picture in page.locator(".strip img, .waveform").all():
        picture.evaluate(DRAWN)
    shown.pictures("case-strip", top="#timeline")
    page.keyboard.press("?")
    shown.pictures("case-keys")
    shown.open("queue")
    for key in ("j", "x", "j", "x", "b"):
        page.keyboard.press(key)
    page.locator("#what").select_option("refuse:breaks_policy")
    page.locator("#bulk button").click()
    page.wait_for_url("**/queue/bulk/preview")
    shown.pictures("bulk-preview")
    shown.context.close()
