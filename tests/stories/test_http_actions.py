"""The buttons of a page, the answers to programs and what the desk does come from one function."""

from __future__ import annotations

import re

import pytest

from core.case import Phase
from core.roles import Role
from core.verdicts import Decision, Verdict
from pipeline.actions import Action
from tests.stories.http_installation import (
    FINE,
    HELD,
    REFUSED,
    UNMEASURED,
    form_token,
    memory_installation,
    serve_installation,
)

GORE, WEAPON = "gore_words", "weapon_words"


def decide(gate, signals, _facts, rulings, _case_id=""):
    """Gore takes two moderators, a weapon is refused whatever anybody says, and what was not measured is held."""
    hot = sorted(s.label for s in signals if s.score is None or s.score >= 0.5)
    allowed_by = {r.moderator for r in rulings if r.decision is Decision.ALLOW and r.gate is gate}
    lifted = {GORE} if len(allowed_by) > 1 else set()
    rules = tuple(rule for rule in hot if rule not in lifted)
    decision = Decision.REFUSE if WEAPON in rules else Decision.HOLD if rules else Decision.ALLOW
    return Verdict(
        gate=gate,
        decision=decision,
        rules=rules,
        missing=tuple(s.label for s in signals if s.score is None),
        final=tuple({WEAPON} & set(rules)),
        two_person=tuple({GORE} & set(rules)),
        awaiting=tuple({GORE} & set(rules)) if allowed_by else (),
        policy="p" * 20,
        reason="r",
    )


@pytest.fixture
def at(tmp_path):
    with serve_installation(memory_installation(tmp_path, decide=decide)) as serving:
        yield serving


def offered(page: str) -> set[str]:
    """The actions for which a page has a button; erasing has its place elsewhere."""
    forms = set(re.findall(r'action="/cases/\w+/(\w+)"', page))
    return forms - {"rule", "skip", "leave"} | set(re.findall(r'name="decision" value="(\w+)"', page))


def told(at, account, case_id) -> set[str]:
    with at.client(account) as client:
        return set(client.get(f"/api/cases/{case_id}").json()["actions"])


def sent(browser, case_id, action, **fields):
    page = browser.get(f"/cases/{case_id}").text
    revision = re.search(r'name="revision" value="(\d+)"', page)[1]
    form = {"form_token": form_token(page), "revision": revision}
    return browser.post(f"/cases/{case_id}/{action}", data=form | fields)


@pytest.mark.parametrize("prompt", [FINE, HELD, REFUSED, UNMEASURED])
def test_page_and_program_offer_everyone_the_same(at, prompt):
    case_id = at.submit(prompt)
    case = at.settle(case_id)
    for account in (at.platform, at.moderator):
        with at.browser(account) as browser:
            shown = offered(browser.get(f"/cases/{case_id}").text)
        assert shown == told(at, account, case_id) - {"erase"}
        assert shown == {str(one) for one in at.installation.service.actions(account.person, case)} - {"erase"}
    for outside in (at.other, at.installation.account(Role.OPERATOR)):
        with at.client(outside) as other:
            assert other.get(f"/api/cases/{case_id}").status_code == 404


def test_an_operator_neither_sees_nor_rules_on_what_is_held(at):
    case_id = at.submit(HELD)
    assert at.settle(case_id).phase is Phase.HELD
    operator = at.installation.account(Role.OPERATOR)
    with at.client(operator) as client, at.browser(operator) as browser:
        assert client.get("/api/queue").status_code == 403 and browser.get("/queue").status_code == 403
        assert case_id not in client.get("/api/cases").text + browser.get("/cases").text
        assert client.get(f"/api/cases/{case_id}/content").status_code == 404
        assert browser.get(f"/cases/{case_id}").status_code == 404
        body = {"decision": "allow", "code": "context", "revision": at.installation.ledger.load(case_id).revision}
        assert client.post(f"/api/cases/{case_id}/rule", json=body).status_code in (403, 404)
    assert at.installation.ledger.load(case_id).phase is Phase.HELD


def test_who_ordered_a_video_reads_on_its_page_that_another_moderator_rules(at):
    both = at.installation.account(Role.PLATFORM, Role.MODERATOR)
    case_id = at.submit(HELD, both)
    assert at.settle(case_id).phase is Phase.HELD
    with at.browser(both) as browser, at.browser(at.moderator) as moderator:
        page = browser.get(f"/cases/{case_id}").text
        assert offered(page).isdisjoint({"allow", "refuse"}) and "You asked for this video yourself" in page
        assert sent(browser, case_id, "rule", decision="allow", code="context").status_code == 403
        assert sent(moderator, case_id, "rule", decision="allow", code="context").status_code == 303
    assert [ruling.moderator for ruling in at.settle(case_id).rulings] == [at.moderator.person.id]


def test_a_hold_for_want_of_a_measurement_has_a_button_to_measure_anew(at):
    case_id = at.submit(UNMEASURED)
    held = at.settle(case_id)
    assert held.phase is Phase.HELD and held.verdict.missing and not held.last_failure
    with at.browser(at.moderator) as moderator:
        assert "can be measured again" in moderator.get("/queue").text
        page = moderator.get(f"/cases/{case_id}").text
        assert "Measure again" in page and "resume" in offered(page)
        assert sent(moderator, case_id, "resume").status_code == 303
    assert at.installation.ledger.load(case_id).phase is Phase.SUBMITTED


def test_allow_is_not_offered_where_the_desk_refuses_it(at):
    case_id, second = at.submit(HELD), at.installation.account(Role.MODERATOR)
    at.settle(case_id)
    with at.browser(at.moderator) as first, at.browser(second) as other:
        assert {"allow", "refuse"} <= offered(first.get(f"/cases/{case_id}").text)
        assert sent(first, case_id, "rule", decision="allow", code="context").status_code == 303
        at.settle(case_id)
        page = first.get(f"/cases/{case_id}").text
        assert offered(page) & {"allow", "refuse"} == {"refuse"}
        assert 'data-key="a"' not in page and "<kbd>A</kbd>" not in page and "a second moderator has to" in page
        assert "you have allowed it" in first.get("/queue").text
        assert sent(first, case_id, "rule", decision="allow", code="context").status_code == 409
        assert {"allow", "refuse"} <= offered(other.get(f"/cases/{case_id}").text)
        assert "you have allowed it" not in other.get("/queue").text
        assert sent(other, case_id, "rule", decision="allow", code="context").status_code == 303
    assert at.settle(case_id).phase is Phase.PUBLISHED


def test_no_appeal_is_offered_of_a_final_refusal_that_a_person_has_looked_at(at):
    case_id = at.submit(REFUSED)
    assert at.settle(case_id).phase is Phase.REFUSED
    with at.browser(at.platform) as author, at.browser(at.moderator) as moderator:
        assert "appeal" in offered(author.get(f"/cases/{case_id}").text)
        assert sent(author, case_id, "appeal", note="it is a toy").status_code == 303
        assert sent(moderator, case_id, "rule", decision="allow", code="context").status_code == 303
        after = at.settle(case_id)
        assert (after.phase, after.verdict.final) == (Phase.REFUSED, (WEAPON,))
        assert "appeal" not in offered(author.get(f"/cases/{case_id}").text)
        assert sent(author, case_id, "appeal", note="again").status_code == 409
    assert Action.APPEAL not in told(at, at.platform, case_id)


def test_the_queue_tells_programs_what_they_may_do_with_each(at):
    held, fog = at.submit(HELD), at.submit(UNMEASURED)
    for case_id in (held, fog):
        at.settle(case_id)
    with at.client(at.moderator) as moderator:
        may = moderator.get("/api/queue").json()["actions"]
    assert set(may) == {held, fog}
    assert ("resume" in may[fog], "resume" in may[held]) == (True, False)
