"""Proof that a moderator asks for: asked on the page, sent by keyboard through the secret link, wrongly first, and by
programs; nothing is decided without a person."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.claims.claim import ClaimDecision
from tests.stories.access_claims import countered, decided, filed
from tests.stories.claims_house import claims_house
from tests.stories.http_installation import form_token
from tests.stories.test_claims_browser import opened, tab_to
from tests.stories.test_http_browser import CHROMIUM, chromium

__all__ = ["chromium"]

pytestmark = [pytest.mark.postgres]

WORDS = "Please send something that shows your name."
PDF = b"%PDF-1.7 a passport"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with claims_house(tmp_path_factory.mktemp("house")) as both:
        yield both


@pytest.fixture(scope="module")
def at(house):
    return house[0]


@pytest.fixture(scope="module")
def made(house):
    return house[1]


def kept(at, claim):
    return at.installation.claims.desk.store.get(claim.id)


def asked(at, claim, **fields):
    with at.browser(at.moderator) as moderator:
        page = moderator.get(f"/claim-reviews/{claim.id}").text
        revision = re.search(r'name="revision" value="(\d+)"', page)[1]
        fields = {"form_token": form_token(page), "revision": revision, "wanted": "identity", "words": WORDS} | fields
        answer = moderator.post(f"/claim-reviews/{claim.id}/proof", data=fields)
        assert answer.headers["location"].endswith("done=asked"), answer.text
        return moderator.get(f"/claim-reviews/{claim.id}").text


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: install it to run the browser's stories")
def test_proof_is_sent_by_keyboard_without_scripts_after_wrong_files_were_refused(chromium, at, made, tmp_path):
    claim, secret = filed(made, made.maker)
    assert "They have until" in asked(at, claim)
    page = opened(chromium, scripts=False)
    page.goto(f"{at.url}/claims/status/{secret}")
    said = page.locator("main").inner_text()
    assert WORDS in said and "Who you are" in said and "the clock stands still" in said
    wrong, large, right = tmp_path / "p.docx", tmp_path / "large.pdf", tmp_path / "passport.pdf"
    wrong.write_bytes(b"PK\x03\x04")
    large.write_bytes(b"%PDF-" + bytes(11 * 1024**2))
    right.write_bytes(PDF)
    for file, why in ((None, "Send a file, or say"), (wrong, "a PDF, a PNG or a JPEG"), (large, "10 MB at most")):
        if file is not None:
            page.locator("#identity_file").set_input_files(file)
        page.locator("#proof_words").fill("" if file is None else "My passport.")
        tab_to(page, "#proof button")
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press("Enter")
        assert why in page.locator("#proof-error").inner_text()
        assert page.locator("#proof_words").input_value() == ("" if file is None else "My passport.")
        assert kept(at, claim).clock_stopped_at is not None
    page.locator("#identity_file").set_input_files(right)
    tab_to(page, "#proof button")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=proof")
    assert "has come in" in page.locator("[role=status]").inner_text()
    assert kept(at, claim).clock_stopped_at is None
    with at.browser(at.moderator) as moderator:
        shown = moderator.get(f"/claim-reviews/{claim.id}").text
        assert (
            "My passport." in shown
            and "The proof is enough" in shown
            and "proof came" in moderator.get("/claim-reviews").text
        )
        token, revision = form_token(shown), re.search(r'name="revision" value="(\d+)"', shown)[1]
        moderator.post(f"/claim-reviews/{claim.id}/proved", data={"form_token": token, "revision": revision})
        files = re.findall(r'href="(/claim-reviews/[^"]+/files/[^"]+)"', shown)
        assert PDF in [moderator.get(address).content for address in files]
    decide(at, claim)
    page.locator("#identity_file").set_input_files(right)
    with page.expect_navigation(wait_until="load"):
        page.locator("#proof button").click()
    assert "was not kept" in page.locator("[role=alert]").inner_text() and not page.locator("#proof").count()
    page.context.close()


def decide(at, claim):
    now, review = datetime.now(UTC), at.installation.claims.review
    revision = kept(at, claim).revision
    review.decide(
        at.moderator.person, claim.id, ClaimDecision.REJECTED, code="no_right_shown", revision=revision, now=now
    )


def test_a_report_takes_a_passport_of_several_megabytes_on_the_page_and_by_program(at):
    scan = b"%PDF-1.7" + bytes(3 * 1024**2)
    sent = {"name": "Ana", "email": "ana@example.org", "explanation": "My face.", "statement": "bona_fide"}
    sent |= {"kind": "likeness", "about": "0" * 16}
    with at.client() as anybody:
        files = {"identity_file": ("p.pdf", scan)}
        page = anybody.post("/claims/new", data=sent, files=files, headers={"Accept": "text/html"})
        assert page.status_code == 303, page.text
        made = anybody.post("/api/claims", data=sent, files=files)
        assert made.status_code == 200, made.text
        [file] = at.installation.claims.desk.store.files(made.json()["id"])
        assert file.size == len(scan)
        more = anybody.post(f"/api/claims/status/{made.json()['secret']}/proof", files=files)
        assert more.status_code == 200, more.text


def test_after_the_time_for_it_is_over_the_page_says_so_in_four_languages_and_still_takes_it(at, made):
    claim, secret = filed(made, made.maker)
    asked(at, claim)
    at.installation.claims.upkeep.run_maintenance(datetime.now(UTC) + timedelta(days=15))
    with at.client() as anybody:
        for language, words in (
            ("en", "is over"),
            ("fr", "écoulé"),
            ("de", "Zeit dafür ist um"),
            ("es", "ha terminado"),
        ):
            assert (
                words in anybody.get(f"/claims/status/{secret}?lang={language}", headers={"Accept": "text/html"}).text
            )
        answer = anybody.post(
            f"/api/claims/status/{secret}/proof", data={"words": "It was stolen."}, files={"work_file": ("", b"")}
        )
        assert answer.status_code == 200 and answer.json()["proof_came_at"]


def test_an_account_is_told_and_sends_it_signed_in_or_by_its_key_and_nobody_else_does(at, made):
    claim, _ = filed(made, made.maker, account=at.platform.person)
    asked(at, claim)
    with at.browser(at.platform) as own, at.browser(at.other) as other:
        assert f"/claims/own/{claim.id}" in own.get("/portal").text + own.get("/").text + own.get("/me").text
        page = own.get(f"/claims/own/{claim.id}").text
        assert WORDS in page
        files = {"identity_file": ("p.pdf", PDF)}
        sent = own.post(f"/claims/own/{claim.id}/proof", data={"form_token": form_token(page)}, files=files)
        assert sent.headers["location"].endswith("done=proof")
        assert other.get(f"/claims/own/{claim.id}").status_code == 404
    with at.client(at.platform) as key, at.client(at.other) as foreign:
        address = f"/api/claims/{claim.id}/proof"
        assert key.post(address, data={"words": "x"}, files={"identity_file": ("p.pdf", PDF)}).status_code == 200
        assert key.post(address, data={"words": "x"}, files={"identity_file": ("p.exe", b"MZ")}).status_code == 400
        assert foreign.post(address, data={"words": "x"}, files={"identity_file": ("p.pdf", PDF)}).status_code == 404


def test_an_account_takes_its_claim_back_appeals_and_says_that_it_went_to_court_without_the_secret_link(at, made):
    open_one, _ = filed(made, made.maker, account=at.platform.person)
    lost, _ = decided(made, made.maker, ClaimDecision.REJECTED, account=at.platform.person)
    won, _ = countered(made, made.maker, account=at.platform.person)
    with at.browser(at.platform) as own, at.browser(at.other) as other:
        for claim, action, words in (
            (open_one, "withdraw", "You took your report back."),
            (lost, "appeal", "Somebody else will look at it."),
            (won, "court", "It is noted that you went to court"),
        ):
            address = f"/claims/own/{claim.id}"
            sent = {"form_token": form_token(own.get(address).text), "words": "Look again."}
            assert own.post(f"{address}/{action}", data={"words": "Look again."}).status_code == 403
            assert (
                other.post(
                    f"{address}/{action}", data=sent | {"form_token": form_token(other.get("/claims").text)}
                ).status_code
                == 404
            )
            done = own.post(f"{address}/{action}", data=sent, follow_redirects=True)
            assert words in done.text
        again = own.post(f"/claims/own/{open_one.id}/withdraw", data=sent)
        assert again.status_code == 409 and "taken this report back already" in again.text
        assert f'href="/claims/own/{open_one.id}"' in again.text  # the way back
        opened_again = own.get(f"/claims/own/{open_one.id}/withdraw", headers={"Accept": "text/html"})
        assert opened_again.headers["location"] == f"/claims/own/{open_one.id}"
    with at.client(at.platform) as key:
        assert key.post(f"/api/claims/{lost.id}/appeal", json={"words": "Twice."}).status_code == 409
        assert key.post(f"/api/claims/{open_one.id}/withdraw").status_code == 409


def test_a_moderators_program_lists_reads_asks_accepts_and_decides(at, made):
    claim, secret = filed(made, made.maker)
    with at.client(at.moderator) as moderator, at.client(at.platform) as platform, at.client() as nobody:
        base = f"/api/claim-reviews/{claim.id}"
        for address in ("/api/claim-reviews", base):
            assert platform.get(address).status_code == 403 and nobody.get(address).status_code == 401
        listed = moderator.get("/api/claim-reviews", params={"kind": "copyright"}).json()
        assert [one["seconds_left"] > 0 for one in listed["data"] if one["id"] == claim.id] == [True]
        read = moderator.get(base.lower()).json()
        assert read["contact"]["name"] == "R. Holder" and "copyright_infringed" in read["choices"]["upheld"]
        body = {"revision": read["revision"], "wanted": ["identity"], "words": WORDS}
        assert platform.post(f"{base}/proof", json=body).status_code == 403
        assert moderator.post(f"{base}/proof", json=body | {"wanted": []}).status_code == 400
        assert moderator.post(f"{base}/proof", json=body | {"wanted": ["blood"]}).status_code in (400, 422)
        stopped = moderator.post(f"{base}/proof", json=body).json()
        assert stopped["clock_stopped_at"] and moderator.post(f"{base}/proof", json=body).status_code == 409
        told = nobody.get(f"/api/claims/status/{secret}").json()
        assert told["proof"] == {"wanted": ["identity"], "words": WORDS, "waits": False, "may_add": True}
        nobody.post(f"/api/claims/status/{secret}/proof", data={"words": ""}, files={"identity_file": ("p.pdf", PDF)})
        read = moderator.get(base).json()
        file = moderator.get(f"{base}/files/{read['files'][-1]['id']}")
        assert file.content == PDF and file.headers["content-disposition"].startswith("attachment")
        proved = moderator.post(f"{base}/proved", json={"revision": read["revision"]}).json()
        decision = {"revision": proved["revision"], "decision": "rejected", "code": "made_up"}
        assert moderator.post(f"{base}/decide", json=decision).status_code == 400
        decided = moderator.post(f"{base}/decide", json=decision | {"code": "no_infringement"}).json()
        assert decided["decision"] == "rejected" and decided["choices"] == {}
        assert moderator.post(f"{base}/decide", json=decision | {"code": "no_infringement"}).status_code == 409
        assert claim.id in [one["id"] for one in moderator.get("/api/claim-reviews?view=decided").json()["data"]]
