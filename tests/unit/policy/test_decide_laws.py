"""The laws of deciding, for any evidence whatever."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.signals import Signal
from core.verdicts import Decision, Gate, Ruling
from policy.decide import decide
from policy.pack import Policy
from tests.unit.policy.packs import VOCABULARY, signal

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

gates = st.sampled_from([Gate.PROMPT, Gate.VIDEO])
unit = st.sampled_from([0.0, 0.2, 0.5, 0.7, 0.9, 1.0]) | st.floats(0.0, 1.0)
about = st.sampled_from([(label, s) for label, subjects in sorted(VOCABULARY.labels.items()) for s in sorted(subjects)])
signals = st.builds(lambda a, score: signal(a[0], score, a[1]), about, st.none() | unit)
some_signals = st.lists(signals, max_size=12)
facts = st.fixed_dictionaries({}, optional={"author_strikes": st.integers(0, 4), "has_reference": st.booleans()})
names = st.sampled_from(
    ["prompt_sexual", "prompt_gore", "prompt_hate", "prompt_strikes", "prompt_nudity", "video_gore", "video_nudity"]
)
overs = st.lists(names, max_size=4, unique=True).map(tuple)
rulings = st.builds(
    Ruling, gate=gates, decision=st.sampled_from(Decision), moderator=st.just("m"), over=overs, code=st.just("context")
)
some_rulings = st.lists(rulings, max_size=4)


def raised(one: Signal, by: float) -> Signal:
    return one if one.score is None else replace(one, score=one.score + (1.0 - one.score) * by)


@quick
@given(gates, some_signals, st.lists(unit, min_size=12, max_size=12), facts, some_rulings)
def test_higher_scores_never_make_a_verdict_milder(
    policy: Policy, gate: Gate, found: list[Signal], by: list[float], facts: dict[str, object], ruled: list[Ruling]
) -> None:
    higher = [raised(one, by[number]) for number, one in enumerate(found)]
    before, after = (decide(gate, s, facts, ruled, policy).decision for s in (found, higher))
    assert before <= after


@quick
@given(gates, some_signals, some_signals, facts, some_rulings)
def test_more_signals_about_what_was_measured_never_make_a_verdict_milder(
    policy: Policy, gate: Gate, found: list[Signal], more: list[Signal], facts: dict[str, object], ruled: list[Ruling]
) -> None:
    measured = {(one.label, one.subject) for one in found}
    also = [one for one in more if (one.label, one.subject) in measured]
    before, after = (decide(gate, s, facts, ruled, policy).decision for s in (found, found + also))
    assert before <= after


@quick
@given(gates, some_signals, facts, some_rulings)
def test_a_measurement_that_fails_never_turns_an_unmeasured_label_into_permission(
    policy: Policy, gate: Gate, found: list[Signal], facts: dict[str, object], ruled: list[Ruling]
) -> None:
    failed = [replace(one, score=None) for one in found]
    none_at_all = decide(gate, [], facts, ruled, policy).decision
    assert decide(gate, failed, facts, ruled, policy).decision == none_at_all


@quick
@given(gates, some_signals, facts, some_rulings, st.data())
def test_the_order_of_signals_and_facts_does_not_matter(
    policy: Policy, gate: Gate, found: list[Signal], facts: dict[str, object], ruled: list[Ruling], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(found))
    reversed_facts = dict(reversed(facts.items()))
    assert decide(gate, found, facts, ruled, policy) == decide(gate, shuffled, reversed_facts, ruled, policy)


@quick
@given(gates, facts)
def test_no_evidence_is_never_permission(policy: Policy, gate: Gate, facts: dict[str, object]) -> None:
    verdict = decide(gate, [], facts, [], policy)
    assert verdict.decision > Decision.ALLOW
    assert verdict.missing
    assert verdict.reason


@quick
@given(gates, some_signals, facts, overs)
def test_a_ruling_to_allow_lifts_only_what_it_names_and_nothing_final(
    policy: Policy, gate: Gate, found: list[Signal], facts: dict[str, object], over: tuple[str, ...]
) -> None:
    allow = Ruling(gate=gate, decision=Decision.ALLOW, moderator="m", over=over, code="context")
    without, with_it = (decide(gate, found, facts, ruled, policy) for ruled in ([], [allow]))
    final = {rule.name for rule in policy.rules if rule.final}
    assert set(with_it.lifted) == set(without.rules) & set(over) - final
    assert set(with_it.rules) == set(without.rules) - set(with_it.lifted)


@quick
@given(gates, some_signals, facts, some_rulings)
def test_deciding_twice_gives_the_same_verdict(
    policy: Policy, gate: Gate, found: list[Signal], facts: dict[str, object], ruled: list[Ruling]
) -> None:
    assert decide(gate, found, facts, ruled, policy) == decide(gate, tuple(found), dict(facts), tuple(ruled), policy)


@quick
@given(gates, some_signals, facts, some_rulings)
def test_a_verdict_that_is_not_allow_names_rules_or_people_and_gives_a_reason(
    policy: Policy, gate: Gate, found: list[Signal], facts: dict[str, object], ruled: list[Ruling]
) -> None:
    verdict = decide(gate, found, facts, ruled, policy)
    assert set(verdict.missing) <= set(verdict.rules)
    assert not set(verdict.lifted) & set(verdict.rules)
    if verdict.decision > Decision.ALLOW:
        assert verdict.reason
        assert verdict.rules or any(r.gate is gate and r.decision > Decision.ALLOW for r in ruled)


@quick
@given(some_signals, facts, some_rulings)
def test_a_gate_at_which_nothing_is_asked_lets_nothing_through(
    policy: Policy, found: list[Signal], facts: dict[str, object], ruled: list[Ruling]
) -> None:
    verdict = decide(Gate.ENROL, found, facts, ruled, policy)
    assert policy.compiled_rules[Gate.ENROL] == ()
    assert verdict.decision is Decision.HOLD
    assert verdict.reason
