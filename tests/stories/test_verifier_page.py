"""The verifier's page in a real browser: several files, the answer beside what was published, the badge, the reader."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from console.verify.browser_reader import fetch_browser_reader
from core.finding import AudioWatermarkFinding, FindingVerdict, WatermarkedSpan, WatermarkFinding
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import load_keys
from tests.integration.provenance.thumbnail_manifests import sign_as_other_generator
from tests.stories.http_installation import FINE, memory_installation, serve_installation
from tests.stories.test_http_browser import CHROMIUM, chromium, fits, page
from tests.stub_pipeline.stage_parts import StubVerifier
from tests.unit.provenance.conftest import clip

__all__ = ["chromium", "clip", "page"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]
PACKAGE = os.environ.get("C2PA_WASM_PACKAGE", "")
MARKED = WatermarkFinding(
    detected=True,
    payload="01abcdef00112233445566aa",
    p_value=1e-9,
    segments=(WatermarkedSpan(start=0.0, end=2.0, payload="01abcdef00112233445566aa", p_value=1e-9),),
    audio=AudioWatermarkFinding(detected=True, p_value=1e-7, seconds=4.0),
)


def marked_installation(home: Path, **settings):
    """One whose verifier finds the mark of the case that a file is named by."""
    house = memory_installation(home, **settings)
    verifier, named = house.service.verifier, {}

    def found(path, look_up, **how):
        finding = verifier.verify(path, look_up, **how)
        if not named:
            return finding
        case = look_up(named["case"])
        summary = (
            f"The credentials are gone, but the watermark leads to case {named['case']}, whose record says that AI made it."
            " These bytes differ from the signed original."
        )
        verdict = FindingVerdict.RECOVERED_BY_WATERMARK
        return replace(finding, verdict=verdict, summary=summary, watermark=MARKED, case=case)

    return replace(house, service=replace(house.service, verifier=StubVerifier(found))), named


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return marked_installation(tmp_path_factory.mktemp("house"), max_upload_mb=2, lookups_per_minute=1000)


@pytest.fixture(scope="module")
def at(house):
    with serve_installation(house[0]) as serving:
        yield serving


@pytest.fixture
def published(at, house):
    """A published case, whose mark every file carries for as long as this lasts."""
    case_id = at.submit(FINE)
    at.settle(case_id)
    house[1]["case"] = case_id
    yield case_id
    house[1].clear()


@pytest.fixture
def somebodys_page(tmp_path):
    """The address of a page of another origin, with this content."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def serve(content):
            (tmp_path / "index.html").write_text(content)
            return f"http://localhost:{server.server_port}/"

        yield serve
        server.shutdown()


def until(page, condition):
    """Waits for what is true of the page; Playwright's own way of waiting needs what the page's policy forbids."""
    page.evaluate(
        f"""() => new Promise((there, never) => {{ setTimeout(() => never(new Error("this never came true")), 60000);
        const look = () => ({condition}) ? there() : setTimeout(look, 50); look(); }})"""
    )


def verify(page, *files):
    page.set_input_files("#file", list(files))
    page.get_by_role("button", name="Verify", exact=True).click()


def test_several_files_get_an_answer_each_in_their_order(page, at, small):
    page.goto(f"{at.url}/verify")
    text = {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"hello"}
    again = {"name": "again.mp4", "mimeType": "video/mp4", "buffer": small.read_bytes()}
    large = {"name": "large.mp4", "mimeType": "video/mp4", "buffer": b"x" * 2_200_000}
    verify(page, text, again, large)
    page.get_by_text("larger than the 2 MB").wait_for()
    said = page.locator(".one-of-many").all_inner_texts()
    assert [one.split("\n")[0] for one in said] == ["notes.mp4", "again.mp4", "large.mp4"]
    assert "cannot be read as a video" in said[0] and "No information found" in said[1]
    assert not page.get_by_role("button", name="Verify", exact=True).is_disabled() and fits(page)
    assert page.locator("[id]").evaluate_all("all => all.length === new Set(all.map(one => one.id)).size")


def test_the_answer_stands_on_the_first_screen_and_the_proofs_are_folded(page, at, small, published):
    page.goto(f"{at.url}/verify")
    verify(page, small)
    page.locator(".finding").wait_for()
    page.evaluate("scrollTo(0, document.querySelector('#answer').offsetTop)")
    for part in (".headline", ".summary"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]
    assert [one.get_attribute("open") for one in page.locator("article details").all()] == [None] * 5
    assert page.locator(".lane-name").all_inner_texts() == ["Picture", "Sound"]
    assert page.locator(".lane-of-marks .marked").evaluate_all("all => all.map(one => one.getAttribute('width'))") == [
        "50.0",
        "100.0",
    ]
    assert "1e-09" not in page.locator("article").inner_text()  # codes are folded away
    page.locator(".picture video").wait_for()
    assert page.locator(".picture video").evaluate("v => v.src.startsWith('blob:')")
    assert fits(page)


def test_a_file_is_compared_with_what_was_published_by_keyboard(page, at, small, published):
    page.goto(f"{at.url}/verify")
    verify(page, small)
    page.get_by_text("Compare it with what was published").focus()
    page.keyboard.press("Enter")
    page.locator(".stage .yours").wait_for()
    divide = page.get_by_label("Yours on the left")
    divide.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert page.locator(".stage").evaluate("one => one.style.getPropertyValue('--divide')") == "60%"
    page.get_by_label("Where in the video").fill("500")
    until(
        page,
        "[...document.querySelectorAll('.stage video')].every(v => v.duration && Math.abs(v.currentTime / v.duration - .5) < .1)",
    )
    assert fits(page)


def test_what_is_no_longer_published_is_not_shown_beside_anything(at, small, published):
    with at.client() as client:
        sent = {"files": {"file": ("a.mp4", small.read_bytes())}, "headers": {"Accept": "text/html"}}
        address = re.search(r'"(/verify/published/[^"]+)"', client.post("/verify", **sent).text)[1]
        part = client.get(address, headers={"Range": "bytes=0-99"})
        assert (part.status_code, len(part.content)) == (206, 100)
        assert client.get("/verify/published/forged").status_code == 404
        at.installation.service.recall(at.moderator.person, published, code="policy")
        assert client.get(address).status_code == 404
        assert "/verify/published/" not in client.post("/verify", **sent).text


def test_the_answer_is_copied_with_its_headline(chromium, at, small):
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{at.url}/verify")
    verify(page, small)
    page.get_by_role("button", name="Copy the answer").press("Enter")
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert copied[0] == "No information found" and copied[1].startswith("No credentials and no watermark")
    context.close()


def test_a_badge_stands_in_a_frame_of_anybodys_page_and_nothing_else_does(chromium, at, published, somebodys_page):
    context = chromium.new_context()
    page = context.new_page()
    frames = [f"{at.url}/verify/badge/{published}", f"{at.url}/verify/badge/{'0' * 16}", f"{at.url}/verify"]
    shown = "".join(f'<iframe src="{address}" width="300" height="70"></iframe>' for address in frames)
    page.goto(somebodys_page(shown))
    badge, unknown, refused = (page.frame_locator("iframe").nth(n) for n in range(3))
    badge.get_by_text("Check it").wait_for()
    assert "Marked by this service" in badge.locator("body").inner_text()
    unknown.get_by_text("Nothing is published under this number").wait_for()
    assert refused.locator("form").count() == 0
    with at.client() as client:
        headers = client.get(f"/verify/badge/{published}").headers
        assert "set-cookie" not in headers and "script-src" not in headers["content-security-policy"]
        assert "x-frame-options" not in headers and client.get("/verify/tools").headers["x-frame-options"] == "DENY"
        at.installation.service.recall(at.moderator.person, published, code="policy")
        assert "Nothing is published" in client.get(f"/verify/badge/{published}").text
    context.close()


def test_the_bookmarklet_asks_about_the_largest_video_of_a_page(chromium, at):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{at.url}/verify/tools")
    script = page.locator("#bookmarklet").inner_text()
    assert page.get_by_role("link", name="Made with AI?").get_attribute("href") == script
    page.goto(f"{at.url}/login")
    page.evaluate(
        """() => { for (const [name, side] of [["small", 20], ["large", 200]]) { const v = document.createElement("video");
        const box = document.createElement("div"); box.style.width = `${side}px`; box.append(v); document.body.append(box);
        v.src = `https://videos.example/${name}.mp4?a=1&b=2`; } }"""
    )
    with context.expect_page() as opened:
        page.evaluate("script => { (0, eval)(decodeURIComponent(script.replace('javascript:', ''))) }", script)
    opened.value.wait_for_load_state()
    assert "https://videos.example/large.mp4?a=1&b=2" in opened.value.locator("main").inner_text()
    assert "fetches nothing from addresses" in opened.value.locator("main").inner_text()
    context.close()


@pytest.mark.skipif(not PACKAGE, reason="C2PA_WASM_PACKAGE names no package (npm pack @contentauth/c2pa-wasm)")
def test_credentials_are_read_before_anything_is_sent_and_the_file_only_for_the_mark(chromium, tmp_path, clip):
    house = memory_installation(tmp_path, max_upload_mb=2)
    make_dev_keys(house.settings.keys_folder)
    fetch_browser_reader(house.settings, Path(PACKAGE))
    keys = load_keys(house.settings.keys_folder)
    signed = sign_as_other_generator(clip, tmp_path / "signed.mp4", keys)
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(signed.read_bytes()[:-40] + b"x" * 40)
    context = chromium.new_context()
    page, sent, complaints = context.new_page(), [], []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    with serve_installation(house) as at:
        page.goto(f"{at.url}/verify")
        for file, headline in (
            (signed, "Made with AI, says its signer"),
            (torn, "Credentials could not be confirmed"),
            (clip, "No credentials found"),
        ):
            verify(page, file)
            page.locator(".headline").get_by_text(headline).wait_for(timeout=60_000)
        assert sent == [] and complaints == []
        page.get_by_role("button", name="send the file").press("Enter")
        page.get_by_text("No information found").wait_for()
        expect(page.locator(".finding")).to_have_count(1)
        assert len(sent) == 1
        with at.client() as client:
            told = client.get("/verify/reader")
            assert "BEGIN CERTIFICATE" in told.text and "PRIVATE" not in told.text
    context.close()


def test_without_the_reader_none_is_offered(at):
    with at.client() as client:
        assert client.get("/verify/reader").status_code == 501
        assert "data-reader" not in client.get("/verify").text
