"""Rules for two persons: two different moderators lift them, one is enough to refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PolicyError
from core.verdicts import Decision, Gate, Ruling, Verdict
from policy import decide as words
from policy.decide import decide
from policy.pack import Policy, load
from tests.unit.policy.packs import VOCABULARY, rule, signal, write_pack

ALLOW, HOLD, REFUSE = Decision.ALLOW, Decision.HOLD, Decision.REFUSE
TWO = "prompt_hate"
FACTS = {"has_reference": False}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = write_pack(
        tmp_path_factory.mktemp("pack"),
        prompt_hate=rule("hate", then="refuse", more="two_person = true\n"),
        prompt_gore=rule("gore", more="final = true\n"),
    )
    return load(folder, VOCABULARY)


def ruled(moderator: str, decision: Decision = ALLOW, over: Sequence[str] = (TWO,)) -> Ruling:
    return Ruling(gate=Gate.PROMPT, decision=decision, moderator=moderator, over=tuple(over), code="context")


def judged(policy: Policy, *rulings: Ruling, **scores: float) -> Verdict:
    measured = {"sexual": 0.0, "hate": 0.9, "gore": 0.0, "nudity": 0.0} | scores
    return decide(Gate.PROMPT, [signal(label, score) for label, score in measured.items()], FACTS, rulings, policy)


def test_nobody_has_ruled_yet(policy: Policy) -> None:
    verdict = judged(policy)
    assert (verdict.decision, verdict.two_person, verdict.awaiting) == (REFUSE, (TWO,), ())


def test_after_the_first_it_waits_for_a_second(policy: Policy) -> None:
    verdict = judged(policy, ruled("ana"))
    assert (verdict.decision, verdict.rules, verdict.awaiting) == (HOLD, (TWO,), (TWO,))
    assert words.A_SECOND_PERSON in verdict.reason


def test_the_same_moderator_twice_counts_once(policy: Policy) -> None:
    assert judged(policy, ruled("ana"), ruled("ana")).awaiting == (TWO,)


def test_two_different_moderators_lift_it(policy: Policy) -> None:
    verdict = judged(policy, ruled("ana"), ruled("ben"))
    assert (verdict.decision, verdict.lifted, verdict.two_person, verdict.awaiting) == (ALLOW, (TWO,), (), ())


def test_one_refusal_is_enough(policy: Policy) -> None:
    for rulings in ([ruled("ana", REFUSE)], [ruled("ana"), ruled("ben", REFUSE)]):
        verdict = judged(policy, *rulings)
        assert (verdict.decision, verdict.reason.endswith(words.A_PERSON_REFUSED)) == (REFUSE, True)


def test_after_a_refusal_two_have_to_allow_it_anew(policy: Policy) -> None:
    before = [ruled("ana"), ruled("ben", REFUSE)]
    assert judged(policy, *before, ruled("ana")).decision is REFUSE
    assert judged(policy, *before, ruled("ana"), ruled("cem")).decision is ALLOW


def test_what_fires_later_holds_and_what_was_lifted_stays_lifted(policy: Policy) -> None:
    verdict = judged(policy, ruled("ana"), ruled("ben"), sexual=0.8)
    assert (verdict.decision, verdict.rules, verdict.lifted) == (HOLD, ("prompt_sexual",), (TWO,))


def test_a_final_rule_is_named_and_no_number_of_people_lifts_it(policy: Policy) -> None:
    over = (TWO, "prompt_gore")
    verdict = judged(policy, *(ruled(name, over=over) for name in ("ana", "ben", "cem")), gore=0.9)
    assert (verdict.decision, verdict.rules, verdict.final) == (HOLD, ("prompt_gore",), ("prompt_gore",))


def test_final_and_for_two_persons_do_not_go_together(tmp_path: Path) -> None:
    text = rule("hate", more="two_person = true\nfinal = true\n")
    with pytest.raises(PolicyError, match=r"prompt_hate.toml:8: no ruling lifts a rule that is final"):
        load(write_pack(tmp_path, prompt_hate=text), VOCABULARY)


def test_the_digest_tells_a_rule_for_two_from_one_for_one(tmp_path: Path, policy: Policy) -> None:
    folder = write_pack(
        tmp_path, prompt_hate=rule("hate", then="refuse"), prompt_gore=rule("gore", more="final = true\n")
    )
    assert load(folder, VOCABULARY).digest != policy.digest


moderators = st.sampled_from(["ana", "ben", "cem"])
overs = st.lists(st.sampled_from([TWO, "prompt_gore", "prompt_sexual"]), unique=True, max_size=3).map(tuple)
rulings = st.builds(ruled, moderators, st.sampled_from(Decision), overs)
story = st.lists(rulings, max_size=6)
unit = st.sampled_from([0.0, 0.5, 0.9])


@settings(max_examples=150)
@given(story, unit, unit)
def test_no_story_of_rulings_by_one_person_lifts_a_rule_for_two(
    policy: Policy, told: list[Ruling], hate: float, sexual: float
) -> None:
    alone = [replace(one, moderator="ana") for one in told]
    verdict = judged(policy, *alone, hate=hate, sexual=sexual)
    assert TWO not in verdict.lifted
    assert hate < 0.5 or verdict.decision > ALLOW


@settings(max_examples=150)
@given(story, moderators, overs, unit, unit)
def test_one_more_refusal_always_refuses(
    policy: Policy, told: list[Ruling], who: str, over: tuple[str, ...], hate: float, sexual: float
) -> None:
    assert judged(policy, *told, ruled(who, REFUSE, over), hate=hate, sexual=sexual).decision is REFUSE


@settings(max_examples=150)
@given(story, st.integers(0, 5), unit)
def test_saying_the_same_twice_in_a_row_changes_nothing(
    policy: Policy, told: list[Ruling], at: int, hate: float
) -> None:
    doubled = [*told[: at + 1], *told[at : at + 1], *told[at + 1 :]]
    assert judged(policy, *told, hate=hate) == judged(policy, *doubled, hate=hate)


@settings(max_examples=150)
@given(story, unit, unit, st.floats(0.0, 1.0))
def test_higher_scores_never_make_a_verdict_milder_whatever_was_ruled(
    policy: Policy, told: list[Ruling], hate: float, sexual: float, by: float
) -> None:
    before = judged(policy, *told, hate=hate, sexual=sexual).decision
    assert before <= judged(policy, *told, hate=hate + (1 - hate) * by, sexual=sexual).decision


@settings(max_examples=150)
@given(story, unit)
def test_a_verdict_tells_what_it_waits_for(policy: Policy, told: list[Ruling], hate: float) -> None:
    verdict = judged(policy, *told, hate=hate)
    assert set(verdict.awaiting) <= set(verdict.two_person) <= set(verdict.rules)
    assert set(verdict.final) <= set(verdict.rules) and not set(verdict.final) & set(verdict.two_person)
    assert verdict.decision > ALLOW or not verdict.awaiting
