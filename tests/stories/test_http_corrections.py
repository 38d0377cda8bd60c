"""What was decided is corrected: taken back at once, reversed with all that followed, or sealed from everybody's eyes."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from core.case import Phase
from core.roles import Role
from core.verdicts import Decision
from pipeline.moderation.exposure import Step
from tests.stories.http_installation import (
    FINE,
    HELD,
    REFUSED,
    form_token,
    memory_installation,
    serve_installation,
)
from tests.unit.pipeline.test_actions import OPERATOR


@pytest.fixture
def at(tmp_path):
    made = memory_installation(tmp_path)
    rules = replace(made.service.house_rules, undo_seconds=60.0)
    with serve_installation(replace(made, service=replace(made.service, house_rules=rules))) as serving:
        yield serving


@pytest.fixture
def sent_form(at):
    """Sends a form of a case's page, at the revision at which the case is."""

    def send(browser, case_id, action, **fields):
        token = form_token(browser.get(f"/cases/{case_id}").text)
        revision = str(at.installation.ledger.load(case_id).revision)
        return browser.post(f"/cases/{case_id}/{action}", data={"form_token": token, "revision": revision} | fields)

    return send


def held(at, prompt=HELD):
    case_id = at.submit(prompt)
    assert at.settle(case_id).phase is Phase.HELD
    return case_id


def test_a_ruling_is_taken_back_from_the_next_page_before_it_takes_effect(at, sent_form):
    first, second = held(at), held(at)
    with at.browser(at.moderator) as moderator:
        went = sent_form(moderator, first, "rule", decision="refuse", code="unclear", then="next").headers["location"]
        assert went == f"/cases/{second}?done=next&last={first}"
        page = moderator.get(went).text
        assert f'action="/cases/{first}/undo"' in page and "Take it back" in page
        revision = re.search(rf'/cases/{first}/undo">.*?name="revision" value="(\d+)"', page, re.S)[1]
        form = {"form_token": form_token(page), "revision": revision}
        assert moderator.post(f"/cases/{first}/undo", data=form).headers["location"] == f"/cases/{first}?done=undone"
        case = at.installation.ledger.load(first)
        assert case.phase is Phase.HELD and case.rulings == ()
        assert "undid what was decided last: taken back at once" in moderator.get(f"/cases/{first}").text
        assert moderator.post(f"/cases/{first}/undo", data=form).status_code == 409


def test_the_last_ruling_of_a_queue_can_be_taken_back_too(at, sent_form):
    case_id = held(at)
    with at.browser(at.moderator) as moderator:
        answer = sent_form(moderator, case_id, "rule", decision="allow", code="context", then="next")
        assert answer.headers["location"] == f"/cases/{case_id}?done=last&last={case_id}"
        assert f'action="/cases/{case_id}/undo"' in moderator.get(answer.headers["location"]).text


def test_once_the_gate_has_weighed_it_a_ruling_is_reversed_and_not_undone(at, sent_form):
    case_id = held(at)
    with at.client(at.moderator) as moderator, at.client(at.installation.account(Role.MODERATOR)) as second:
        body = {
            "decision": "refuse",
            "code": "breaks_policy",
            "revision": at.installation.ledger.load(case_id).revision,
        }
        moderator.post(f"/api/cases/{case_id}/rule", json=body | {"reply": "No gore, please."})
        refused = at.settle(case_id)
        assert refused.phase is Phase.REFUSED
        late = moderator.post(f"/api/cases/{case_id}/undo", json={"revision": refused.revision})
        assert late.status_code == 409 and "can be reversed" in late.json()["error"]["message"]
        facts = at.installation.service.context.facts
        again = second.post(f"/api/cases/{case_id}/reverse", json={"code": "mistake", "revision": refused.revision})
        assert again.status_code == 200 and facts is not None
        case = at.settle(case_id)
        assert case.phase is Phase.HELD and case.rulings == () and "allow" in again.json()["actions"] + ["allow"]
        allow = {"decision": "allow", "code": "false_alarm", "revision": case.revision}
        assert second.post(f"/api/cases/{case_id}/rule", json=allow).status_code == 200
    assert at.settle(case_id).phase is Phase.PUBLISHED
    with at.client(at.platform) as platform:
        told = platform.get(f"/v1/videos/{case_id}").json()
    assert told["status"] == "completed" and told["assay"]["reply"] is None  # the refusal's words went with it


def test_a_recall_by_mistake_is_undone_and_the_same_file_is_public_again(at, sent_form):
    case_id = at.submit(FINE)
    published = at.settle(case_id)
    assert published.phase is Phase.PUBLISHED
    with at.client(at.platform) as platform, at.browser(at.moderator) as moderator:
        file = platform.get(f"/v1/videos/{case_id}/content").content
        sent_form(moderator, case_id, "recall", code="mistake")
        assert at.settle(case_id).phase is Phase.WITHDRAWN
        assert platform.get(f"/v1/videos/{case_id}/content").status_code == 404
        assert sent_form(moderator, case_id, "reverse", code="mistake", note="wrong case").status_code == 303
        again = at.settle(case_id)
        assert again.phase is Phase.PUBLISHED and again.sealed == published.sealed and again.recalled is None
        assert platform.get(f"/v1/videos/{case_id}/content").content == file
        assert platform.get(f"/v1/videos/{case_id}").json()["error"] is None
        assert "wrong case" in moderator.get(f"/cases/{case_id}").text


@pytest.mark.parametrize("code", ["rights", "illegal", "intimate_image", "consent_withdrawn", "author"])
def test_a_recall_that_somebodys_right_or_the_law_asked_for_is_not_undone(at, sent_form, code):
    case_id = at.submit(FINE)
    at.settle(case_id)
    with at.browser(at.moderator) as moderator, at.client(at.moderator) as program:
        sent_form(moderator, case_id, "recall", code=code)
        down = at.settle(case_id)
        assert "/reverse" not in moderator.get(f"/cases/{case_id}").text
        answer = program.post(f"/api/cases/{case_id}/reverse", json={"code": "mistake", "revision": down.revision})
    assert answer.status_code == 409 and at.installation.ledger.load(case_id).phase is Phase.WITHDRAWN


def test_what_is_recalled_while_it_was_held_is_held_again_and_not_published(at, sent_form):
    case_id = held(at)
    with at.browser(at.moderator) as moderator:
        sent_form(moderator, case_id, "recall", code="policy")
        at.settle(case_id)
        sent_form(moderator, case_id, "reverse", code="new_evidence")
    assert at.settle(case_id).phase is Phase.HELD


def test_nobody_can_open_what_is_sealed_and_only_a_safety_officer_acts(at, sent_form, monkeypatch):
    shelf = type(at.installation.service.context.public_store)
    with monkeypatch.context() as broken:
        broken.setattr(shelf, "publish", lambda *_: (_ for _ in ()).throw(OSError("full")))
        case_id = at.submit(FINE)
        assert at.settle(case_id).phase is Phase.HELD
    officer = at.installation.account(Role.MODERATOR, Role.SAFETY_OFFICER)
    with at.browser(at.moderator) as moderator, at.browser(officer) as official:
        assert moderator.get(f"/cases/{case_id}/video").status_code == 200
        assert sent_form(moderator, case_id, "seal", code="suspected_abuse").status_code == 303
        for person in (moderator, official):
            page = person.get(f"/cases/{case_id}?show=prompt").text
            assert "This case is sealed. Nobody may view" in page
            assert FINE not in page and "<video" not in page and "/film" not in page and "Show the prompt" not in page
            for part in ("video", "film", "waveform", "still", "still?region=1", "likenesses/0/picture"):
                assert person.get(f"/cases/{case_id}/{part}").status_code == 403, part
        assert sent_form(moderator, case_id, "resume").status_code == 403
        assert sent_form(moderator, case_id, "lift-seal", code="mistake").status_code == 403
        assert sent_form(official, case_id, "resume").status_code == 409
        token = form_token(moderator.get("/queue").text)
        assert case_id not in moderator.post("/queue/next", data={"form_token": token}).headers["location"]
    with at.client(at.moderator) as program, at.client(at.platform) as author:
        assert program.get(f"/api/cases/{case_id}").json()["actions"] == []
        assert author.post(f"/api/cases/{case_id}/erase").status_code in (404, 405, 409)
        assert author.get(f"/v1/videos/{case_id}/content").status_code in (403, 404, 409)
    with at.browser(officer) as official, at.browser(at.moderator) as moderator:
        assert sent_form(official, case_id, "lift-seal", code="cleared_by_authority").status_code == 303
        assert moderator.get(f"/cases/{case_id}/video").status_code == 200


def test_a_rule_that_says_so_seals_a_case_by_itself(at, sent_form):
    rules = replace(at.installation.service.house_rules, sealed_rules=frozenset({"gore_words"}))
    service = replace(at.installation.service, house_rules=rules)
    case_id = held(at)
    case = at.installation.ledger.load(case_id)
    assert service.actions(at.moderator.person, case) == frozenset()
    assert at.installation.service.actions(at.moderator.person, case)
    with pytest.raises(Exception, match="sealed"):
        service.prompt(at.moderator.person, case_id)
    assert service.reviews.take_next(at.moderator.person) is None


def test_each_step_on_the_ladder_is_recorded_for_the_person_and_seen_by_a_lead(at, sent_form):
    case_id = at.submit(FINE)
    at.settle(case_id)
    with at.browser(at.moderator) as moderator, at.browser(at.platform) as author:
        page = moderator.get(f"/cases/{case_id}").text
        desk = at.installation.service.exposure
        assert desk.mine(at.moderator.person).day_points == 0  # evidence costs nothing
        still = moderator.get(f"/cases/{case_id}/still?at=1.0")
        region = moderator.get(f"/cases/{case_id}/still?at=1.0&region=5")
        assert still.headers["content-type"] == region.headers["content-type"] == "image/jpeg"
        assert still.headers["cache-control"] == "no-store" and still.content != region.content
        assert moderator.get(f"/cases/{case_id}/still?region=12").status_code == 400
        moderator.get(f"/cases/{case_id}?show=prompt")
        moderator.get(f"/cases/{case_id}/film")
        moderator.get(f"/cases/{case_id}/video")
        token = form_token(page)
        for step in ("clip", "sound"):
            assert moderator.post(f"/cases/{case_id}/seen", data={"form_token": token, "step": step}).status_code == 204
        assert moderator.post(f"/cases/{case_id}/seen", data={"form_token": token, "step": "still"}).status_code == 400
        assert author.get(f"/cases/{case_id}/still").status_code == 403
        assert author.get(f"/cases/{case_id}/video").status_code == 200
        assert "What you have borne today" in moderator.get(f"/cases/{case_id}").text
    seen = desk.exposures(OPERATOR)
    assert [one.person for one in seen] == [at.moderator.person.id]
    assert set(seen[0].by_step) == set(Step) and seen[0].by_step == dict.fromkeys(Step, 1)


@pytest.mark.parametrize(("chosen", "read"), [("too_strict", "We were too strict"), ("", "Nice rabbit, go on.")])
def test_a_reply_in_words_is_read_by_the_author_through_the_api_and_on_their_page(at, sent_form, chosen, read):
    case_id = held(at)
    with at.browser(at.moderator) as moderator, at.browser(at.platform) as author, at.client(at.platform) as program:
        words = {"reply_code": chosen} if chosen else {"reply": "Nice rabbit, go on."}
        sent_form(moderator, case_id, "rule", decision="allow", code="context", note="kept inside", **words)
        at.settle(case_id)
        told = program.get(f"/v1/videos/{case_id}").json()
        page = author.get(f"/cases/{case_id}").text
        assert read in told["assay"]["reply"] and read in page and "What a moderator wrote to you" in page
        assert "kept inside" not in page + str(told)
        at.installation.service.erase(at.platform.person, case_id)
        assert program.get(f"/v1/videos/{case_id}").json()["assay"]["reply"] is None
        assert read not in author.get(f"/cases/{case_id}").text


def test_what_a_ruling_would_tell_is_what_the_author_is_then_told(at, sent_form):
    case_id = held(at)
    with at.browser(at.moderator) as moderator, at.client(at.platform) as program:
        page = moderator.get(f"/cases/{case_id}").text
        assert "If you allow it" in page and "If you refuse it" in page
        sent_form(moderator, case_id, "rule", decision="refuse", code="unclear")
        at.settle(case_id)
        error = program.get(f"/v1/videos/{case_id}").json()["error"]
    assert error["message"] in page


def test_a_page_says_what_was_measured_and_what_becomes_of_other_cases_of_the_author(at, sent_form):
    before = at.submit(REFUSED)
    at.settle(before)
    case_id = held(at)
    with at.browser(at.moderator) as moderator, at.browser(at.platform) as author:
        page = moderator.get(f"/cases/{case_id}").text
        assert "Why it is here" in page and "gore words" in page and at.platform.person.id in page
        assert "<b>1</b> refused" in page and "<b>0.75</b>" in page
        theirs = author.get(f"/cases/{case_id}").text
    assert "Why it is here" not in theirs and "data-ladder" not in theirs and "What they will be told" not in theirs


def test_a_ruling_that_is_taken_back_is_noted_for_no_second_review(at, tmp_path_factory):
    house = memory_installation(tmp_path_factory.mktemp("reviewed"), second_review_share=1.0)
    with serve_installation(house) as serving:
        case_id, service = held(serving), house.service
        service.rule(serving.moderator.person, case_id, Decision.REFUSE, code="unclear", undo_seconds=60.0)
        other = house.account(Role.MODERATOR).person.id
        assert len(service.blind.checks.waiting_seconds(other, days=14, limit=5)) == 1
        revision = house.ledger.load(case_id).revision
        service.reversals.undo(serving.moderator.person, case_id, revision=revision)
        assert service.blind.checks.waiting_seconds(other, days=14, limit=5) == ()


def test_a_process_that_dies_once_a_ruling_is_stored_leaves_it_its_time_to_be_taken_back(at, tmp_path_factory):
    house = memory_installation(tmp_path_factory.mktemp("killed"))
    with serve_installation(house) as serving:
        case_id, service, me = held(serving), house.service, serving.moderator.person
        store = type(house.ledger).append

        def store_and_die(ledger, *given, **options):
            store(ledger, *given, **options)
            raise SystemExit

        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(type(house.ledger), "append", store_and_die)
            service.rule(me, case_id, Decision.REFUSE, code="unclear", undo_seconds=60.0)
        case = house.ledger.load(case_id)
        assert case.phase is Phase.SCREENED
        assert house.ledger.due([Phase.SCREENED], unmoved_for=timedelta(0)) == ()
        assert service.reversals.undo(me, case_id, revision=case.revision).phase is Phase.HELD


def test_an_author_is_not_told_who_sealed_their_case_nor_why(at):
    case_id, service, me = held(at), at.installation.service, at.moderator.person
    revision = at.installation.ledger.load(case_id).revision
    service.reversals.seal(me, case_id, code="suspected_abuse", revision=revision, note="looks very young")
    with at.client(at.platform) as author:
        told = "".join(author.get(f"/api/cases{path}").text for path in ("", f"/{case_id}", f"/{case_id}/history"))
        told += author.get(f"/v1/videos/{case_id}").text
    assert case_id in told
    for secret in (me.id, "suspected_abuse", "looks very young"):
        assert secret not in told
