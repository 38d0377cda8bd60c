"""Claims with everything real: a person without an account, an author, two moderators; every clock moved by hand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from core.case import Phase
from core.events import Claimed, Recalled, Reversed
from core.roles import Role
from pipeline.accounts import create_account
from tests.stories.http_installation import ApiAccount, form_token, serve_real_installation

pytestmark = [pytest.mark.postgres, pytest.mark.models]

HTML = {"Accept": "text/html"}
INTIMATE = {
    "kind": "intimate_image",
    "signature": "Ana Example",
    "email": "ana@example.org",
    "statement": ["depicted", "not_consensual"],
}
COPYRIGHT = {
    "kind": "copyright",
    "work": "The film “A Rabbit”, 2019",
    "name": "Rex Holder",
    "address": "1 Main Street",
    "phone": "+1 555 0100",
    "email": "rex@example.org",
    "signature": "Rex Holder",
    "statement": ["good_faith", "accurate"],
}
COUNTER = {
    "kind": "copyright",
    "name": "Mina Maker",
    "address": "2 Side Street",
    "phone": "+1 555 0101",
    "email": "mina@example.org",
    "signature": "Mina Maker",
    "statement": ["mistake", "jurisdiction"],
}


@pytest.fixture(scope="module")
def at(installation):
    with serve_real_installation(installation.home, one_person=False) as serving:
        yield serving


@pytest.fixture(autouse=True)
def nothing_is_kept_down_by_an_earlier_story(at):
    """The engine makes one clip: what one story has taken down would be refused in the next."""
    yield
    for one in at.installation.stay_down.store.keeping():
        at.installation.stay_down.lift(one.claim)


@pytest.fixture(scope="module")
def second(at):
    """Another moderator."""
    return ApiAccount(*create_account(at.installation.accounts, [Role.MODERATOR]))


def published_video(at):
    case_id = at.submit("a sleepy rabbit in a meadow")
    assert at.settle(case_id).phase is Phase.PUBLISHED
    return case_id


def phase(at, case_id):
    return at.installation.ledger.load(case_id).phase


def events(at, case_id, kind):
    return [one.event for one in at.installation.ledger.history(case_id) if isinstance(one.event, kind)]


def sweep(at, now=None):
    at.installation.claims.upkeep.run_maintenance(now or datetime.now(UTC))


def decide(browser, claim_id, decision, code, words="", **more):
    page = browser.get(f"/claim-reviews/{claim_id}")
    assert page.status_code == 200, page.text
    revision = re.search(r'name="revision" value="(\d+)"', page.text)[1]
    fields = {"form_token": form_token(page.text), "revision": revision, "decision": decision, "code": code}
    return browser.post(f"/claim-reviews/{claim_id}/decide", data={**fields, "words": words, **more})


def claim_by_api(client, about, values=COPYRIGHT):
    answer = client.post("/api/claims", json={**values, "about": about})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_intimate_image_reported_without_an_account_is_gone_within_the_clock(at):
    case_id = published_video(at)
    with at.client(at.platform) as author:
        video = author.get(f"/v1/videos/{case_id}/content").content
    with at.client() as nobody, at.browser(at.moderator) as moderator:
        assert "Report an intimate image" in nobody.get("/claims/new/intimate_image", headers=HTML).text
        sent = nobody.post("/claims/new", data=INTIMATE, files={"file": ("found.mp4", video)}, headers=HTML)
        assert sent.status_code == 303, sent.text
        where = sent.headers["location"]
        status = nobody.get(where, headers=HTML)
        claim_id = re.search(r'class="mono">([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})<', status.text)[1]
        assert "Keep this link" in status.text and case_id in status.text
        assert "no-store" in status.headers["cache-control"] and status.headers["referrer-policy"] == "no-referrer"
        # It was found by its mark, and is hidden at once, from everybody.
        assert phase(at, case_id) is Phase.RECALLED
        assert at.settle(case_id).phase is Phase.WITHDRAWN
        assert nobody.get(f"/v1/videos/{case_id}/content").status_code in (401, 404)
        assert [event.step for event in events(at, case_id, Claimed)] == ["paused"]
        sweep(at)
        claim = at.installation.claims.desk.store.get(claim_id)
        assert claim.certain and claim.removed_at < claim.due_at == claim.received_at + timedelta(hours=48)
        assert not claim.is_late(claim.due_at + timedelta(days=1))
        queue = moderator.get("/claim-reviews")
        assert claim_id in queue.text and "in time" in queue.text
        done = decide(moderator, claim_id, "upheld", "intimate_without_consent", "It is plain to see.")
        assert done.status_code == 303, done.text
        status = nobody.get(where, headers=HTML).text
        assert "Upheld" in status and "It is plain to see." in status and "ana@example.org" not in status
    (decided,) = [event for event in events(at, case_id, Claimed) if event.step == "decided"]
    assert (decided.claim, decided.decision, decided.by) == (claim_id, "upheld", at.moderator.person.id)
    assert phase(at, case_id) is Phase.WITHDRAWN
    with at.browser(at.platform) as author:
        page = author.get(f"/claims/against/{claim_id}").text
        assert "It is plain to see." in page and "Ana Example" not in page and "ana@example.org" not in page
        assert "claim about your video was upheld" in author.get("/me").text
    assert at.left_on_disk() == []


def test_what_is_hidden_comes_back_where_the_claim_is_rejected(at):
    case_id = published_video(at)
    with at.client() as nobody, at.browser(at.moderator) as moderator:
        made = claim_by_api(nobody, case_id, INTIMATE)
        assert phase(at, case_id) is Phase.RECALLED and made["hidden_at"]
        assert at.settle(case_id).phase is Phase.WITHDRAWN
        assert decide(moderator, made["id"], "rejected", "no_infringement").status_code == 303
    assert at.settle(case_id).phase is Phase.PUBLISHED
    assert [event.code for event in events(at, case_id, Reversed)] == ["claim_rejected"]
    with at.client(at.platform) as author:
        assert author.get(f"/v1/videos/{case_id}/content").status_code == 200


def test_what_is_taken_back_before_a_worker_came_comes_back_too(at):
    case_id = published_video(at)
    with at.client() as nobody:
        made = claim_by_api(nobody, case_id, INTIMATE)
        assert phase(at, case_id) is Phase.RECALLED
        assert nobody.post(f"/api/claims/status/{made['secret']}/withdraw").status_code == 200
    sweep(at, datetime.now(UTC))
    assert at.settle(case_id).phase is Phase.WITHDRAWN  # what was on its way down arrives there first
    sweep(at, datetime.now(UTC))
    assert at.settle(case_id).phase is Phase.PUBLISHED
    assert [event.code for event in events(at, case_id, Reversed)] == ["claim_withdrawn"]
    (claim,) = at.installation.claims.desk.store.of_case(case_id)
    assert claim.put_back_ids == () and claim.restored_at is not None


def test_a_copyright_notice_and_a_counter_notice(at):
    case_id = published_video(at)
    now = datetime.now(UTC)
    with at.client() as holder, at.browser(at.moderator) as moderator, at.browser(at.platform) as author:
        made = claim_by_api(holder, f"https://example.org/watch/{case_id}?t=3")
        assert made["hidden_at"] is None and phase(at, case_id) is Phase.PUBLISHED
        assert decide(moderator, made["id"], "upheld", "copyright_infringed").status_code == 303
        assert at.settle(case_id).phase is Phase.WITHDRAWN
        with at.browser(at.other) as other:
            assert other.get(f"/claims/against/{made['id']}").status_code == 404
        page = author.get(f"/claims/against/{made['id']}")
        assert "Send a counter-notice" in page.text and "Rex Holder" not in page.text
        fields = {**COUNTER, "form_token": form_token(page.text)}
        unsigned = author.post(
            f"/claims/against/{made['id']}/counter", data={**fields, "signature": ""}, files={"identity_file": b""}
        )
        assert unsigned.status_code == 400 and "Sign: type your full name." in unsigned.text
        sent = author.post(f"/claims/against/{made['id']}/counter", data=fields, files={"identity_file": b""})
        assert sent.status_code == 303, sent.text
        status = holder.get(f"/claims/status/{made['secret']}", headers=HTML).text
        assert "Mina Maker" in status and "2 Side Street" in status  # the law wants it passed on
        (counter,) = at.installation.claims.desk.store.answers_to(made["id"])
        assert timedelta(days=12) <= counter.restore_from - now <= timedelta(days=21)  # 12 from a Sunday on
        sweep(at, counter.restore_from - timedelta(minutes=1))
        assert phase(at, case_id) is Phase.WITHDRAWN
        sweep(at, counter.restore_from)
        assert at.settle(case_id).phase is Phase.PUBLISHED
        assert "The video was put back." in holder.get(f"/claims/status/{made['secret']}", headers=HTML).text
    steps = [event.step for event in events(at, case_id, Claimed)]
    assert steps == ["decided", "kept_down", "countered", "released", "restored", "decided"]
    assert counter.restore_from < counter.due_at


def test_whoever_went_to_court_stops_what_a_counter_notice_puts_back(at):
    case_id = published_video(at)
    with at.client() as holder, at.browser(at.moderator) as moderator, at.client(at.platform) as author:
        made = claim_by_api(holder, case_id)
        assert decide(moderator, made["id"], "upheld", "copyright_infringed").status_code == 303
        at.settle(case_id)
        counter = author.post(f"/api/claims/{made['id']}/counter", json={**COUNTER, "statements": COUNTER["statement"]})
        assert counter.status_code == 200, counter.text
        told = holder.post(f"/api/claims/status/{made['secret']}/court", json={"words": "N.D. Cal., 26-1234"})
        assert told.status_code == 200, told.text
        sweep(at, datetime.now(UTC) + timedelta(days=60))
    assert phase(at, case_id) is Phase.WITHDRAWN


def test_an_appeal_is_decided_by_somebody_else_and_turns_the_decision_round(at, second):
    case_id = published_video(at)
    with at.client() as holder, at.browser(at.moderator) as first, at.browser(second) as other:
        made = claim_by_api(holder, case_id)
        assert decide(first, made["id"], "upheld", "copyright_infringed").status_code == 303
        assert at.settle(case_id).phase is Phase.WITHDRAWN
        with at.browser(at.platform) as author:
            page = author.get(f"/claims/against/{made['id']}")
            fields = {"form_token": form_token(page.text), "words": "It is a parody of mine."}
            assert author.post(f"/claims/against/{made['id']}/appeal", data=fields).status_code == 303
        (appeal,) = at.installation.claims.desk.store.answers_to(made["id"])
        page = first.get(f"/claim-reviews/{appeal.id}").text
        assert "another moderator decides about the appeal" in page and "data-decide" not in page
        fields = {"form_token": form_token(page), "revision": str(appeal.revision)}
        own = first.post(f"/claim-reviews/{appeal.id}/decide", data={**fields, "decision": "upheld", "code": "mistake"})
        assert own.status_code == 403
        assert decide(other, appeal.id, "upheld", "mistake", "A parody indeed.").status_code == 303
        assert at.settle(case_id).phase is Phase.PUBLISHED
        status = holder.get(f"/claims/status/{made['secret']}", headers=HTML).text
        assert "decided otherwise" in status and "Rejected" in status and "A parody indeed." in status
        # The claimant lost now, and may appeal in their turn.
        again = holder.post(f"/claims/status/{made['secret']}/appeal", data={"words": "No parody."}, headers=HTML)
        assert again.status_code == 303, again.text
        assert [event.code for event in events(at, case_id, Recalled)] == ["claim"]


def test_proof_is_seen_by_moderators_only_and_erased_on_time(at):
    case_id = published_video(at)
    passport = b"%PDF-1.7 passport of Ana"
    with at.client() as nobody, at.browser(at.moderator) as moderator, at.browser(at.platform) as author:
        fields = {"kind": "likeness", "about": case_id, "name": "Ana", "email": "ana@example.org"}
        fields |= {"explanation": "That is my face.", "statement": "bona_fide", "authority": "I am she."}
        sent = nobody.post("/claims/new", data=fields, files={"identity_file": ("p.pdf", passport)}, headers=HTML)
        assert sent.status_code == 303, sent.text
        secret = re.search(r"/claims/status/([^?]+)", sent.headers["location"])[1]
        claim = at.installation.claims.desk.by_secret(secret)
        page = moderator.get(f"/claim-reviews/{claim.id}").text
        assert "I am she." in page and "That is my face." in page
        address = re.search(r'href="(/claim-reviews/[^"]+/files/[^"]+)"', page)[1]
        file = moderator.get(address)
        assert file.content == passport and file.headers["content-disposition"].startswith("attachment")
        assert author.get(address).status_code == 403 and nobody.get(address, headers=HTML).status_code == 303
        assert decide(moderator, claim.id, "rejected", "no_right_shown").status_code == 303
        later = datetime.now(UTC) + timedelta(days=31)
        sweep(at, later)
        assert moderator.get(address).status_code == 404
        page = moderator.get(f"/claim-reviews/{claim.id}").text
        assert "I am she." not in page and "That is my face." in page
        sweep(at, later + timedelta(days=183))
        page = moderator.get(f"/claim-reviews/{claim.id}").text
        assert "That is my face." not in page and "ana@example.org" not in page


def test_what_is_missing_is_said_on_the_form_with_what_was_filled_in(at):
    with at.client() as nobody:
        sent = nobody.post(
            "/claims/new", data={**INTIMATE, "email": "", "about": "a1"}, files={"identity_file": b""}, headers=HTML
        )
        assert sent.status_code == 400
        assert "Give an e-mail address" in sent.text and 'value="Ana Example"' in sent.text
        french = nobody.get("/claims/new/intimate_image?lang=fr", headers=HTML).text
        assert "n’est pas consentie" in french and "by law" not in french
        assert nobody.get("/claims/status/guessed", headers=HTML).status_code == 404
        assert nobody.post("/api/claims", json={"kind": "nothing"}).status_code == 400


def test_claims_are_listed_shown_and_decided_in_a_terminal(at, installation):
    case_id = published_video(at)
    with at.client() as holder:
        made = claim_by_api(holder, case_id)
    listed = installation.assay("claims", "list", "--kind", "copyright", "--json")
    assert made["id"] in [row["id"] for row in listed.json], listed.err
    shown = installation.assay("claims", "show", made["id"].lower(), "--json").json
    assert shown["contact"]["name"] == "Rex Holder" and "copyright_infringed" in shown["choices"]["upheld"]
    wrong = installation.assay("claims", "decide", made["id"], "upheld", "--code", "misuse")
    assert wrong.code == 3 and "no reason for this" in wrong.err
    done = installation.assay("claims", "decide", made["id"], "upheld", "--code", "copyright_infringed", "--json")
    assert done.code == 0, done.err
    assert done.json["claim"]["decision"] == "upheld" and done.json["claim"]["removed_at"]
    assert phase(at, case_id) is Phase.WITHDRAWN
    assert installation.assay("claims", "show", "nothing").code == 3


def test_a_clock_that_is_about_to_run_out_is_told_once_and_a_breach_is_shown(at):
    with at.client() as nobody, at.browser(at.moderator) as moderator:
        made = claim_by_api(nobody, "https://example.org/not-here", INTIMATE)
        assert made["videos"] == []
        claims = at.installation.claims
        due = claims.desk.store.get(made["id"]).due_at
        for _ in range(2):
            sweep(at, due - timedelta(hours=2))
        steps = [step.step for step in claims.desk.store.steps(made["id"])]
        assert steps == ["received", "escalated"]
        assert claims.desk.status(made["secret"], due + timedelta(seconds=1)).late
        assert "no video found" in moderator.get("/claim-reviews").text


def test_a_moderators_recall_is_not_reversed_while_a_claim_hides_the_video(at):
    case_id = published_video(at)
    with at.client() as nobody, at.client(at.moderator) as moderator:
        claim = nobody.post("/api/claims", json={**INTIMATE, "about": case_id}).json()
        at.settle(case_id)
        assert moderator.post(f"/api/cases/{case_id}/recall", json={"code": "mistake"}).status_code == 200
        at.settle(case_id)
        body = {"code": "mistake", "revision": at.installation.ledger.load(case_id).revision}
        answer = moderator.post(f"/api/cases/{case_id}/reverse", json=body)
        assert answer.status_code == 409 and "a claim keeps this video down" in answer.text
        assert phase(at, case_id) is Phase.WITHDRAWN
        nobody.post(f"/api/claims/status/{claim['secret']}/withdraw")
        sweep(at)
        body["revision"] = at.installation.ledger.load(case_id).revision
        assert moderator.post(f"/api/cases/{case_id}/reverse", json=body).status_code == 200
        assert at.settle(case_id).phase is Phase.PUBLISHED
