"""A copy of a video whose person no longer agrees says so: to whoever has the file, or the receipt, by page, API, command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from media.transcode import Encoding, reencode
from tests.stories.http_installation import serve_real_installation
from tests.stories.test_http_browser import CHROMIUM, chromium, fits, page

__all__ = ["chromium", "page"]

pytestmark = [pytest.mark.postgres, pytest.mark.models]
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(days=90)


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home, one_person=False) as serving:
        yield serving


@pytest.fixture(scope="module")
def leased(at):
    """Somebody enrolled, and what they allowed: the lease and its receipt."""
    desk = at.installation.service.cameos
    cameo = desk.stores.cameos.add("copied-mira", at.platform.person.id)
    desk.review.activate(cameo, by=at.platform.person.id)
    with at.client(at.platform) as client:
        wide = {"purposes": [], "bans": [], "confirm": True}
        body = {"holder": at.other.person.id, "until": UNTIL.isoformat(), **wide}
        made = client.post("/api/cameos/copied-mira/leases", json=body)
    assert made.status_code == 201, made.text
    return made.json()


@pytest.fixture(scope="module")
def copy(at, leased, tmp_path_factory):
    """A copy of a published video of hers as a stranger has it: encoded anew, without credentials and labels."""
    folder = tmp_path_factory.mktemp("copies")
    with at.client(at.other) as client:
        order = {"prompt": "@copied-mira waves", "characters": [{"id": "copied-mira"}]}
        made = client.post("/v1/videos", json=order)
    assert made.status_code == 200, made.text
    video = made.json()["id"]
    assert at.settle(video).phase.value == "published", at.settle(video).verdict
    published = at.installation.service.content(None, video, folder / "published.mp4")
    reencode(published, folder / "copy.mp4", encoding=Encoding(crf=26))
    return folder / "copy.mp4"


def asked(at, path="/api/verify/consent", **form):
    with at.client() as public:
        answer = public.post(path, files=form)
    assert answer.status_code == 200, answer.text
    return answer


def test_as_long_as_it_is_in_force_file_and_receipt_say_until_when(at, leased, copy):
    by_file = asked(at, file=("copy.mp4", copy.read_bytes())).json()
    by_receipt = asked(at, receipt=(None, leased["receipt"]["jws"])).json()
    by_digest = asked(at, receipt=(None, leased["receipt"]["hash"])).json()
    for said in (by_file, by_receipt, by_digest):
        assert (said["state"], said["until"]) == ("in_force", UNTIL.isoformat())
        assert said["says"] == f"The consent is in force until {UNTIL.date()}."
    whole = asked(at, "/api/verify", file=("copy.mp4", copy.read_bytes())).json()
    assert whole["verdict"] == "recovered_by_watermark"
    assert whole["consent"]["state"] == "in_force"
    assert {one["layer"]: one["state"] for one in whole["layers"]}["credentials"] == "missing"
    assert "copied-mira" not in str(whole)


def test_a_receipt_in_a_file_counts_as_the_receipt(at, leased, installation, tmp_path):
    receipt = tmp_path / "receipt.txt"
    receipt.write_text(leased["receipt"]["jws"] + "\n")
    assert asked(at, file=("receipt.txt", receipt.read_bytes())).json()["state"] == "in_force"


def test_what_is_not_known_or_no_receipt_is_told_apart(at, two_seconds):
    assert asked(at, receipt=(None, "ab" * 32)).json()["state"] == "unknown"
    assert asked(at, file=("plain.mp4", two_seconds.read_bytes())).json()["state"] == "none"
    with at.client() as public:
        for form in ({"receipt": (None, "hello")}, {"receipt": (None, "")}, {"receipt": (None, "ey.ey.ey")}):
            assert public.post("/api/verify/consent", files=form).status_code == 400


def test_a_shared_answer_keeps_no_word_of_consent(at, copy):
    with at.client() as public:
        page = public.post("/verify", files={"file": ("copy.mp4", copy.read_bytes())}, headers={"Accept": "text/html"})
        assert "The consent is in force until" in page.text
        token = page.text.split('name="token" value="')[1].split('"')[0]
        shared = public.post("/verify/share", data={"token": token}, follow_redirects=True)
    assert shared.status_code == 200
    assert "The consent is in force until" not in shared.text


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories")
def test_once_it_is_withdrawn_the_copy_says_so_everywhere(at, leased, copy, installation, page):
    with at.client(at.platform) as owner:
        assert owner.delete(f"/api/leases/{leased['lease']['id']}").json()["receipt"]["kind"] == "revoked"
    today = datetime.now(UTC).date().isoformat()
    by_file = asked(at, file=("copy.mp4", copy.read_bytes())).json()
    by_receipt = asked(at, receipt=(None, leased["receipt"]["jws"])).json()
    assert (by_file["state"], by_receipt["state"]) == ("withdrawn", "withdrawn")
    assert by_file["ended"][:10] == by_receipt["ended"][:10] == today
    told = installation.assay("verify", copy)
    assert f"Consent: The consent was withdrawn on {today}." in told.out
    assert installation.assay("verify", copy, "--json").json["consent"]["state"] == "withdrawn"
    said = installation.assay("verify", "--receipt", leased["receipt"]["hash"], "--json")
    assert (said.code, said.json["state"]) == (1, "withdrawn")

    page.goto(f"{at.url}/verify/consent?lang=de")
    page.get_by_label("oder die Quittung selbst oder ihr SHA-256").fill(leased["receipt"]["jws"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert page.get_by_role("status").get_by_role("heading").inner_text() == (
        f"Die Einwilligung wurde am {today} zurückgenommen."
    )
    assert fits(page)
    page.goto(f"{at.url}/verify?lang=fr")
    page.set_input_files("#file", str(copy))
    page.locator("#go").click()
    page.locator("article.finding").wait_for(timeout=60_000)
    words = page.locator("article.finding").inner_text()
    assert f"Le consentement a été retiré le {today}." in words
    assert "Quelles marques sont là, et lesquelles ont disparu" in words
    assert "elles ont disparu" in words
