"""Second reviews and golden items as moderators and leads meet them: nobody can tell, and no case changes."""

import re
from dataclasses import replace

import pytest

from core.case import Phase
from core.errors import BadInput, Conflict, Forbidden, NotFound
from core.roles import Role
from core.verdicts import Decision
from pipeline.moderation.review_rights import ReviewRights
from tests.stories.http_installation import (
    HELD,
    ApiAccount,
    form_token,
    memory_installation,
    serve_installation,
)


@pytest.fixture
def at(tmp_path):
    house = memory_installation(tmp_path, second_review_share=1.0, golden_share=0.0)
    with serve_installation(house) as serving:
        yield serving


@pytest.fixture
def golden_at(tmp_path):
    house = memory_installation(tmp_path, second_review_share=0.0, golden_share=0.5)
    with serve_installation(house) as serving:
        yield serving


def held(at, prompt=HELD):
    case_id = at.submit(prompt)
    assert at.settle(case_id).phase is Phase.HELD
    return case_id


def rule(at, account, case_id, decision=Decision.ALLOW, note=""):
    code = "context" if decision is Decision.ALLOW else "breaks_policy"
    at.installation.service.rule(account.person, case_id, decision, code=code, note=note)
    return at.settle(case_id)


def checks(at):
    return at.installation.service.blind.checks


def until_a_check_is_due(at, account, kind="second"):
    """Other rulings of theirs, until the key says that one comes."""
    sampling, who = at.installation.service.blind.sampling, account.person.id
    due = sampling.second_turn if kind == "second" else sampling.golden_turn
    for _ in range(1000):
        if due(who, checks(at).turn(who)):
            return
        checks(at).next_turn(who)
    raise AssertionError("no turn is due")


def next_case(at, browser):
    page = browser.get("/queue").text
    sent = browser.post("/queue/next", data={"form_token": form_token(page)})
    return re.match(r"/cases/([0-9a-f]{16})\?", sent.headers["location"])[1]


def lead(at, *more):
    return at.installation.account(Role.LEAD, *more)


def comparable(page, case_id):
    """A page without what differs from case to case: its id, moments, how long ago, the form's token."""
    page = page.replace(case_id, "CASE")
    page = re.sub(r'name="form_token" value="[^"]+"', "", page)
    page = re.sub(r"<time.*?</time>", "", page)
    page = re.sub(r"due in [^<]+", "DUE", page)
    page = re.sub(r"([Pp]oints|cases): <b>\d+</b>", "", page)  # what they looked at today
    return re.sub(r"show=prompt[^\"]*", "", page)


def test_a_second_review_looks_as_the_case_did_when_it_was_held(at):
    case_id, second = held(at), at.installation.account(Role.MODERATOR)
    with at.browser(second) as browser:
        before = browser.get(f"/cases/{case_id}?show=prompt").text
        at.installation.service.reviews.leave(second.person, case_id)
        rule(at, at.moderator, case_id, note="surely fine")
        until_a_check_is_due(at, second)
        check_id = next_case(at, browser)
        assert check_id != case_id
        page = browser.get(f"/cases/{check_id}?show=prompt").text
    assert comparable(page, check_id) == comparable(before, case_id)
    page = page.replace(f"<option>{at.moderator.person.id}</option>", "")  # a colleague, to whom it can be handed
    assert at.moderator.person.id not in page and "surely fine" not in page and case_id not in page


def test_a_check_is_sent_away_as_any_case_is_and_no_note_about_it_is_kept_anywhere(at):
    case_id, second, third = held(at), *(at.installation.account(Role.MODERATOR) for _ in range(2))
    rule(at, at.moderator, case_id)
    service = at.installation.service
    service.reviews.queue.set_rights(at.moderator.person.id, ReviewRights(expert=True))
    until_a_check_is_due(at, second)
    with at.browser(second) as browser:
        check_id = next_case(at, browser)
        token = form_token(browser.get(f"/cases/{check_id}").text)
        fields = {"form_token": token, "to": third.person.id, "note": "look at this"}
        assert browser.post(f"/cases/{check_id}/hand-over", data=fields).headers["location"] == "/queue?done=empty"
        assert browser.get(f"/cases/{check_id}").status_code == 404
    until_a_check_is_due(at, third)
    with at.browser(third) as browser:
        check_id = next_case(at, browser)
        token = form_token(browser.get(f"/cases/{check_id}").text)
        sent = browser.post(f"/cases/{check_id}/escalate", data={"form_token": token, "note": "look at this"})
        assert sent.headers["location"] == "/queue?done=empty"
    assert service.context.texts.erase(case_id=check_id) == 0
    assert service.context.texts.erase(case_id=case_id) == 1


def test_the_ruling_on_a_second_review_is_in_no_case_and_waits_for_a_lead_where_it_differs(at):
    case_id, second, chief = held(at), at.installation.account(Role.MODERATOR), lead(at, Role.MODERATOR)
    after = rule(at, at.moderator, case_id)
    until_a_check_is_due(at, second)
    with at.browser(second) as browser:
        check_id = next_case(at, browser)
        page = browser.get(f"/cases/{check_id}").text
        revision = re.search(r'name="revision" value="(\d+)"', page)[1]
        form = {"form_token": form_token(page), "revision": revision, "decision": "refuse", "code": "breaks_policy"}
        assert browser.post(f"/cases/{check_id}/rule", data=form | {"code": "parody"}).status_code == 400
        assert browser.post(f"/cases/{check_id}/rule", data=form | {"note": "no"}).status_code == 303
        assert "Your ruling is in the history" in browser.get(f"/cases/{check_id}?done=ruled").text
        assert browser.post(f"/cases/{check_id}/rule", data=form).status_code in (403, 409)
    assert at.installation.ledger.load(case_id) == after
    desk = at.installation.service.quality
    (one,) = desk.disagreements(chief.person)
    assert (one.first.decision, one.second.decision, one.second.reviewer) == ("allow", "refuse", second.person.id)
    assert at.installation.service.context.texts.erase(case_id=case_id) == 2  # the prompt, and the note to the check
    with pytest.raises(Forbidden):
        desk.settle(lead(at).person, case_id, one.first.revision, decision="refuse")
    desk.settle(chief.person, case_id, one.first.revision, decision="refuse")
    assert desk.disagreements(chief.person) == ()
    figures = desk.overview(chief.person)
    assert (figures.rules[0].by_second.value, figures.rules[0].agreed.value) == (1.0, 0.0)


def test_nobody_settles_what_they_ruled_on_themselves(at):
    both = lead(at, Role.MODERATOR)
    case_id, second = held(at), at.installation.account(Role.MODERATOR)
    rule(at, both, case_id)
    until_a_check_is_due(at, second)
    check_id = at.installation.service.reviews.take_next(second.person)
    rule_on_check(at, second, check_id, Decision.REFUSE)
    with pytest.raises(Conflict):
        at.installation.service.quality.settle(both.person, case_id, 3, decision="allow")


def rule_on_check(at, account, check_id, decision):
    code = "context" if decision is Decision.ALLOW else "breaks_policy"
    return at.installation.service.rule(account.person, check_id, decision, code=code)


def test_the_same_check_comes_until_it_is_ruled_on_and_a_skipped_one_goes_to_others(at):
    case_id, second, third = held(at), *(at.installation.account(Role.MODERATOR) for _ in range(2))
    rule(at, at.moderator, case_id)
    until_a_check_is_due(at, second)
    desk = at.installation.service.reviews
    check_id = desk.take_next(second.person)
    assert desk.take_next(second.person) == check_id
    desk.leave(second.person, check_id)
    assert desk.take_next(second.person) == check_id
    desk.skip(second.person, check_id, code="language")
    assert desk.take_next(second.person) is None
    with pytest.raises(NotFound):
        at.installation.service.case(second.person, check_id)
    until_a_check_is_due(at, third)
    assert desk.take_next(third.person) not in (None, check_id)


def test_whoever_ruled_ordered_or_is_somebody_else_gets_no_such_check(at):
    case_id, second = held(at), at.installation.account(Role.MODERATOR)
    rule(at, at.moderator, case_id)
    until_a_check_is_due(at, at.moderator)
    assert at.installation.service.reviews.take_next(at.moderator.person) is None
    author = ApiAccount(replace(at.platform.person, roles=frozenset(Role)), at.platform.token)
    until_a_check_is_due(at, author)
    assert at.installation.service.reviews.take_next(author.person) is None
    until_a_check_is_due(at, second)
    check_id = at.installation.service.reviews.take_next(second.person)
    for stranger in (at.moderator, at.platform, lead(at, Role.MODERATOR)):
        with pytest.raises(NotFound):
            at.installation.service.case(stranger.person, check_id)
        with at.client(stranger) as client:
            assert client.get(f"/api/cases/{check_id}").status_code == 404
    with at.client() as nobody:
        assert nobody.get(f"/verify/{check_id}").status_code == 404


def test_a_case_whose_words_were_erased_is_reviewed_by_nobody_again(at):
    case_id, second = held(at), at.installation.account(Role.MODERATOR)
    rule(at, at.moderator, case_id)
    at.installation.service.context.texts.erase(case_id=case_id)
    until_a_check_is_due(at, second)
    assert at.installation.service.reviews.take_next(second.person) is None
    assert checks(at).waiting_seconds(second.person, days=14, limit=5) == ()


def test_a_golden_item_is_answered_blind_and_told_afterwards(golden_at):
    at = golden_at
    chief, second = lead(at, Role.MODERATOR), at.installation.account(Role.MODERATOR)
    case_id = held(at)
    after = rule(at, at.moderator, case_id, Decision.ALLOW)
    desk = at.installation.service.quality
    desk.make_golden(chief.person, case_id, decision="refuse", reason="It shows a wound in close-up.")
    with pytest.raises(Conflict):
        desk.make_golden(chief.person, case_id, decision="allow", reason="Again")
    until_a_check_is_due(at, second, "golden")
    check_id = at.installation.service.reviews.take_next(second.person)
    assert desk.own_figures(second.person).answers == ()
    rule_on_check(at, second, check_id, Decision.ALLOW)
    ((answer, reason),) = desk.own_figures(second.person).answers
    assert (answer.right, answer.decision, reason) == (False, "refuse", "It shows a wound in close-up.")
    assert at.installation.ledger.load(case_id) == after
    (person,) = [one for one in desk.overview(chief.person).people if one.person == second.person.id]
    assert (person.golden.count, person.golden.value) == (1, 0.0)
    assert desk.disagreements(chief.person) == ()


def test_a_recall_of_a_check_stops_nothing(golden_at):
    at = golden_at
    chief, second = lead(at, Role.MODERATOR), at.installation.account(Role.MODERATOR)
    case_id = held(at)
    after = rule(at, at.moderator, case_id, Decision.ALLOW)
    at.installation.service.quality.make_golden(chief.person, case_id, decision="refuse", reason="A wound.")
    until_a_check_is_due(at, second, "golden")
    check_id = at.installation.service.reviews.take_next(second.person)
    at.installation.service.recall(second.person, check_id, code="policy")
    assert at.installation.ledger.load(case_id) == after
    assert checks(at).check(check_id).decision == "refuse"


@pytest.mark.parametrize(("decision", "reason"), [("hold", "why"), ("allow", " "), ("allow", "x" * 1001)])
def test_a_golden_item_has_an_answer_and_a_reason(golden_at, decision, reason):
    chief = lead(golden_at, Role.MODERATOR)
    case_id = held(golden_at)
    rule(golden_at, golden_at.moderator, case_id)
    with pytest.raises(BadInput):
        golden_at.installation.service.quality.make_golden(chief.person, case_id, decision=decision, reason=reason)


def test_what_nobody_ruled_on_is_no_golden_item(golden_at):
    chief, case_id = lead(golden_at, Role.MODERATOR), held(golden_at)
    with pytest.raises(BadInput, match="no moderator has ruled"):
        golden_at.installation.service.quality.make_golden(chief.person, case_id, decision="allow", reason="why")


def test_figures_of_everybody_are_for_leads_only(at):
    desk, moderator = at.installation.service.quality, at.moderator.person
    for asked in (
        lambda: desk.overview(moderator),
        lambda: desk.disagreements(moderator),
        lambda: desk.golden_items(moderator),
        lambda: desk.own_figures(lead(at).person),
        lambda: desk.make_golden(lead(at).person, "a" * 16, decision="allow", reason="why"),
        lambda: desk.retire_golden(moderator, "a" * 16, 3),
    ):
        with pytest.raises(Forbidden):
            asked()
