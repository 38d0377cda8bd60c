"""A candidate gets its share of cases and no more; promotion and roll-back are exact."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.case import new_case
from core.errors import Conflict, Forbidden, NotFound, NotNow, PolicyError
from core.roles import Principal, Role
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate
from pipeline.ledgers.policy_store import RolloutStep, StoredPolicy
from pipeline.policy_rollout import policy_loading
from pipeline.policy_rollout.policy_selection import (
    PolicySelector,
    is_in_rollout_share,
    load_stored_policy,
    pack_policy,
)
from pipeline.policy_rollout.rollout import Rollout, rollback_path
from pipeline.settings import Settings
from pipeline.testing.memory_policy_store import MemoryPolicyStore
from policy.pack import load
from policy.profile import parse_profile
from policy.vocabulary import Vocabulary
from tests.unit.policy.packs import VOCABULARY, FolderSource, rule, write_pack

OPERATOR = Principal(id="op", roles=frozenset({Role.OPERATOR}))
PROFILE = parse_profile("small", 'says = "."\n[modes]\nprompt_hate = "shadow"\n')
CASE = "00112233445566aa"


class House:
    """An installation with rules in a folder, and two candidates beside."""

    def __init__(self, folder: Path) -> None:
        self.old = write_pack(made(folder / "old"), prompt_hate=rule("hate", at=0.9))
        self.new = write_pack(made(folder / "new"), prompt_hate=rule("hate", at=0.5, then="refuse"))
        self.third = write_pack(made(folder / "third"), prompt_hate=rule("hate", at=0.2))
        self.policy_store = MemoryPolicyStore()
        self.policy_selector = PolicySelector(self.policy_store, FolderSource(self.old))
        self.rollout = Rollout(
            policy_selector=self.policy_selector,
            installed_policy=pack_policy(self.old, self.policy_selector.installed()),
        )

    def stage(self, folder: Path, share: float = 100.0):
        return self.rollout.stage(OPERATOR, folder, load(folder, VOCABULARY), share=share, profile=None)

    def decision(self, score: float, case_id: str = CASE) -> Decision:
        labels = {"sexual": 0.0, "hate": score, "gore": 0.0, "nudity": 0.0}
        signals = [Signal(subject=Subject.PROMPT, label=n, score=s, source="t/1") for n, s in labels.items()]
        return self.policy_selector.judge(Gate.PROMPT, signals, {"has_reference": False}, (), case_id).decision


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture
def at(tmp_path: Path) -> House:
    return House(tmp_path)


def test_before_any_step_the_installed_rules_decide(at: House) -> None:
    assert (at.decision(0.8), at.decision(0.9)) == (Decision.ALLOW, Decision.HOLD)
    assert at.rollout.status().digest == at.rollout.status().installed == load(at.old, VOCABULARY).digest


def test_a_staged_policy_decides_about_its_share_and_the_verdict_names_it(at: House) -> None:
    status = at.stage(at.new, share=30.0)
    cases = [new_case().id for _ in range(400)]
    tried = {case for case in cases if at.policy_selector.policy_for_case(case).digest == status.candidate}
    assert tried == {case for case in cases if is_in_rollout_share(case, status.candidate, 30.0)}
    assert 60 < len(tried) < 180
    assert {at.decision(0.8, case) for case in tried} == {Decision.REFUSE}
    assert {at.decision(0.8, case) for case in set(cases) - tried} == {Decision.ALLOW}


def test_what_is_no_case_meets_the_policy_in_force(at: House) -> None:
    at.stage(at.new)
    assert at.decision(0.8, case_id="") is Decision.ALLOW


def test_promotion_puts_it_in_force_for_every_case(at: House) -> None:
    staged = at.stage(at.new, share=0.0)
    assert at.decision(0.8) is Decision.ALLOW
    assert at.rollout.promote(OPERATOR).digest == staged.candidate
    assert at.decision(0.8) is Decision.REFUSE


def test_roll_back_withdraws_a_candidate_first_and_then_a_promotion(at: House) -> None:
    at.stage(at.new)
    at.rollout.promote(OPERATOR)
    at.stage(at.third)
    assert at.decision(0.3) is Decision.HOLD
    assert at.rollout.roll_back(OPERATOR).candidate == ""
    assert (at.decision(0.3), at.decision(0.8)) == (Decision.ALLOW, Decision.REFUSE)
    assert at.rollout.roll_back(OPERATOR).digest == at.rollout.installed_policy.digest
    assert at.decision(0.8) is Decision.ALLOW
    with pytest.raises(NotNow, match="no earlier policy"):
        at.rollout.roll_back(OPERATOR)
    assert [step.step for step in at.rollout.status().steps] == ["stage", "promote", "stage", "withdraw", "rollback"]


def test_roll_back_is_to_the_rules_as_they_were_though_their_folder_is_gone(at: House) -> None:
    before = load(at.old, VOCABULARY)
    at.stage(at.new)
    at.rollout.promote(OPERATOR)
    shutil.rmtree(at.old)
    fresh = PolicySelector(at.policy_store, FolderSource(at.new))
    at.rollout.roll_back(OPERATOR)
    assert fresh.policy_for_case(CASE).digest == before.digest
    assert [one.when for one in fresh.policy_for_case(CASE).rules] == [one.when for one in before.rules]


def test_roll_back_to_a_kept_policy_by_its_digest(at: House) -> None:
    for folder in (at.new, at.third):
        at.stage(folder)
        at.rollout.promote(OPERATOR)
    first = at.rollout.installed_policy.digest
    assert at.rollout.roll_back(OPERATOR, to=first[:8]).digest == first
    with pytest.raises(NotFound):
        at.rollout.roll_back(OPERATOR, to="0" * 8)


def test_staging_the_same_again_changes_nothing_and_another_share_does(at: House) -> None:
    for share in (5.0, 5.0, 20.0):
        status = at.stage(at.new, share)
    assert (len(status.steps), status.share) == (2, 20.0)


def test_what_makes_no_sense_is_refused(at: House) -> None:
    with pytest.raises(NotNow, match="in force already"):
        at.stage(at.old)
    with pytest.raises(NotNow, match="no policy is staged"):
        at.rollout.promote(OPERATOR)
    with pytest.raises(Forbidden):
        at.rollout.promote(Principal(id="m", roles=frozenset({Role.MODERATOR})))


def test_a_step_that_somebody_else_took_meanwhile_is_not_overwritten(at: House) -> None:
    at.stage(at.new)
    seen = at.rollout.status()
    at.stage(at.third)
    with pytest.raises(Conflict):
        at.rollout._append_step(OPERATOR, seen, "promote", seen.candidate)
    assert at.rollout.status().candidate == load(at.third, VOCABULARY).digest


def test_a_kept_policy_that_speaks_of_a_label_that_is_gone_decides_nothing(at: House) -> None:
    at.stage(at.new)
    at.rollout.promote(OPERATOR)
    less = Vocabulary(labels={n: of for n, of in VOCABULARY.labels.items() if n != "hate"}, facts=VOCABULARY.facts)
    later = PolicySelector(at.policy_store, FolderSource(at.old, less))
    with pytest.raises(PolicyError, match="hate"):
        later.policy_for_case(CASE)


def test_a_house_whose_policy_no_longer_loads_can_go_back_and_do_nothing_else(tmp_path: Path) -> None:
    policies, settings = MemoryPolicyStore(), Settings(home=tmp_path)
    fine = policy_loading.make_rollout(settings, policies)
    policies.save(fine.installed_policy)
    policies.save(StoredPolicy(digest="f" * 64, files={"a.toml": "gate = 1"}))
    policies.append_step(RolloutStep(number=1, step="promote", digest="f" * 64, by="op"))
    with pytest.raises(PolicyError):
        policy_loading.make_rollout(settings, policies)
    mending = policy_loading.make_rollout(settings, policies, validate=False)
    with pytest.raises(PolicyError):
        mending.policy_selector.policy_for_case(CASE)
    assert mending.roll_back(OPERATOR, to=fine.installed_policy.digest).digest == fine.installed_policy.digest
    assert policy_loading.make_rollout(settings, policies).status().digest == fine.installed_policy.digest


def test_a_policy_is_kept_with_its_profile(at: House) -> None:
    policy = load(at.new, VOCABULARY, PROFILE)
    assert load_stored_policy(pack_policy(at.new, policy, PROFILE.text), VOCABULARY).digest == policy.digest
    assert load(at.new, VOCABULARY).digest != policy.digest


ids = st.text("0123456789abcdef", min_size=16, max_size=16)
shares = st.floats(0.0, 100.0)


@given(ids, ids, shares, shares)
def test_a_case_that_meets_a_candidate_meets_it_at_any_greater_share(
    case_id: str, candidate: str, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    assert is_in_rollout_share(case_id, candidate, less) <= is_in_rollout_share(case_id, candidate, more)
    assert is_in_rollout_share(case_id, candidate, 100.0) and not is_in_rollout_share(case_id, candidate, 0.0)


walks = st.lists(st.sampled_from(["a", "b", "c", "back"]), max_size=8)


@given(walks)
def test_going_back_leads_to_what_was_in_force_before(walk: list[str]) -> None:
    steps, way = [RolloutStep(number=1, step="stage", digest="a", by="op")], ["a"]
    for turn in walk:
        if turn == "back" and len(way) > 1:
            way = way[:-1]
        elif turn != "back" and turn not in way:
            way = [*way, turn]
        else:
            continue
        kind = "rollback" if turn == "back" else "promote"
        steps.append(RolloutStep(number=len(steps) + 1, step=kind, digest=way[-1], by="op"))
    assert rollback_path(steps) == way


def test_what_weakens_a_guarded_rule_is_wanted_by_two_operators(tmp_path: Path) -> None:
    old = write_pack(made(tmp_path / "old"), prompt_hate=rule("hate", then="refuse", more="final = true"))
    weak = write_pack(made(tmp_path / "weak"), prompt_hate=rule("hate", then="refuse", at=0.9, more="final = true"))
    policing = PolicySelector(MemoryPolicyStore(), FolderSource(old))
    rollout = Rollout(policy_selector=policing, installed_policy=pack_policy(old, policing.installed()))
    staged = rollout.stage(OPERATOR, weak, load(weak, VOCABULARY), share=5.0, profile=None)
    with pytest.raises(NotNow, match="prompt_hate"):
        rollout.promote(OPERATOR)
    rollout.roll_back(OPERATOR)
    with pytest.raises(NotNow, match="prompt_hate"):  # nor by the back door
        rollout.roll_back(OPERATOR, to=staged.candidate)
    rollout.stage(OPERATOR, weak, load(weak, VOCABULARY), share=5.0, profile=None)
    second = Principal(id="second", roles=frozenset({Role.OPERATOR}))
    assert rollout.promote(second).digest == staged.candidate
    assert rollout.roll_back(OPERATOR).digest == rollout.installed_policy.digest  # back to what was in force takes one


def test_a_process_that_has_judged_nothing_yet_explains_by_the_installed_policy(tmp_path: Path) -> None:
    old = write_pack(made(tmp_path / "old"), prompt_hate=rule("hate", at=0.5, then="refuse"))
    labels = {"sexual": 0.0, "hate": 0.9, "gore": 0.0, "nudity": 0.0}
    signals = [Signal(subject=Subject.PROMPT, label=n, score=s, source="t/1") for n, s in labels.items()]
    verdict = PolicySelector(MemoryPolicyStore(), FolderSource(old)).judge(Gate.PROMPT, signals, {}, ())
    elsewhere = PolicySelector(MemoryPolicyStore(), FolderSource(old))
    assert [one.rule for one in elsewhere.explain(verdict, signals)] == list(verdict.rules)
    with pytest.raises(NotFound):
        elsewhere.explain(replace(verdict, policy="0" * 64), signals)
