"""Sharing an answer, objecting to it, asking by address, in French, and with a screen reader (axe, in a real Chromium)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
import segno

from console.verify import verify_api
from core.finding import Finding
from core.roles import Role
from pipeline.safe_fetch import SafeFetcher
from pipeline.settings import load_settings
from pipeline.wiring import build_installation
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import load_keys
from tests.integration.provenance.thumbnail_manifests import grey_jpeg, sign_as_other_generator
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import ApiAccount, create_account, serve_installation
from tests.stories.test_http_browser import CHROMIUM, chromium, fits
from tests.unit.provenance.conftest import clip

__all__ = ["chromium", "clip"]

pytestmark = pytest.mark.postgres
in_a_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories"),
]
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    home = tmp_path_factory.mktemp("house")
    make_dev_keys(home / "keys")
    built = build_installation(
        load_settings(home=home, engine_folder=home, max_upload_mb=2, verify_urls=True, lookups_per_minute=1000)
    )
    yield built
    built.close()


@pytest.fixture(scope="module")
def at(house):
    with serve_installation(house) as serving:
        yield serving


@pytest.fixture(scope="module")
def answer(at, small):
    """The page that a stranger gets for a file that nobody marked."""
    with at.client() as client:
        return client.post(
            "/verify", files={"file": ("holiday-in-nice.mp4", small.read_bytes())}, headers=HTML, timeout=60
        )


@pytest.fixture(scope="module")
def child(house, clip, tmp_path_factory):
    """A file of another maker, made from another one, with pictures of both."""
    folder, keys = tmp_path_factory.mktemp("family"), load_keys(house.settings.keys_folder)
    parent = sign_as_other_generator(clip, folder / "parent.mp4", keys, thumbnail=grey_jpeg(60))
    return sign_as_other_generator(
        clip, folder / "child.mp4", keys, thumbnail=grey_jpeg(150), ingredients=[("parentOf", parent, None)]
    )


def token_of(page: str) -> str:
    return unescape(re.search(r'name="token" value="([^"]+)"', page)[1])


def shared(at, answer, **more):
    with at.client() as client:
        return client.post("/verify/share", data={"token": token_of(answer.text)} | more, headers=HTML)


def test_an_answer_is_shared_without_the_file_and_its_name(at, answer, house):
    moved = shared(at, answer)
    assert moved.status_code == 303 and re.fullmatch(r"/verify/shared/[\w-]{22}", moved.headers["location"])
    with at.client() as anybody:
        page = anybody.get(moved.headers["location"]).text
    assert "No information found" in page and "This link works until" in page
    assert "holiday-in-nice" in answer.text and "holiday-in-nice" not in page
    assert 'name="token"' not in page
    assert at.left_on_disk() == []
    assert not list(house.settings.root.rglob("*holiday*"))


def test_a_shared_answer_has_a_preview_for_links_and_its_address_as_a_qr_code(at, answer):
    with at.client() as anybody:
        address = shared(at, answer).headers["location"]
        english = anybody.get(address).text
        german = anybody.get(address, headers={"Accept-Language": "de"}).text
        tags = dict(re.findall(r'<meta property="(og:[\w:]+)" content="([^"]*)">', english))
        assert tags["og:title"] == "No information found" and tags["og:description"].startswith("Nothing was found")
        assert tags["og:url"] == at.url + address and '<meta name="robots" content="noindex">' in english
        picture = anybody.get(tags["og:image"])
    assert 'content="Keine Angaben gefunden"' in german and '<html lang="de">' in german
    assert (picture.headers["content-type"], picture.headers["cross-origin-resource-policy"]) == (
        "image/png",
        "cross-origin",
    )
    drawn = re.search(r'<div class="qr"[^>]*>(<svg.*?</svg>)', english, re.S)[1]
    assert drawn == segno.make(at.url + address, micro=False).svg_inline(scale=4, border=4, dark="#000", light="#fff")


def test_only_what_was_answered_here_can_be_shared(at, answer):
    token = token_of(answer.text)
    for forged in ("", "x" * 100, token[:-3] + "abc", json.dumps({"verdict": "ai_made_trusted"})):
        with at.client() as client:
            assert client.post("/verify/share", data={"token": forged}, headers=HTML).status_code in (400, 403)


def test_a_link_that_nobody_made_or_that_expired_leads_nowhere(at, answer, house, monkeypatch):
    finding = house.service.public.sharing.get_shared(
        shared(at, answer).headers["location"].split("/")[-1].split("?")[0]
    )[0]
    assert isinstance(finding, Finding) and finding.file == ""
    gone = house.service.public.answers.answers.share({"file": ""}, lifetime=timedelta(seconds=-1))
    with at.client() as client:
        assert {client.get(f"/verify/shared/{name}").status_code for name in (gone, "x", "a" * 300)} == {404}


def test_feedback_is_kept_for_moderators_and_says_nothing_of_who(at, house):
    said = {"verdict": "no_information", "opinion": "wrong", "note": "it is\nfrom  a film"}
    with at.client() as client:
        assert "Thank you" in client.post("/verify/feedback", data=said, headers=HTML).text
        assert client.post("/verify/feedback", data=said | {"opinion": "odd"}).status_code == 400
        assert client.post("/verify/feedback", data=said | {"verdict": "odd"}).status_code == 400
        assert client.post("/verify/feedback", data=said | {"note": "x" * 3000}).status_code == 400
    first = house.service.public.sharing.said(ApiAccount(*create_account(house.accounts, [Role.MODERATOR])).person)[0]
    assert (first.verdict, first.opinion, first.note) == ("no_information", "wrong", "it is from a film")


def test_the_history_of_a_file_has_pictures_on_the_page_and_in_nothing_that_is_kept(at, child):
    with at.client() as client:
        files = {"file": ("child.mp4", child.read_bytes())}
        found = client.post("/verify?part=answer", files=files, headers=HTML)
        page = client.get(shared(at, found).headers["location"]).text
        plain = client.get("/login").headers["content-security-policy"]
    tree = found.text[found.text.index('<ul class="lineage">') :]
    assert tree.index("this file: child.mp4") < tree.index("<ul>") < tree.index("it was made from: parent.mp4")
    assert found.text.count('<img src="data:image/jpeg;base64,') == 3  # the first of them beside the answer too
    assert found.text.count('alt="Picture that the credentials carry of it"') == 3
    assert "img-src 'self' data:" in found.headers["content-security-policy"] and "data:" not in plain
    assert "parent.mp4" in page and "data:" not in page
    assert at.left_on_disk() == []


def test_the_page_speaks_french_and_the_json_stays_the_same(at, small, answer):
    with at.client() as client:
        sent = {"files": {"file": ("a.mp4", small.read_bytes())}, "timeout": 60}
        page = client.post("/verify", headers=HTML | {"Accept-Language": "fr-CA,fr;q=0.9"}, **sent).text
        start = client.get("/verify?lang=fr").text
        same = client.post("/api/verify", headers={"Accept-Language": "fr"}, **sent).json()
    assert '<html lang="fr">' in page and "Aucune information trouvée" in page
    assert "Cela ne signifie pas que c’est fait sans IA" in unescape(page)
    assert "Cela a-t-il été fait avec une IA" in start and 'hreflang="en"' in start
    assert same["summary"].startswith("Nothing was found")


def test_what_goes_wrong_is_told_in_the_readers_language_and_to_programs_in_english(at):
    sent = {"files": {"file": ("a.mp4", b"hello")}}
    with at.client() as client:
        script = client.post("/verify?part=answer&lang=fr", headers={"Accept": "application/json"}, **sent)
        page = client.post("/verify?lang=fr", headers=HTML, **sent)
        program = client.post("/api/verify", headers={"Accept-Language": "fr"}, **sent)
    assert script.status_code == page.status_code == program.status_code == 422
    assert "est un texte, pas une vidéo" in script.json()["error"]["message"]
    assert "est un texte, pas une vidéo" in page.text and 'href="/verify?lang=fr"' in page.text
    assert "is a text, not a video" in program.json()["error"]["message"]


def test_a_file_is_fetched_from_a_public_address_only_and_only_where_that_is_allowed(at, house, small, monkeypatch):
    with at.client() as client:
        inner = [
            client.post("/api/verify", files={"url": (None, url)})
            for url in ("http://127.0.0.1/a.mp4", "file:///etc/passwd", at.url)
        ]
        room = at.app.state.context
        closed = replace(house, settings=load_settings(home=house.settings.home, verify_urls=False))
        at.app.state.context = replace(room, installation=closed)
        refused = client.post("/api/verify", files={"url": (None, "https://example.org/a.mp4")})
        at.app.state.context = room

        async def fetch(self, url, to):
            to.write_bytes(small.read_bytes())
            return Path(url).name

        monkeypatch.setattr(SafeFetcher, "fetch_async", fetch)  # nothing outside can be reached from a test
        found = client.post("/api/verify", files={"url": (None, "https://example.org/x/clip.mp4")}, timeout=60)
    assert [one.status_code for one in inner] == [400] * 3
    assert (refused.status_code, refused.json()["error"]["code"]) == (501, "not_offered")
    assert (found.status_code, found.json()["file"]) == (200, "clip.mp4")
    assert at.left_on_disk() == [] and verify_api.SafeFetcher is SafeFetcher


@pytest.mark.parametrize(
    ("lang", "scheme", "width"),
    [("en", "light", 1280), ("fr", "dark", 360), ("de", "light", 360), ("es", "dark", 1280)],
)
def test_axe_finds_nothing_wrong_with_any_page_of_the_verifier(chromium, at, child, answer, lang, scheme, width):
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{at.url}/verify?lang={lang}")
    wrong = axe_findings(page)
    page.set_input_files("#file", {"name": "a.mp4", "mimeType": "video/mp4", "buffer": child.read_bytes()})
    page.locator("#go").click()
    page.locator("article.finding").wait_for(timeout=60_000)
    for fold in page.locator("article details").all():
        fold.evaluate("one => one.open = true")
    assert (
        page.evaluate("[...document.images].filter((one) => one.closest('.lineage') && one.naturalWidth).length") == 2
    )
    wrong += axe_findings(page)
    for other in ("/verify/tools", "/verify/consent", "/verify/badge/0011223344556677", "/login", "/nowhere"):
        page.goto(at.url + other)
        wrong += axe_findings(page)
        assert fits(page), other
    page.goto(at.url + shared(at, answer, lang=lang).headers["location"])
    wrong += axe_findings(page)
    assert fits(page)
    context.close()
    assert wrong == []


def test_a_file_is_taken_wherever_it_is_dropped_or_pasted_and_an_address_where_it_is_pasted(chromium, at, child):
    page = chromium.new_context().new_page()
    given = "(bytes) => { const all = new DataTransfer(); all.items.add(new File([new Uint8Array(bytes)], 'a.mp4')); return all }"
    address = (
        "() => { const all = new DataTransfer(); all.setData('text/plain', 'http://127.0.0.1/a.mp4'); return all }"
    )
    drop = "(all) => document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: all, bubbles: true, cancelable: true}))"
    paste = "(all) => document.body.dispatchEvent(new ClipboardEvent('paste', {clipboardData: all, bubbles: true}))"
    for how, what, answered in (
        (drop, given, "article.finding"),
        (paste, given, "article.finding"),
        (paste, address, ".notice.warn"),
    ):
        page.goto(f"{at.url}/verify?lang=fr")
        page.evaluate(how, page.evaluate_handle(what, list(child.read_bytes())))
        page.locator(f"#answer {answered}").wait_for(timeout=60_000)
    assert "serveur web public" in page.locator("#answer").inner_text()
    assert page.evaluate("document.activeElement.id") == "answer"
    page.context.close()


test_axe_finds_nothing_wrong_with_any_page_of_the_verifier.pytestmark += in_a_browser
test_a_file_is_taken_wherever_it_is_dropped_or_pasted_and_an_address_where_it_is_pasted.pytestmark = in_a_browser
