"""A moderator decides about enrolments, limits in words and known footage, by keys alone; over the embedded Postgres."""

import secrets
from dataclasses import replace

import pytest

from core.case import Phase
from core.events import Judged, Measured, Rendered
from core.roles import Role
from core.signals import ExampleMatch, Signal, Subject
from core.verdicts import Decision, Gate, Verdict
from pipeline.accounts import create_account
from pipeline.known_footage.match_desk import MatchDesk
from pipeline.known_footage.published_matches import PublishedMatches
from registry.banks.bank_activity import BankActivity
from registry.banks.bank_entries import Bank, BankEntry, Provenance
from registry.banks.postgres_banks import PostgresBanks
from registry.consent import LeaseRequest
from tests.contract.cameo_installation import open_cameo_installation
from tests.contract.test_enrolment_review import FACE, SPACE, NearIsAlike
from tests.lawful import carry
from tests.stories.axe_findings import axe_findings
from tests.stories.http_installation import ApiAccount, form_token, serve_installation
from tests.stories.test_http_browser import CHROMIUM, chromium, fits

__all__ = ["chromium"]
from tests.stories.keyboard_browser import signed_in_page
from tests.stories.test_http_cameos import memory_installation_of

pytestmark = pytest.mark.postgres
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")


@pytest.fixture(scope="module")
def house():
    with open_cameo_installation() as made:
        enrolment = replace(made.service.enrolment, capture=NearIsAlike())
        yield replace(made, service=replace(made.service, enrolment=enrolment))


@pytest.fixture(scope="module")
def at(house):
    served = memory_installation_of(house)
    matches = PublishedMatches(activity=BankActivity(house.database), service=served.service)
    served = replace(served, match_desk=MatchDesk(matches=matches, banks=PostgresBanks(house.database)))
    with serve_installation(served) as serving:
        yield serving


@pytest.fixture
def picture(tmp_path):
    """A picture of somebody, whose face the installation can tell."""
    from PIL import Image

    path = tmp_path / "face.jpg"
    Image.new("RGB", (320, 240), (180, 140, 90)).save(path)
    return path


@pytest.fixture
def held(at, picture):
    """An enrolment that waits, of somebody who looks like a person who is enrolled."""
    service = at.installation.service.cameos
    for old in service.review.held(at.moderator.person):
        service.review.admit(at.moderator.person, old.id, allow=False, code="unclear")
    enrolled = service.stores.cameos.add(f"mira-{secrets.token_hex(3)}", at.other.person.id)
    service.stores.templates.add(enrolled.id, "face", SPACE.name, FACE)
    service.review.activate(enrolled, by=at.other.person.id)
    handle = f"widow-{secrets.token_hex(3)}"
    return service.enrolment.estate(at.platform.person, handle, [picture], proof="I am the widow & heir")


@pytest.fixture
def wording(at):
    """Limits in words that wait to be read."""
    service = at.installation.service.cameos
    cameo = service.stores.cameos.add(f"omar-{secrets.token_hex(3)}", at.other.person.id)
    service.review.activate(cameo, by=at.other.person.id)
    request = LeaseRequest(holder="*", words="nothing that my aunt dislikes")
    return service.lease(at.other.person, cameo.handle, request)[0]


@pytest.fixture
def match(at, house, two_seconds):
    """A published video that shows what a bank came to know."""
    return found_match(at, house, two_seconds)


@pytest.fixture
def earlier(at, house, two_seconds):
    """Another that has waited for longer."""
    return found_match(at, house, two_seconds)


def found_match(at, house, two_seconds):
    case = house.case(author=at.platform.person)
    asset = house.context.blob_store.put(two_seconds, media_type="video/mp4", owner=case.id)
    rendered = Rendered(asset=asset, engine="e", engine_version="1")
    case = carry(house.ledger, case, Phase.PUBLISHED, rendered=rendered)
    desk = at.installation.match_desk
    entry = BankEntry(id=f"e{secrets.token_hex(3)}", algorithm="pdq", bits=secrets.token_bytes(32))
    desk.banks.add(Bank(name="known_listed", kind="known_listed"), [entry], Provenance(by="olga", source="a list"))
    (stored,) = desk.banks.entries(known_id=entry.id)
    activity = desk.matches.activity
    activity.note(stored.key, case.id, score=0.82, seconds=[0, 1], rules=["video_known_listed"], state="open", by="")
    return next(one for one in desk.queue(at.moderator.person) if one.case_id == case.id)


def test_a_moderator_sees_proof_picture_and_duplicate_and_nobody_else_does(at, held):
    with at.browser(at.moderator) as browser:
        assert held.handle in browser.get("/enrolments").text
        shown = browser.get(f"/enrolments/{held.id}").text
        assert "I am the widow &amp; heir" in shown and "1.00" in shown and "mira-" in shown
        address = shown.split('src="/enrolments/')[1].split('"')[0]
        got = browser.get(f"/enrolments/{address}")
        assert got.headers["content-type"] == "image/jpeg" and "no-store" in got.headers["cache-control"]
    operator = ApiAccount(*create_account(at.installation.accounts, [Role.OPERATOR]))
    for account in (at.platform, operator):
        with at.browser(account) as browser:
            for path in ("/enrolments", f"/enrolments/{held.id}", f"/enrolments/{address}", "/wordings", "/matches"):
                assert browser.get(path).status_code == 403, path
            form = {"form_token": form_token(browser.get("/platform").text), "decision": "allow"}
            assert browser.post(f"/enrolments/{held.id}/decide", data=form).status_code == 403
    with at.browser(at.moderator) as browser:
        assert browser.post(f"/enrolments/{held.id}/decide", data={"decision": "allow"}).status_code == 403


def test_a_refused_person_reads_why_and_appeals_and_another_moderator_admits(at, held):
    with at.browser(at.moderator) as browser:
        form = {"form_token": form_token(browser.get(f"/enrolments/{held.id}").text), "decision": "refuse"}
        assert browser.post(f"/enrolments/{held.id}/decide", data=form).status_code == 400
        done = browser.post(f"/enrolments/{held.id}/decide", data={**form, "code": "proof_lacking", "note": "no paper"})
        assert done.status_code == 303
    with at.browser(at.platform) as browser:
        assert f"/me/{held.id}" in browser.get("/me").text
        page = browser.get(f"/me/{held.id}")
        assert "does not show that you may speak for this person" in page.text and "no paper" not in page.text
        assert "ne montre pas que vous pouvez parler" in browser.get(f"/me/{held.id}?lang=fr").text
        form = {"form_token": form_token(page.text), "why": "Here is the paper"}
        assert browser.post(f"/me/{held.id}/appeal", data=form).headers["location"].endswith("done=appealed")
    with at.browser(at.moderator) as browser:
        shown = browser.get(f"/enrolments/{held.id}").text
        assert "Here is the paper" in shown and "no paper" in shown
        form = {"form_token": form_token(shown), "decision": "allow"}
        assert browser.post(f"/enrolments/{held.id}/decide", data=form).status_code == 403
    second = ApiAccount(*create_account(at.installation.accounts, [Role.MODERATOR]))
    with at.browser(second) as browser:
        form["form_token"] = form_token(browser.get(f"/enrolments/{held.id}").text)
        assert browser.post(f"/enrolments/{held.id}/decide", data=form).status_code == 303
        assert browser.get(f"/enrolments/{held.id}").status_code == 200
    assert at.installation.service.cameos.stores.cameos.get(held.id).state == "active"


def test_a_refused_person_is_erased_by_their_handle_and_not_by_an_empty_field(at, held):
    service = at.installation.service.cameos
    service.review.admit(at.moderator.person, held.id, allow=False, code="unclear")
    with at.browser(at.platform) as browser:
        form = {"form_token": form_token(browser.get(f"/me/{held.id}").text)}
        assert browser.post(f"/me/{held.id}/erase", data=form | {"sure": ""}).status_code == 400
        assert service.stores.cameos.get(held.id).state == "refused"
        assert browser.post(f"/me/{held.id}/erase", data=form | {"sure": held.handle}).status_code == 303
    assert service.stores.cameos.get(held.id).state == "erased"
    assert service.inspection.pictures(at.moderator.person, held.id) == []


def test_rules_are_made_of_words_or_they_are_refused_with_a_reason(at, wording):
    with at.browser(at.moderator) as browser:
        page = browser.get(f"/wordings/{wording.id}").text
        assert "my aunt dislikes" in page and "my aunt dislikes" in browser.get("/wordings").text
        form = {"form_token": form_token(page), "ban": ["alcohol", "romance"], "words": "aunt, tea", "watched": "on"}
        assert browser.post(f"/wordings/{wording.id}/rules", data=form | {"form_token": "no"}).status_code == 403
        assert browser.post(f"/wordings/{wording.id}/rules", data=form).headers["location"].endswith("done=ruled")
        assert browser.get(f"/wordings/{wording.id}").status_code == 404
    leases = at.installation.service.cameos.stores.leases.of(wording.handle)
    terms = next(lease for lease in leases if lease.replaces == wording.id).terms
    assert (terms.bans, terms.words, terms.watched) == (("alcohol", "romance"), ("aunt", "tea"), True)
    assert terms.reviewed == at.moderator.person.id


def test_refused_words_end_the_permission(at, wording):
    with at.browser(at.moderator) as browser:
        form = {"form_token": form_token(browser.get(f"/wordings/{wording.id}").text), "code": "unclear"}
        assert browser.post(f"/wordings/{wording.id}/refuse", data=form).headers["location"].endswith("done=refused")
    leases = at.installation.service.cameos.stores.leases.of(wording.handle)
    assert next(lease for lease in leases if lease.id == wording.id).revoked


def test_a_match_is_shown_with_its_entry_and_pictures_and_how_long_it_is_up(at, match):
    with at.browser(at.moderator) as browser:
        assert match.id in browser.get("/matches").text
        page = browser.get(f"/matches/{match.key}").text
        assert "0.82" in page and "threshold 0.50" in page and "a list" in page and "up for" in page
        got = browser.get(f"/matches/{match.key}/pictures")
        assert got.headers["content-type"] == "image/jpeg" and got.content[:2] == b"\xff\xd8"
        form = {"form_token": form_token(page)}
        for wrong in ("keep:illegal", "recall:looks_alike", "drop:rights", "keep"):
            assert browser.post(f"/matches/{match.key}/decide", data=form | {"answer": wrong}).status_code == 400, wrong
        unlike = {"decision": "keep", "answer": "recall:rights"}
        assert browser.post(f"/matches/{match.key}/decide", data=form | unlike).status_code == 400
        done = browser.post(f"/matches/{match.key}/decide", data=form | {"answer": "recall:rights"})
        assert done.status_code == 303
        assert browser.post(f"/matches/{match.key}/decide", data=form | {"answer": "keep:agreed"}).status_code == 409
        assert "taken down" in browser.get("/matches?every=true").text
    assert at.installation.ledger.load(match.case_id).phase in (Phase.RECALLED, Phase.WITHDRAWN)


def seal(at, match):
    """Take its video down, and let nobody view it."""
    service, officer = at.installation.service, at.moderator.person
    case = service.recall(officer, match.case_id, code="illegal")
    service.reversals.seal(officer, match.case_id, code="illegal_to_view", revision=case.revision)


def test_of_a_sealed_video_no_match_shows_pictures(at, match):
    seal(at, match)
    with at.browser(at.moderator) as browser:
        assert browser.get(f"/matches/{match.key}/pictures").status_code == 403
        page = browser.get(f"/matches/{match.key}").text
        assert f"/matches/{match.key}/pictures" not in page and "Sealed: nobody may view it." in page


def test_a_sealed_case_is_in_no_list_of_likenesses(at, likeness):
    service = at.installation.service
    service.reversals.seal(
        at.moderator.person, likeness.id, code="suspected_abuse", revision=service.ledger.load(likeness.id).revision
    )
    with at.browser(at.moderator) as browser:
        assert likeness.id not in browser.get("/matches/likenesses").text


@pytest.fixture
def likeness(at, house):
    """A held case that looks like a registered work and in which a protected person is recognised."""
    case = house.case(author=at.platform.person)
    example = ExampleMatch(work="fox", image="i1", similarity=0.81, threshold=0.7)
    signals = (
        Signal(subject=Subject.PROMPT, label="work_likeness", score=0.77, source="t/1", example=example),
        Signal(subject=Subject.PROMPT, label="protected_person", score=0.9, source="t/1"),
        Signal(subject=Subject.PROMPT, label="protected_voice", score=0.1, source="t/1"),
    )
    verdict = Verdict(gate=Gate.PROMPT, decision=Decision.HOLD, rules=("video_protected_person",), policy="ab" * 32)
    return house.ledger.append(case, [Measured(signals=signals), Judged(verdict=verdict, facts={"a": 1})])


def test_held_cases_with_a_likeness_are_listed_with_score_and_threshold_for_moderators_alone(at, house, likeness):
    quiet = house.case(author=at.platform.person)
    with at.browser(at.moderator) as browser:
        page = browser.get("/matches/likenesses").text
        assert f"/cases/{likeness.id}" in page and quiet.id not in page
        assert "likeness 0.81, threshold of this work 0.70" in page and "0.90" in page and "0.10" not in page
        assert "A voice of" not in page
    with at.browser(at.platform) as browser:
        assert browser.get("/matches/likenesses").status_code == 403


@pytest.mark.browser
@needs_browser
def test_an_enrolment_is_decided_by_keys_alone_and_its_pictures_are_blurred_until_asked_for(at, held, chromium):
    page, complaints = signed_in_page(
        chromium, at, at.moderator.token, "/enrolments", viewport={"width": 1280, "height": 800}
    )
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/enrolments/{held.id}")
    blur = "getComputedStyle(document.querySelector('.veiled')).filter"
    assert "blur" in page.evaluate(blur)
    page.keyboard.press("v")
    assert page.evaluate(blur) == "none"
    for key in ("r", "1", "n"):
        page.keyboard.press(key)
    page.wait_for_url("**/enrolments?done=empty")
    assert at.installation.service.cameos.review.refusal(at.platform.person, held.id).code == "proof_lacking"
    assert complaints == []


@pytest.mark.browser
@needs_browser
def test_a_match_is_answered_by_keys_alone_and_the_next_may_be_one_that_nobody_may_view(at, earlier, match, chromium):
    waiting = at.installation.match_desk.queue(at.moderator.person)
    for other in waiting[: waiting.index(match)]:  # the one that opens next is the longest-waiting: a sealed one
        if at.installation.ledger.load(other.case_id).view_seal is None:
            seal(at, other)
    assert earlier.key in {one.key for one in waiting}
    page, complaints = signed_in_page(
        chromium, at, at.moderator.token, f"/matches/{match.key}", viewport={"width": 1280, "height": 800}
    )
    for key in ("f", "1", "n"):
        page.keyboard.press(key)
    page.wait_for_url("**done=**")
    page.wait_for_load_state("networkidle")
    decided = at.installation.match_desk.matches.match(at.moderator.person, match.key)
    assert (decided.state, decided.code) == ("false", "looks_alike")
    assert complaints == []


@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize(("lang", "scheme", "width"), [("en", "light", 1280), ("fr", "dark", 390)])
def test_axe_finds_nothing_wrong_in_the_rooms_of_reviews(
    at, held, wording, match, likeness, chromium, lang, scheme, width
):
    page, _ = signed_in_page(
        chromium,
        at,
        at.moderator.token,
        "/enrolments",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        bypass_csp=True,
    )
    paths = (
        "/enrolments",
        f"/enrolments/{held.id}",
        "/wordings",
        f"/wordings/{wording.id}",
        "/matches",
        "/matches/likenesses",
    )
    for path in (*paths, f"/matches/{match.key}"):
        page.goto(f"{at.url}{path}?lang={lang}")
        assert axe_findings(page) == [], path
        assert fits(page), path
