"""The page of the policy: an operator sees what is tried and takes it back; nobody else does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.events import Judged, Measured
from core.roles import Principal, Role
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate
from pipeline.policy_rollout.policy_selection import PolicySelector, pack_policy
from pipeline.policy_rollout.policy_service import PolicyService
from pipeline.policy_rollout.rollout import Rollout
from pipeline.testing.memory_ledger_views import MemoryCaseHistories
from pipeline.testing.memory_policy_store import MemoryPolicyStore
from pipeline.testing.memory_rule_activity import MemoryPolicyReplays, MemoryRuleActivity
from policy.pack import load
from tests.stories.http_installation import FINE, form_token, memory_installation, serve_installation
from tests.unit.policy.packs import VOCABULARY, FolderSource, rule, write_pack

OPERATOR = Principal(id="op", roles=frozenset({Role.OPERATOR}))


@pytest.fixture
def at(tmp_path):
    house = memory_installation(tmp_path / "house")
    old, new = (tmp_path / name for name in ("old", "new"))
    for folder, at in ((old, 0.9), (new, 0.5)):
        folder.mkdir()
        write_pack(folder, prompt_hate=rule("hate", at=at))
    policing = PolicySelector(MemoryPolicyStore(), FolderSource(old))
    rollout = Rollout(policy_selector=policing, installed_policy=pack_policy(old, policing.installed()))
    desk = PolicyService(
        rollout=rollout,
        case_histories=MemoryCaseHistories(house.ledger),
        activity=MemoryRuleActivity(house.ledger),
        replays=MemoryPolicyReplays(),
    )
    house = replace(house, service=replace(house.service, policy_service=desk))
    with serve_installation(house) as serving:
        rollout.stage(OPERATOR, new, load(new, VOCABULARY), share=25.0, profile=None)
        yield serving


def test_an_operator_sees_the_candidate_and_what_it_would_change_and_takes_it_back(at):
    desk, operator = at.installation.service.policy_service, at.installation.account(Role.OPERATOR)
    _judged(at, score=0.7)
    with at.browser(operator) as browser:
        shown = browser.get("/policy?compare=true").text
        now = desk.status(OPERATOR)
        assert now.digest in shown and now.candidate in shown and "25 %" in shown
        assert "Of 1 verdicts about 1 past cases 1 would differ" in " ".join(shown.split())
        form = {"form_token": form_token(shown), "seen": str(len(now.steps))}
        assert browser.post("/policy/rollback", data=form).headers["location"] == "/policy?done=back"
        assert browser.post("/policy/rollback", data=form).status_code == 409  # it is not what they looked at
        assert "One policy decides about every case" in browser.get("/policy").text
    after = desk.status(OPERATOR)
    assert (after.candidate, after.steps[-1].step, after.steps[-1].by) == ("", "withdraw", operator.person.id)


def test_an_operator_promotes_what_was_looked_at(at):
    desk, operator = at.installation.service.policy_service, at.installation.account(Role.OPERATOR)
    candidate = desk.status(OPERATOR).candidate
    with at.browser(operator) as browser:
        form = {"form_token": form_token(browser.get("/policy").text), "seen": "1"}
        assert browser.post("/policy/promote", data=form).status_code == 303
    assert desk.status(OPERATOR).digest == candidate


def test_nobody_else_sees_the_page_or_takes_a_step(at):
    for account in (at.moderator, at.platform):
        with at.browser(account) as browser:
            assert "/policy" not in browser.get("/cases").text
            assert browser.get("/policy").status_code == 403
            form = {"form_token": form_token(browser.get("/cases").text), "seen": "1"}
            assert browser.post("/policy/rollback", data=form).status_code == 403
    assert at.installation.service.policy_service.status(OPERATOR).candidate


def _judged(at, score: float) -> None:
    """One case that the policy in force let pass, with the facts that it weighed."""
    case = at.installation.ledger.load(at.submit(FINE))
    scores = dict.fromkeys(VOCABULARY.labels, 0.0) | {"hate": score}
    signals = tuple(Signal(subject=Subject.PROMPT, label=n, score=s, source="t/1") for n, s in scores.items())
    facts = {"has_reference": False, "author_strikes": 0}
    verdict = at.installation.service.policy_service.rollout.policy_selector.judge(Gate.PROMPT, signals, facts, ())
    assert verdict.decision is Decision.ALLOW
    at.installation.ledger.append(case, [Measured(signals=signals), Judged(verdict=verdict, facts=facts)])
