"""Somebody enrols on the page: by keyboard and with the browser's own camera, or with a file; and for an estate."""

from dataclasses import replace

import pytest

from policy.decide import decide
from tests.conftest import ROOT
from tests.contract.cameo_installation import POLICY, open_cameo_installation
from tests.stories.http_installation import form_token, serve_installation
from tests.stories.test_http_browser import ARGUMENTS, CHROMIUM, fits
from tests.stories.test_http_cameos import memory_installation_of
from tests.stub_pipeline.stage_parts import StubPolicy

pytestmark = [pytest.mark.postgres, pytest.mark.models]
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")


@pytest.fixture(scope="module")
def at():
    with open_cameo_installation() as made:
        by_policy = replace(made.service.enrolment, policy=StubPolicy(lambda *asked: decide(*asked, POLICY)))
        house = replace(made, service=replace(made.service, enrolment=by_policy))
        with serve_installation(memory_installation_of(house, max_upload_mb=20)) as serving:
            yield serving


def portrait():
    """Eileen Collins, astronaut: NASA's photograph, public domain."""
    return ROOT / "classifiers" / "examples" / "astronaut.png"


@pytest.mark.browser
@needs_browser
def test_somebody_films_themselves_by_keyboard_and_is_told_why_they_are_not_enrolled(at):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*ARGUMENTS, *camera])
        page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        page.set_default_timeout(240_000)
        complaints = []
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(f"{at.url}/me")
        page.get_by_label("Token").fill(at.platform.token)
        page.keyboard.press("Enter")
        page.wait_for_url("**/me")
        page.goto(f"{at.url}/enrol")
        page.get_by_label("Handle").first.focus()
        page.keyboard.type("newcomer")
        page.keyboard.press("Enter")
        page.wait_for_url("**/enrol/enrol_*")
        asked = at.installation.service.cameos.enrolment.own_challenges(at.platform.person)[-1]
        assert page.locator(".digits").inner_text() == asked.digits
        assert fits(page)
        page.get_by_role("button", name="Film with this device").press("Enter")
        page.wait_for_selector("#stop:focus")
        page.wait_for_timeout(800)
        page.keyboard.press("Enter")
        page.wait_for_selector("#send:focus")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:text('Not enrolled')")
        assert page.get_by_role("status").inner_text().strip()
        browser.close()
    assert complaints == []
    assert at.installation.service.cameos.own_cameos(at.platform.person) == ()
    assert at.installation.service.cameos.enrolment.own_challenges(at.platform.person)[-1].outcome == "refused"
    assert at.left_on_disk() == []


def test_the_page_takes_a_file_too_and_a_challenge_is_its_owners_alone(at):
    with at.browser(at.platform) as mine, at.browser(at.other) as others, at.client() as public:
        assert public.get("/enrol", headers={"Accept": "text/html"}).status_code == 303
        page = mine.get("/enrol")
        assert "camera=()" in page.headers["Permissions-Policy"]
        token = {"form_token": form_token(page.text)}
        assert mine.post("/enrol", data={"handle": "by-file"}).status_code == 403
        address = mine.post("/enrol", data={**token, "handle": "by-file"}).headers["Location"]
        shown = mine.get(address)
        assert "camera=(self)" in shown.headers["Permissions-Policy"]
        assert others.get(address).status_code == 404
        asked = {"challenge": address.rpartition("/")[2]}
        film = {"take": ("a.mp4", b"no video")}
        assert mine.post("/enrol/take", data=asked, files=film).status_code == 403
        sent = mine.post("/enrol/take", data={**token, **asked}, files=film)
        assert sent.status_code == 422
        assert "was used" in mine.get(address).text  # this house's check lets it pass as a video
        assert mine.post("/enrol", data={**token, "handle": "No Handle!"}).status_code == 400
    assert at.left_on_disk() == []


def test_an_estate_is_enrolled_over_http_with_proof_and_held(at):
    picture = {"picture": ("her.png", portrait().read_bytes())}
    said = {"handle": "eileen", "proof": "I am her executor"}
    with at.client(at.other) as heir, at.client(at.moderator) as moderator:
        assert heir.post("/api/cameos/estates", data={**said, "proof": " "}, files=picture).status_code == 400
        assert heir.post("/api/cameos/estates", data=said).status_code == 400
        made = heir.post("/api/cameos/estates", data=said, files=picture)
        assert made.status_code == 201, made.text
        assert (made.json()["cameo"]["state"], made.json()["cameo"]["kind"]) == ("held", "estate")
        assert heir.post("/api/cameos/eileen/leases", json={"holder": "*"}).status_code == 409
        waiting = moderator.get("/api/reviews").json()["held"]
        assert made.json()["cameo"]["id"] in [one["id"] for one in waiting]
    with at.browser(at.other) as page:
        token = form_token(page.get("/enrol").text)
        form = {"form_token": token, "handle": "eileen-too", "proof": "x"}
        assert page.post("/enrol/estate", data=form, files=picture).headers["Location"] == "/me/eileen-too"
        assert "a moderator is checking it" in page.get("/me").text
    assert at.left_on_disk() == []
