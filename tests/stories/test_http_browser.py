"""A moderator and a stranger at their browsers: a real Chromium, with its console watched for anything refused."""

import base64
import os
import shutil
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from console.inspection.html_report import html_report
from core.case import Phase
from pipeline.inspection.footage_preview import read_evidence_strip, read_waveform
from tests.stories.http_installation import FINE, HELD, memory_installation, serve_installation
from tests.unit.inspection.views import view

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with serve_installation(memory_installation(tmp_path_factory.mktemp("house"), max_upload_mb=2)) as serving:
        yield serving


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["wide", "phone"])
def page(request, chromium):
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height})
    page, complaints = context.new_page(), []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [c for c in complaints if "status of 4" not in c] == []


UNTIL = """(v, seconds) => new Promise((there) => {
  const look = () => v.currentTime > seconds ? there() : setTimeout(look, 50);
  look();
})"""

DRAWN = """(i) => new Promise((there) => {
  const look = () => i.complete && i.naturalWidth ? there() : setTimeout(look, 50);
  look();
})"""


def sign_in(page, at):
    page.goto(f"{at.url}/queue")
    page.get_by_label("Token").fill(at.moderator.token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/queue")


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_moderator_works_through_the_queue_by_keyboard(page, at):
    cases = []
    for _ in range(2):
        cases.append(at.submit(HELD))
        at.settle(cases[-1])
    sign_in(page, at)
    expect(page.locator(".case-link")).to_have_count(2)
    assert fits(page)
    for key, focused in (("j", 0), ("j", 1), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.getAttribute('href')") == f"/cases/{cases[focused]}"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{cases[0]}")
    assert fits(page)

    page.get_by_role("link", name="Show the prompt").click()
    assert page.locator(".prompt").inner_text() == HELD
    page.wait_for_load_state()  # the keys work once the page has its script
    page.keyboard.press("a")
    assert page.get_by_label("Allow").is_checked()
    page.get_by_label("Reason").first.select_option("parody")
    page.get_by_role("button", name="Rule, open the next").click()
    page.wait_for_url(f"**/cases/{cases[1]}?done=next")
    assert at.settle(cases[0]).phase is Phase.PUBLISHED

    page.wait_for_load_state()
    page.keyboard.press("r")
    page.get_by_label("Reason").first.select_option("breaks_policy")
    page.get_by_role("button", name="Rule, open the next").click()
    page.wait_for_url("**/queue?done=empty")
    assert at.settle(cases[1]).phase is Phase.REFUSED
    assert page.get_by_text("Nothing is held").is_visible()


def test_the_video_is_blurred_and_still_until_it_is_asked_for(page, at):
    case_id = at.submit(FINE)
    at.settle(case_id)
    sign_in(page, at)
    page.goto(f"{at.url}/cases/{case_id}")
    video = page.locator("video")
    assert "blur" in video.evaluate("v => getComputedStyle(v).filter")
    assert video.evaluate("v => [v.paused, v.muted, v.readyState]") == [True, True, 0]
    page.get_by_label("clearly").check()
    assert video.evaluate("v => getComputedStyle(v).filter") == "none"
    video.evaluate("v => new Promise(played => { v.ontimeupdate = () => v.currentTime > 0.2 && played(); v.play(); })")
    assert fits(page)


def test_what_is_blurred_is_played_and_searched_by_controls_that_are_not(page, at):
    case_id = at.submit(FINE)
    at.settle(case_id)
    sign_in(page, at)
    page.goto(f"{at.url}/cases/{case_id}")
    video, play = page.locator("video"), page.get_by_role("button", name="Play", exact=True)
    assert not video.evaluate("v => v.controls")
    assert play.evaluate("b => getComputedStyle(b).filter") == "none"
    page.keyboard.press("p")
    page.get_by_role("button", name="Pause").wait_for()
    video.evaluate(UNTIL, 0.2)
    page.keyboard.press("p")
    assert video.evaluate("v => v.paused")
    page.get_by_label("Where in the video").fill("500")
    video.evaluate(UNTIL, 2.0)
    assert video.evaluate("v => Math.abs(v.currentTime / v.duration - 0.5)") < 0.1
    page.get_by_role("button", name="Sound").click()
    assert not video.evaluate("v => v.muted")
    page.get_by_label("in grey").check()
    page.reload()
    assert page.get_by_label("in grey").is_checked()  # as this person chose it
    assert fits(page)
    page.get_by_label("blurred").check()


def test_a_place_on_the_timeline_leads_to_its_second_of_the_video(page, at):
    case_id = at.submit(FINE)
    at.settle(case_id)
    sign_in(page, at)
    page.goto(f"{at.url}/cases/{case_id}")
    video = page.locator("video")
    assert page.locator(".strip img").evaluate("i => i.complete && i.naturalWidth") in (False, 0)
    page.locator(".timeline-of .low summary").click()
    page.get_by_role("button", name="1.0 to 2.5 s").click()
    video.evaluate(UNTIL, 0.9)
    assert video.evaluate("v => [v.paused, v.currentTime]") == [True, 1]
    assert page.locator("[data-at]").inner_text() == "1.0"
    page.get_by_text("Film strip and sound").click()
    for picture in page.locator(".strip img, .waveform").all():
        picture.evaluate(DRAWN)
    assert "blur" in page.locator(".strip img").evaluate("i => getComputedStyle(i).filter")
    assert fits(page)


def test_the_file_of_an_inspection_opens_without_a_server_and_is_used_by_keyboard(page, tmp_path, two_seconds):
    film = read_evidence_strip(two_seconds, 2.0, [1.0])
    file, asked = tmp_path / "page.html", []
    file.write_text(html_report(replace(view(), film=film, waveform=read_waveform(two_seconds))), encoding="utf-8")
    page.on("request", lambda request: asked.append(request.url.split(":")[0]))
    page.goto(file.as_uri())
    assert set(asked) <= {"file", "data"} and fits(page)
    shown = page.locator(".viewer .film")
    assert "blur" in shown.evaluate("v => getComputedStyle(v).filter")
    for key, moment in (("n", "1.0"), ("n", "2.0"), ("n", "4.0"), ("b", "2.0")):
        page.keyboard.press(key)
        assert page.locator("[data-at]").inner_text() == moment
    assert page.locator("[data-here]").inner_text() == "never seen before"
    assert page.locator(".box").is_hidden()
    page.get_by_role("button", name="4.0 to 5.0 s").focus()
    page.keyboard.press("Enter")
    assert page.locator(".box").is_visible()
    page.get_by_label("clearly").check()
    assert shown.evaluate("v => getComputedStyle(v).filter") == "none"
    assert page.evaluate("document.querySelectorAll('img, iframe').length") == 0


def test_a_stranger_chooses_a_file_and_reads_the_answer(page, at, small):
    page.goto(at.url)
    assert fits(page)
    page.get_by_label("Choose a file").set_input_files(small)
    page.get_by_role("button", name="Verify").click()
    page.wait_for_selector(".finding")
    assert page.locator(".headline").inner_text() == "No information found"
    assert page.evaluate("document.activeElement.id") == "answer"
    page.get_by_text("All details").click()
    assert '"verdict": "no_information"' in page.locator("pre").inner_text()
    assert fits(page)
    assert at.left_on_disk() == []


def test_a_file_that_is_dropped_is_looked_at(page, at, small):
    page.goto(f"{at.url}/verify")
    dropped = page.evaluate_handle(
        """text => { const all = new DataTransfer(), bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
        all.items.add(new File([bytes], "dropped.mp4", {type: "video/mp4"})); return all; }""",
        base64.b64encode(small.read_bytes()).decode(),
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    page.wait_for_selector(".finding")
    assert "dropped.mp4" in page.locator(".finding").inner_text()


@pytest.mark.parametrize(
    ("content", "said"), [(b"hello", "cannot be read as a video"), (b"x" * 2_200_000, "larger than the 2 MB")]
)
def test_a_stranger_is_told_what_is_wrong_with_a_file(page, at, content, said):
    page.goto(f"{at.url}/verify")
    page.set_input_files("#file", {"name": "a.mp4", "mimeType": "video/mp4", "buffer": content})
    page.get_by_role("button", name="Verify").click()
    assert said in page.get_by_role("alert").inner_text()


def test_the_verifier_works_without_scripts(chromium, at, small):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{at.url}/verify")
    page.set_input_files("#file", small)
    page.get_by_role("button", name="Verify").click()
    assert page.locator(".headline").inner_text() == "No information found"
    context.close()
