"""A replay judges past cases again from what was measured then, and can go on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.case import new_case
from core.errors import BadInput
from core.events import Event, Judged, Measured, Ruled, Submitted
from core.signals import Signal, Subject
from core.verdicts import Decision, Gate, Ruling
from pipeline.policy_rollout.policy_replay import ReplayTally, replay_policy, resume_tally
from pipeline.testing.memory_ledger import MemoryLedger
from pipeline.testing.memory_ledger_views import MemoryCaseHistories
from policy.decide import decide
from policy.pack import Policy, load
from tests.unit.policy.packs import VOCABULARY, rule, write_pack

FACTS = {"has_reference": False, "author_strikes": 0}
ALLOW = Ruling(gate=Gate.PROMPT, decision=Decision.ALLOW, moderator="m", over=("prompt_hate",), code="context")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load(write_pack(tmp_path_factory.mktemp("old"), prompt_hate=rule("hate", at=0.6)), VOCABULARY)


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("new")
    rules = {"prompt_hate": rule("hate", at=0.9, then="refuse"), "prompt_gore": rule("gore", more='mode = "shadow"\n')}
    return load(write_pack(folder, **rules), VOCABULARY)


def measured(**scores: float) -> Measured:
    found = {"sexual": 0.0, "hate": 0.0, "gore": 0.0, "nudity": 0.0} | scores
    signals = [Signal(subject=Subject.PROMPT, label=n, score=s, source="t/1") for n, s in found.items()]
    return Measured(signals=tuple(signals))


def told(ledger: MemoryLedger, policy: Policy, seen: Measured, *rulings: Ruling, facts: bool = True) -> str:
    """A case that was judged once, and again after each ruling."""
    events: list[Event] = [Submitted(author="a", prompt="t"), seen]
    for number in range(len(rulings) + 1):
        verdict = decide(Gate.PROMPT, seen.signals, FACTS, rulings[:number], policy)
        events.append(Judged(verdict=verdict, facts=dict(FACTS) if facts else {}))
        events += [Ruled(ruling=one) for one in rulings[number : number + 1]]
    return ledger.append(new_case(), events).id


def run(policy: Policy, ledger: MemoryLedger, **options: int) -> ReplayTally:
    tally = ReplayTally(policy=policy.digest)
    for _ in replay_policy(policy, MemoryCaseHistories(ledger), tally, **options):
        pass
    return tally


def test_the_same_policy_changes_nothing(old: Policy) -> None:
    ledger = MemoryLedger()
    for score in (0.6, 0.7, 0.8, 0.95):
        told(ledger, old, measured(hate=score), ALLOW)
    tally = run(old, ledger)
    assert (tally.cases, tally.verdicts, tally.same, dict(tally.changes)) == (4, 8, 8, {})
    for score in (0.0, 0.5):  # let pass at once: nobody rules on those
        told(ledger, old, measured(hate=score))
    tally = run(old, ledger)
    assert (tally.cases, tally.verdicts, tally.same, dict(tally.changes)) == (6, 10, 10, {})


def test_what_changes_is_counted_by_verdict_and_rule_with_the_cases(old: Policy, new: Policy) -> None:
    ledger = MemoryLedger()
    told(ledger, old, measured())
    milder, graver = told(ledger, old, measured(hate=0.7)), told(ledger, old, measured(hate=0.95, gore=0.8))
    tally = run(new, ledger)
    assert tally.changes == {"prompt: hold -> allow": 1, "prompt: hold -> refuse": 1}
    assert tally.rules == {"prompt: hold -> allow -prompt_hate": 1}
    assert tally.shadow == {"prompt_gore": 1}
    assert {one["case"]: one["no_longer"] for one in tally.sample} == {milder: ["prompt_hate"], graver: []}


def test_rulings_are_weighed_as_they_stood_at_each_verdict(old: Policy, new: Policy) -> None:
    ledger = MemoryLedger()
    told(ledger, old, measured(hate=0.95), ALLOW)
    assert run(new, ledger).changes == {"prompt: hold -> refuse": 1}


def test_verdicts_without_their_facts_are_counted_apart_and_not_guessed(old: Policy, new: Policy) -> None:
    ledger = MemoryLedger()
    told(ledger, old, measured(hate=0.7), facts=False)
    tally = run(new, ledger)
    assert (tally.verdicts, tally.without_facts, tally.same, dict(tally.changes)) == (1, 1, 0, {})


def test_a_replay_that_was_interrupted_goes_on_and_ends_with_the_same(old: Policy, new: Policy) -> None:
    ledger = MemoryLedger()
    for number in range(30):
        told(ledger, old, measured(hate=number / 30))
    whole, part = run(new, ledger, samples=3), run(new, ledger, samples=3, max_cases=11)
    again = resume_tally(json.loads(json.dumps(part.as_json_object())), new.digest, "")
    for _ in replay_policy(new, MemoryCaseHistories(ledger), again, samples=3):
        pass
    assert again == whole
    assert (part.cases, whole.cases, len(whole.sample)) == (11, 30, 3)


def test_a_replay_of_another_policy_is_not_gone_on_with(old: Policy, new: Policy) -> None:
    with pytest.raises(BadInput, match="another policy"):
        resume_tally(ReplayTally(policy=old.digest).as_json_object(), new.digest, "")


def test_the_files_of_a_tally_are_plain_json(tmp_path: Path) -> None:
    (tmp_path / "t").write_text(json.dumps(ReplayTally(policy="p").as_json_object()))
    assert resume_tally(json.loads((tmp_path / "t").read_text()), "p", "") == ReplayTally(policy="p")
