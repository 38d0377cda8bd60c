"""A moderator rules, and the case goes on; a stale page overwrites nothing."""

import re

import pytest

from core.case import Phase
from core.roles import Role
from tests.stories.http_installation import FINE, HELD, REFUSED, form_token, memory_installation, serve_installation


@pytest.fixture
def at(tmp_path):
    with serve_installation(memory_installation(tmp_path)) as serving:
        yield serving


def sent_form(browser, case_id, action, **fields):
    page = browser.get(f"/cases/{case_id}").text
    revision = re.search(r'name="revision" value="(\d+)"', page)[1]
    return browser.post(
        f"/cases/{case_id}/{action}", data={"form_token": form_token(page), "revision": revision} | fields
    )


def test_a_held_case_is_ruled_on_through_the_page_and_goes_on(at):
    case_id = at.submit(HELD)
    assert at.settle(case_id).phase is Phase.HELD
    with at.browser(at.moderator) as moderator:
        assert case_id in moderator.get("/queue").text
        fields = {"decision": "allow", "code": "parody", "note": "clearly a joke", "then": "stay"}
        assert sent_form(moderator, case_id, "rule", **fields).headers["location"] == f"/cases/{case_id}?done=ruled"
        assert at.settle(case_id).phase is Phase.PUBLISHED
        page = moderator.get(f"/cases/{case_id}").text
        assert "ruled to allow it: it is parody or satire" in page
        assert "clearly a joke" in page
        assert case_id not in moderator.get("/queue").text
    with at.browser(at.platform) as author:
        assert "clearly a joke" not in author.get(f"/cases/{case_id}").text


def test_a_refusal_by_a_person_is_appealed_once_and_answered_by_another(at):
    case_id, second = at.submit(HELD), at.installation.account(Role.MODERATOR)
    at.settle(case_id)
    with at.browser(at.moderator) as first, at.browser(second) as other, at.client(at.platform) as platform:
        sent_form(first, case_id, "rule", decision="refuse", code="breaks_policy")
        assert at.settle(case_id).phase is Phase.REFUSED
        assert platform.post(f"/api/cases/{case_id}/appeal", json={"note": "look again"}).status_code == 200
        page = first.get(f"/cases/{case_id}").text
        assert "You ruled on this case before it was appealed: another moderator rules on it." in page
        assert at.installation.service.reviews.take_next(at.moderator.person) is None
        sent_form(other, case_id, "rule", decision="refuse", code="breaks_policy")
        assert at.settle(case_id).phase is Phase.REFUSED
        assert platform.post(f"/api/cases/{case_id}/appeal", json={}).status_code == 409


def test_rule_and_next_opens_the_one_that_waits_longest(at):
    cases = []
    for _ in range(3):
        cases.append(at.submit(HELD))
        at.settle(cases[-1])
    with at.browser(at.moderator) as moderator:
        nexts = [
            sent_form(moderator, case_id, "rule", decision="allow", code="context", then="next").headers["location"]
            for case_id in cases
        ]
    assert nexts == [f"/cases/{cases[1]}?done=next", f"/cases/{cases[2]}?done=next", "/queue?done=empty"]


def test_a_page_that_is_out_of_date_overwrites_nothing(at):
    case_id = at.submit(HELD)
    seen = at.settle(case_id).revision
    ruling = {"decision": "allow", "code": "context", "revision": seen}
    with at.browser(at.moderator) as slow, at.client(at.installation.account(Role.MODERATOR)) as quick:
        page = slow.get(f"/cases/{case_id}").text
        assert (
            quick.post(
                f"/api/cases/{case_id}/rule", json=ruling | {"decision": "refuse", "code": "unclear"}
            ).status_code
            == 200
        )
        again = quick.post(f"/api/cases/{case_id}/rule", json=ruling)
        form = {k: str(v) for k, v in ruling.items()} | {"form_token": form_token(page)}
        late = slow.post(f"/cases/{case_id}/rule", data=form)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert late.status_code == 409
    assert "has changed since you read it" in late.text and f'href="/cases/{case_id}"' in late.text
    assert at.settle(case_id).phase is Phase.REFUSED


@pytest.mark.parametrize(
    "ruling",
    [
        {"decision": "hold", "code": "context"},
        {"decision": "allow", "code": "because"},
        {"decision": "allow", "code": "breaks_policy"},
        {"decision": "refuse", "code": "parody"},
        {"decision": "allow"},
        {"decision": "allow", "code": "context", "revision": None},
        {"decision": "allow", "code": "context", "sudo": True},
    ],
)
def test_a_ruling_comes_from_closed_lists(at, ruling):
    case_id = at.submit(HELD)
    held = at.settle(case_id)
    with at.client(at.moderator) as moderator:
        answer = moderator.post(f"/api/cases/{case_id}/rule", json={"revision": held.revision} | ruling)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    assert at.installation.ledger.load(case_id) == held


def test_the_prompt_and_the_video_are_shown_only_when_asked_for(at):
    case_id = at.submit(FINE)
    at.settle(case_id)
    with at.browser(at.moderator) as moderator:
        page = moderator.get(f"/cases/{case_id}").text
        assert FINE not in page
        assert 'preload="none"' in page and "autoplay" not in page and "muted" in page
        assert FINE in moderator.get(f"/cases/{case_id}", params={"show": "prompt"}).text


def test_the_words_that_were_measured_are_marked_in_the_prompt(at):
    case_id = at.submit(HELD)
    at.settle(case_id)
    with at.browser(at.moderator) as moderator:
        assert "<mark>gore</mark>" in moderator.get(f"/cases/{case_id}", params={"show": "prompt"}).text


def test_a_moderator_sees_a_video_before_the_public_does_and_the_author_does_not(at, monkeypatch):
    shelf = type(at.installation.service.context.public_store)
    monkeypatch.setattr(shelf, "publish", lambda *_: (_ for _ in ()).throw(OSError("full")))
    case_id = at.submit(FINE)
    at.settle(case_id)
    with at.browser(at.moderator) as moderator, at.browser(at.platform) as author:
        part = moderator.get(f"/cases/{case_id}/video", headers={"Range": "bytes=0-9"})
        assert (part.status_code, len(part.content)) == (206, 10)
        assert author.get(f"/cases/{case_id}/video").status_code == 404
        assert "<video" not in author.get(f"/cases/{case_id}").text


def test_a_case_that_failed_is_resumed_and_not_ruled_on(at, monkeypatch):
    shelf = type(at.installation.service.context.public_store)
    with monkeypatch.context() as broken:
        broken.setattr(shelf, "publish", lambda *_: (_ for _ in ()).throw(OSError("full")))
        case_id = at.submit(FINE)
        held = at.settle(case_id)
    assert held.phase is Phase.HELD and held.last_failure
    with at.browser(at.moderator) as moderator:
        page = moderator.get(f"/cases/{case_id}").text
        assert "Continue" in page and "/rule" not in page
        refused = sent_form(moderator, case_id, "rule", decision="allow", code="context")
        assert refused.status_code == 409
        assert sent_form(moderator, case_id, "resume").status_code == 303
    assert at.settle(case_id).phase is Phase.PUBLISHED


def test_a_refusal_is_appealed_and_ruled_on_by_a_person(at):
    case_id = at.submit(REFUSED)
    at.settle(case_id)
    with at.browser(at.platform) as author, at.browser(at.moderator) as moderator:
        assert sent_form(author, case_id, "appeal", note="it is a toy").status_code == 303
        assert '<span class="tag hold">appealed</span>' in moderator.get("/queue").text
        sent_form(moderator, case_id, "rule", decision="allow", code="false_alarm")
    assert at.settle(case_id).phase is Phase.PUBLISHED


def test_what_is_recalled_comes_down(at):
    case_id = at.submit(FINE)
    at.settle(case_id)
    with at.browser(at.moderator) as moderator:
        assert sent_form(moderator, case_id, "recall", code="rights").status_code == 303
        assert at.settle(case_id).phase is Phase.WITHDRAWN
        assert "recalled it: somebody&#39;s rights" in moderator.get(f"/cases/{case_id}").text


def test_the_history_is_told_to_programs_event_by_event(at):
    case_id = at.submit(FINE)
    at.settle(case_id)
    with at.client(at.platform) as platform:
        told = platform.get(f"/api/cases/{case_id}/history").json()["history"]
        case = platform.get(f"/api/cases/{case_id}").json()["case"]
    assert [e["revision"] for e in told] == list(range(1, len(told) + 1))
    assert (told[0]["type"], told[-1]["type"]) == ("Submitted", "Published")
    assert (case["phase"], case["revision"]) == ("published", len(told))
    assert FINE not in str(told) + str(case)


def test_cases_are_listed_by_phase(at):
    fine, held = at.submit(FINE), at.submit(HELD)
    at.settle(fine)
    at.settle(held)
    with at.client(at.platform) as platform, at.browser(at.platform) as author:
        listed = platform.get("/api/cases", params={"phase": "held"}).json()["cases"]
        assert [c["id"] for c in listed] == [held]
        assert platform.get("/api/cases", params={"phase": "no"}).status_code == 400
        page = author.get("/cases", params={"phase": "published"}).text
        assert fine in page and held not in page


def test_a_prompt_is_screened_without_a_case(at):
    with at.client(at.platform) as platform:
        said = platform.post("/api/screen", json={"prompt": HELD}).json()
        cases = platform.get("/api/cases").json()["cases"]
    assert said["verdict"]["decision"] == 1 and said["verdict"]["rules"] == ["gore_words"]
    assert "signals" not in said and "seconds" not in said
    assert cases == []
    with at.client(at.moderator) as moderator:
        told = moderator.post("/api/screen", json={"prompt": HELD}).json()
    assert {s["label"] for s in told["signals"]} >= {"gore_words"}


def test_the_words_of_an_appeal_and_of_a_ruling_reach_whoever_decides_next(at):
    case = at.settle(at.submit(REFUSED))
    why = "It is a <b>museum</b>, not a weapon shop"
    with at.client(at.platform) as client:
        assert client.post(f"/api/cases/{case.id}/appeal", json={"note": why}).status_code == 200
    with at.browser(at.moderator) as browser:
        page = browser.get(f"/cases/{case.id}").text
        assert "It is a &lt;b&gt;museum&lt;/b&gt;, not a weapon shop" in page
    with at.client(at.moderator) as client:
        revision = client.get(f"/api/cases/{case.id}").json()["case"]["revision"]
        ruled = {"decision": "refuse", "code": "breaks_policy", "revision": revision, "note": "No museum to be seen"}
        assert client.post(f"/api/cases/{case.id}/rule", json=ruled).status_code == 200
        notes = client.get(f"/api/cases/{case.id}/history").json()["notes"]
    assert [(one["is_appeal"], one["text"]) for one in notes] == [(True, why), (False, "No museum to be seen")]
    with at.client(at.platform) as client:
        own = client.get(f"/api/cases/{case.id}/history").json()["notes"]
    assert [one["text"] for one in own] == [why]
    at.installation.service.erase(at.platform.person, case.id)
    with at.client(at.moderator) as client:
        assert {one["text"] for one in client.get(f"/api/cases/{case.id}/history").json()["notes"]} == {None}


def three_held(at):
    cases = [at.submit(f"{HELD}, take {number}") for number in range(3)]
    for case_id in cases:
        assert at.settle(case_id).phase is Phase.HELD
    return cases


def opened_next(browser, **more):
    page = browser.get("/queue").text
    return browser.post("/queue/next", data={"form_token": form_token(page), **more}).headers["location"]


def test_two_moderators_who_open_the_next_get_different_cases_and_see_who_has_what(at):
    cases = three_held(at)
    second = at.installation.account(Role.MODERATOR)
    with at.browser(at.moderator) as one, at.browser(second) as other:
        assert opened_next(one) == f"/cases/{cases[0]}?done="
        assert opened_next(other) == f"/cases/{cases[1]}?done="
        assert opened_next(one) == f"/cases/{cases[0]}?done=", "a case that is mine is still my next one"
        assert f"open at {at.moderator.person.id}" in other.get("/queue").text
        assert "has this case open" in other.get(f"/cases/{cases[0]}").text
        assert "has this case open" not in one.get(f"/cases/{cases[0]}").text
        left = other.post(f"/cases/{cases[1]}/leave", data={"form_token": form_token(other.get("/queue").text)})
        assert left.status_code == 204
        sent_form(one, cases[0], "rule", decision="allow", code="context")
        assert opened_next(one) == f"/cases/{cases[1]}?done="


def test_what_one_moderator_skips_is_left_to_others_until_it_changes(at):
    cases = three_held(at)
    with at.browser(at.moderator) as one, at.browser(at.installation.account(Role.MODERATOR)) as other:
        skipped = sent_form(one, cases[0], "skip", code="too_hard_to_view")
        assert skipped.headers["location"] == f"/cases/{cases[1]}?done=skipped"
        assert "you skipped it" in one.get("/queue").text and "you skipped it" not in other.get("/queue").text
        assert opened_next(other) == f"/cases/{cases[0]}?done="
        assert sent_form(one, cases[2], "skip", code="because").status_code == 400
        for case_id in cases[1:]:
            sent_form(one, case_id, "skip", code="second_opinion")
        assert opened_next(one) == "/queue?done=empty"


def test_rows_of_the_queue_show_how_a_prompt_begins_and_what_holds_it(at):
    (case_id, *_) = three_held(at)
    at.settle(at.submit("fog over a lake"))
    with at.browser(at.moderator) as moderator:
        everything = moderator.get("/queue").text
        of_gore = moderator.get("/queue", params={"rule": "gore_words"}).text
        assert f"{HELD}, take 0" in everything and "fog over a lake" in everything
        assert f"{HELD}, take 0" in of_gore and "fog over a lake" not in of_gore
        at.installation.service.context.texts.erase(case_id=case_id)
        assert "The prompt was erased." in moderator.get("/queue").text
    with at.browser(at.platform) as author:
        for path in ("/queue/next", f"/cases/{case_id}/skip", f"/cases/{case_id}/leave"):
            token = form_token(author.get("/cases").text)
            assert author.post(path, data={"form_token": token, "code": "language"}).status_code == 403
