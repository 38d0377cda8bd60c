"""Every public page is pictured in light and dark, on a phone and on a desktop, and fits each of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.conftest import ROOT
from tests.stories.http_installation import FINE, serve_installation
from tests.stories.page_pictures import (
    CHOSEN,
    CHOSEN_FOLDER,
    DONE_THERE,
    OF_THEIR_OWN,
    ROOMS,
    SCHEMES,
    SIZES,
    take_picture,
)
from tests.stories.test_http_browser import CHROMIUM, chromium, fits
from tests.stories.test_verifier_page import marked_installation, until, verify

__all__ = ["chromium"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


class KeptAnswers:
    """Shared answers in memory."""

    def __init__(self):
        self.kept = {}

    def share(self, finding):
        self.kept["0" * 22] = replace(finding, file="")
        return "0" * 22

    def get_shared(self, name):
        return self.kept[name], datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    house, named = marked_installation(tmp_path_factory.mktemp("house"), max_upload_mb=2, lookups_per_minute=1000)
    public = replace(house.service.public, answers=KeptAnswers())
    with serve_installation(replace(house, service=replace(house.service, public=public))) as serving:
        named["case"] = serving.submit(FINE)
        serving.settle(named["case"])
        yield serving


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_public_pages_are_pictured_and_fit(chromium, at, bunny, size, scheme):
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()

    def picture(name):
        assert fits(page), name
        taken.append(take_picture(page, name, size, scheme))

    taken = []
    page.goto(f"{at.url}/verify")
    picture("verifier")
    verify(page, bunny)
    until(page, "document.querySelector('.picture video')?.readyState > 1")
    page.wait_for_timeout(500)  # for the picture to be drawn; nothing is judged by it
    page.evaluate("scrollTo(0, document.querySelector('#answer').offsetTop - 16)")
    picture("verifier-answer")
    page.get_by_text("Compare it with what was published").click()
    until(
        page,
        "document.querySelectorAll('.stage video').length === 2"
        " && [...document.querySelectorAll('.stage video')].every(v => v.readyState > 1)",
    )
    page.evaluate("document.querySelector('.compare').scrollIntoView()")
    picture("verifier-compare")
    page.get_by_role("button", name="Make a link").click()
    page.wait_for_url("**/verify/shared/*")
    picture("verifier-shared")
    for name, address in {"verifier-tools": "/verify/tools", "sign-in": "/login", "error": "/nowhere"}.items():
        page.goto(at.url + address)
        picture(name)
    context.close()
    assert all(file.stat().st_size > 2000 for file in taken)


PUBLIC = (
    *("verifier", "verifier-answer", "verifier-compare", "verifier-shared", "verifier-tools", "sign-in", "error"),
    "transparency",
)


def test_the_chosen_pictures_are_among_those_that_are_taken_and_lie_in_the_docs_and_are_small():
    names = {*PUBLIC, *DONE_THERE, *OF_THEIR_OWN, *(name for pages in ROOMS.values() for name in pages)}
    taken = {f"{name}-{size}-{scheme}" for name in names for size in SIZES for scheme in SCHEMES}
    assert {*CHOSEN} <= taken
    kept = [file for file in CHOSEN_FOLDER.iterdir() if not file.name.startswith("dashboard-")]  # drawn, by another
    assert {file.name for file in kept} == {f"{name}.webp" for name in CHOSEN}
    gallery = (ROOT / "docs" / "reference" / "pages.md").read_text(encoding="utf-8")
    assert [name for name in CHOSEN if f"pictures/{name}.webp" not in gallery] == []
    assert sum(file.stat().st_size for file in kept) < 2_500_000
