"""A rule for two persons, as two moderators meet it over HTTP; and one that no ruling lifts."""

import re

import pytest

from core.case import Phase
from core.roles import Role
from core.signals import Subject
from policy.decide import decide
from policy.pack import load
from policy.vocabulary import FACTS, Vocabulary
from registry.consent.end_users import end_user_pseudonym
from tests.stories.http_installation import (
    HELD,
    REFUSED,
    WORD_SCORES,
    form_token,
    memory_installation,
    serve_installation,
)
from tests.unit.policy.packs import rule

VOCABULARY = Vocabulary(
    labels={f"{word}_words": frozenset({Subject.PROMPT}) for word in WORD_SCORES}
    | {"nudity": frozenset({Subject.VIDEO})},
    facts=FACTS,
)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "gore.toml").write_text(rule("gore_words", more="two_person = true\n"))
    (folder / "weapon.toml").write_text(rule("weapon_words", more="final = true\n"))
    (folder / "nudity.toml").write_text(rule("nudity", gate="video"))
    return load(folder, VOCABULARY)


@pytest.fixture
def at(tmp_path, policy):
    def judge(gate, signals, facts, rulings, _case_id=""):
        return decide(gate, signals, facts, rulings, policy)

    with serve_installation(memory_installation(tmp_path, decide=judge)) as serving:
        yield serving


def held(at, prompt=HELD):
    case_id = at.submit(prompt)
    assert at.settle(case_id).phase is Phase.HELD
    return case_id


def ruled(at, account, case_id, decision="allow"):
    with at.client(account) as moderator:
        revision = at.installation.ledger.load(case_id).revision
        code = "context" if decision == "allow" else "breaks_policy"
        answer = moderator.post(
            f"/api/cases/{case_id}/rule", json={"decision": decision, "code": code, "revision": revision}
        )
    at.settle(case_id)
    return answer


def test_two_moderators_are_needed_and_the_pages_say_so(at):
    case_id, second = held(at), at.installation.account(Role.MODERATOR)
    with at.browser(at.moderator) as first:
        assert "needs two moderators" in first.get("/queue").text
        page = first.get(f"/cases/{case_id}").text
        assert "Two moderators have to allow" in page
        revision = re.search(r'name="revision" value="(\d+)"', page)[1]
        form = {"form_token": form_token(page), "revision": revision, "decision": "allow", "code": "context"}
        assert first.post(f"/cases/{case_id}/rule", data=form).status_code == 303
        assert at.settle(case_id).phase is Phase.HELD
        assert "needs a second moderator" in first.get("/queue").text
        page = first.get(f"/cases/{case_id}").text
        assert "Needs a second moderator" in page and "wait for the second one: gore" in page
    assert ruled(at, second, case_id).status_code == 200
    case = at.settle(case_id)
    assert (case.phase, case.verdicts[2].lifted) == (Phase.PUBLISHED, ("gore",))


def test_the_same_moderator_twice_is_told_that_it_takes_another(at):
    case_id = held(at)
    ruled(at, at.moderator, case_id)
    again = ruled(at, at.moderator, case_id)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_now")
    assert "a second moderator has to" in again.json()["error"]["message"]
    assert at.installation.ledger.load(case_id).verdict.awaiting == ("gore",)


@pytest.mark.parametrize("who_refuses", ["first", "second"])
def test_one_refusal_is_enough_by_either(at, who_refuses):
    case_id, second = held(at), at.installation.account(Role.MODERATOR)
    ruled(at, at.moderator, case_id)
    assert ruled(at, at.moderator if who_refuses == "first" else second, case_id, "refuse").status_code == 200
    assert at.settle(case_id).phase is Phase.REFUSED


def test_no_number_of_moderators_lifts_a_final_rule(at):
    case_id, second = held(at, REFUSED), at.installation.account(Role.MODERATOR)
    with at.browser(at.moderator) as moderator:
        assert "no ruling lifts this" in moderator.get("/queue").text
    for account in (at.moderator, second):
        ruled(at, account, case_id)
    case = at.settle(case_id)
    assert (case.phase, case.verdict.final) == (Phase.HELD, ("weapon",))


def test_a_platform_says_whose_account_it_is_and_the_case_keeps_it(at):
    order = {"prompt": "a rabbit", "account_minor": True, "region": "DE", "tier": "free", "audience": "teen"}
    order |= {"user": "old name", "safety_identifier": "5f2a"}
    with at.client(at.platform) as platform:
        made = platform.post("/v1/videos", json=order)
        assert made.status_code == 200, made.text
        as_form = platform.post("/v1/videos", files={"prompt": (None, "a rabbit"), "account_minor": (None, "false")})
        for odd in ({"account_minor": "perhaps"}, {"region": "Germany"}, {"tier": "a b"}, {"audience": 7}, {"user": 7}):
            assert platform.post("/v1/videos", json={"prompt": "a rabbit"} | odd).status_code == 400
    asked = at.installation.ledger.load(made.json()["id"]).request
    assert (asked.account_minor, asked.region, asked.tier, asked.audience) == (True, "DE", "free", "teen")
    assert at.installation.ledger.load(as_form.json()["id"]).request.account_minor is False
    assert asked.end_user == end_user_pseudonym(asked.author, "5f2a")
    assert "5f2a" not in asked.end_user
