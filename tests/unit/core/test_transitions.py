"""The law of transitions: what it refuses, what the fold gives, and what no lawful story ever reaches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.case import Case, Phase, signals_of
from core.events import (
    Appealed,
    EngineDeclined,
    Event,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Reversed,
    Ruled,
    StageFailed,
    Withdrawn,
)
from core.recalls import APPEAL_GRANTED, CLAIM_RECALL, CLAIM_REVERSALS, recall_appealed
from core.signals import Signal, Subject
from core.transitions import (
    TRANSITIONS,
    WORKING,
    IllegalTransition,
    allowed,
    answers_appeal,
    appealable,
    check,
    holding,
)
from core.verdicts import Decision, Gate
from tests.lawful import WAY, judged, possible, ruled, upheld_on_appeal, way_to
from tests.unit.core.strategies import events, walks

NEW = Case(id="x")
ALLOW, HOLD, REFUSE = Decision.ALLOW, Decision.HOLD, Decision.REFUSE
BROKE = StageFailed(phase="any", kind="Unavailable", error="away")


def at(phase: Phase, *more: Event) -> Case:
    return check(NEW, [*way_to(phase), *more])


def rows(case: Case, event: Event) -> list:
    return [row for row in TRANSITIONS if row.phase is case.phase and row.event is type(event)]


def held(gate: Gate, *rules: str) -> Case:
    return at(Phase.SCREENED if gate is Gate.PROMPT else Phase.INSPECTED, judged(gate, HOLD, *rules))


def refused(gate: Gate, *rules: str) -> Case:
    return at(Phase.SCREENED if gate is Gate.PROMPT else Phase.INSPECTED, judged(gate, REFUSE, *rules))


# What it refuses


@pytest.mark.parametrize("code", sorted(CLAIM_REVERSALS))
def test_only_what_the_claims_desk_took_down_is_put_back_by_it(code) -> None:
    taken = at(Phase.PUBLISHED, Recalled(by="assay:claims", code=CLAIM_RECALL), Withdrawn())
    assert check(taken, [Reversed(by="assay:claims", code=code)]).phase is Phase.SEALED
    assert not allowed(taken, Reversed(by="m", code="mistake"))
    others = at(Phase.PUBLISHED, Recalled(by="m", code="rights"), Withdrawn())
    assert not allowed(others, Reversed(by="assay:claims", code=code))
    assert not allowed(at(Phase.WITHDRAWN), Reversed(by="assay:claims", code=code))


@pytest.mark.parametrize(
    ("case", "event"),
    [
        (refused(Gate.PROMPT, "r"), Published(url="u")),
        (at(Phase.SUBMITTED), judged(Gate.VIDEO)),
        (at(Phase.SUBMITTED), replace(WAY[Phase.SUBMITTED], author="thief")),
        (at(Phase.SUBMITTED), WAY[Phase.SEALED]),
        (at(Phase.SCREENED), judged(Gate.VIDEO)),
        (at(Phase.ADMITTED), judged(Gate.PROMPT)),  # only what was not allowed: consent that ended
        (at(Phase.SEALED), judged(Gate.VIDEO)),
        (at(Phase.SEALED), judged(Gate.PROMPT, HOLD)),
        (held(Gate.VIDEO, "r"), ruled(Gate.PROMPT)),
        (held(Gate.PROMPT, "r"), judged(Gate.PROMPT)),  # a ruling comes first
        (at(Phase.SUBMITTED, BROKE, BROKE, BROKE), ruled(Gate.PROMPT)),
        (at(Phase.SUBMITTED), Resumed(by="m")),
        (at(Phase.PUBLISHED), Appealed(by="a")),
        (at(Phase.PUBLISHED), BROKE),
        (at(Phase.WITHDRAWN), WAY[Phase.RECALLED]),
        (at(Phase.RECALLED), WAY[Phase.RECALLED]),
        (at(Phase.SUBMITTED), Measured(signals=(Signal(subject=Subject.VIDEO, label="x", score=0.0, source="t/1"),))),
        (at(Phase.RENDERED), Measured(signals=(Signal(subject=Subject.PROMPT, label="x", score=0.0, source="t/1"),))),
        (NEW, WAY[Phase.SCREENED]),
    ],
    ids=lambda value: getattr(value, "phase", None) or type(value).__name__,
)
def test_what_may_not_follow_is_refused(case: Case, event: Event) -> None:
    assert not allowed(case, event)
    with pytest.raises(IllegalTransition, match=f"{type(event).__name__} may not follow in phase {case.phase.value}"):
        check(case, [event])


def test_the_first_that_may_not_follow_is_named() -> None:
    with pytest.raises(IllegalTransition, match="Published may not follow in phase screened"):
        check(NEW, [*way_to(Phase.SCREENED), Published(url="u"), WAY[Phase.ADMITTED]])


@given(st.lists(events, max_size=12))
def test_the_fold_of_stored_events_never_refuses(story: list[Event]) -> None:
    assert NEW.apply(story).revision == len(story)


@given(st.lists(events, max_size=6), events)
def test_what_the_table_has_no_row_for_is_refused(story: list[Event], event: Event) -> None:
    case = NEW.apply(story)
    if not rows(case, event):
        assert not allowed(case, event)


# What the fold gives


@given(walks())
def test_each_step_of_a_lawful_walk_leads_where_its_row_says(walk: list[Event]) -> None:
    case = NEW
    for event in walk:
        after = check(case, [event])
        assert after == case.apply([event])
        assert all(after.phase in row.to for row in rows(case, event) if row.holds(case, event))
        case = after


# Every lawful case there is: cases that differ only in what no law looks at (who may view it) are looked at once


def _remembered(case: Case, allows: frozenset[str]) -> tuple[object, ...]:
    last = case.verdict and (case.verdict.gate, case.verdict.decision, case.verdict.rules)
    rulings = frozenset((r.gate, r.decision, r.over) for r in case.rulings)
    newest = case.rulings[-1].gate if case.rulings else None
    made = case.rendered is None, case.sealed is None, bool(case.signals), bool(signals_of(case, Subject.VIDEO))
    recalled = case.recalled and case.recalled.code
    failed = min(case.failures, 3), case.last_failure is None
    appeal = case.recall_appeal
    return case.phase, case.held_at, failed, last, rulings, newest, made, recalled, appeal, allows


def _allows(before: frozenset[str], event: Event) -> frozenset[str]:
    """What was allowed, the later gate after the last rendering: the last word of each gate counts."""
    match event:
        case Judged(verdict=verdict):
            said = frozenset({verdict.gate.value})
            return before | said if verdict.decision is ALLOW else before - said
        case Rendered():
            return before - {"video"}
    return before


def _explored() -> tuple[list[tuple[Case, frozenset[str]]], set[tuple[Phase, type[Event], Phase]]]:
    seen, steps = {_remembered(NEW, frozenset()): (NEW, frozenset[str]())}, set()
    fresh = list(seen.values())
    while fresh:
        case, allows = fresh.pop()
        for event in possible(case):
            if not allowed(case, event):
                continue
            after, now = case.apply([event]), _allows(allows, event)
            steps.add((case.phase, type(event), after.phase))
            if (key := _remembered(after, now)) not in seen:
                seen[key] = after, now
                fresh.append(seen[key])
    return list(seen.values()), steps


@pytest.fixture(scope="module")
def explored() -> tuple[list[tuple[Case, frozenset[str]]], set[tuple[Phase, type[Event], Phase]]]:
    return _explored()


def test_the_table_says_exactly_what_can_happen(explored) -> None:
    _, steps = explored
    assert steps == {(row.phase, row.event, to) for row in TRANSITIONS for to in row.to}


def test_every_phase_can_be_reached(explored) -> None:
    assert {case.phase for case, _ in explored[0]} == set(Phase)


def test_nothing_is_made_or_published_that_its_gate_did_not_allow(explored) -> None:
    making = (Phase.ADMITTED, Phase.COMMISSIONED, Phase.RENDERED, Phase.INSPECTED)
    for case, allows in explored[0]:
        if case.phase in making:
            assert "prompt" in allows
        if case.phase in (Phase.CLEARED, Phase.SEALED, Phase.PUBLISHED):
            assert allows == {"prompt", "video"}


@given(walks(longest=60))
def test_no_lawful_walk_publishes_without_an_allow_at_each_gate_the_later_after_its_last_rendering(
    walk: list[Event],
) -> None:
    case, allows = NEW, frozenset[str]()
    for event in walk:
        case, allows = case.apply([event]), _allows(allows, event)
        if case.phase is Phase.PUBLISHED:
            assert allows == {"prompt", "video"}


def test_whoever_works_can_fail_and_nothing_else_can() -> None:
    assert {row.phase for row in TRANSITIONS if row.event is StageFailed} == set(WORKING)


# Rulings and appeals


def test_what_holds_a_case_is_its_last_verdict_and_never_a_part_that_broke() -> None:
    assert holding(held(Gate.VIDEO, "r")) == judged(Gate.VIDEO, HOLD, "r").verdict
    assert holding(at(Phase.SUBMITTED, BROKE, BROKE, BROKE)) is None
    assert holding(at(Phase.INSPECTED)) is None


@pytest.mark.parametrize("gate", [Gate.PROMPT, Gate.VIDEO])
def test_a_refusal_can_be_appealed_until_a_person_has_looked_at_each_of_its_reasons(gate: Gate) -> None:
    case = refused(gate, "a", "b")
    assert appealable(case)
    again = check(case, [Appealed(by="a"), ruled(gate, ALLOW, "a", "b"), judged(gate, REFUSE, "b")])  # b is final
    assert not appealable(again)
    other = check(case, [Appealed(by="a"), ruled(gate, ALLOW, "a", "b"), judged(gate, REFUSE, "b", "c")])
    assert appealable(other)


def on_appeal(gate: Gate, decision: Decision, *rules: str) -> Ruled:
    event = ruled(gate, decision, *rules)
    return replace(event, ruling=replace(event.ruling, on_appeal=True))


def test_whom_a_person_refused_after_an_appeal_does_not_ask_again() -> None:
    case = check(refused(Gate.PROMPT, "a"), [Appealed(by="a"), on_appeal(Gate.PROMPT, REFUSE, "a")])
    assert not appealable(check(case, [judged(Gate.PROMPT, REFUSE, "a", "new")]))


@pytest.mark.parametrize("gate", [Gate.PROMPT, Gate.VIDEO])
def test_what_a_moderator_refused_is_appealed_once(gate: Gate) -> None:
    case = held(gate, "a")
    assert not answers_appeal(case)
    case = check(case, [ruled(gate, REFUSE, "a"), judged(gate, REFUSE, "a")])
    assert appealable(case)
    case = check(case, [Appealed(by="a")])
    assert answers_appeal(case)
    assert not appealable(check(case, [on_appeal(gate, REFUSE, "a"), judged(gate, REFUSE, "a")]))
    assert appealable(check(case, [on_appeal(gate, ALLOW, "a"), judged(gate, REFUSE, "new")]))


def test_the_second_of_two_moderators_answers_the_appeal_that_the_first_did() -> None:
    case = check(refused(Gate.PROMPT, "a"), [Appealed(by="a"), on_appeal(Gate.PROMPT, ALLOW, "a")])
    held_again = judged(Gate.PROMPT, HOLD, "a")
    waiting = replace(held_again, verdict=replace(held_again.verdict, awaiting=("a",)))
    assert answers_appeal(check(case, [waiting])) and not answers_appeal(check(case, [held_again]))


def test_what_an_engine_declined_is_looked_at_once_whatever_was_allowed_before() -> None:
    declined = EngineDeclined(engine="e", code="c")
    ways = [ruled(Gate.PROMPT, ALLOW, "r"), judged(Gate.PROMPT)]
    case = check(held(Gate.PROMPT, "r"), [*ways, declined])
    assert appealable(case)
    case = check(case, [Appealed(by="a"), ruled(Gate.PROMPT), judged(Gate.PROMPT), declined])
    assert not appealable(case)


def test_a_refusal_by_a_gate_can_be_appealed_though_an_engine_had_declined_before() -> None:
    case = at(Phase.ADMITTED, EngineDeclined(engine="e", code="c"), Appealed(by="a"), ruled(Gate.PROMPT))
    case = check(case, way_to(Phase.INSPECTED, after=Phase.SCREENED))
    assert appealable(check(case, [judged(Gate.VIDEO, REFUSE, "r")]))


# Appeals of what was taken down


def taken_down(code: str = "rights", by: str = "m") -> Case:
    return at(Phase.PUBLISHED, Recalled(by=by, code=code), Withdrawn())


@pytest.mark.parametrize("code", ["rights", "intimate_image", "illegal", "mistake", "policy"])
def test_what_the_service_took_down_is_appealed_once_and_put_back_or_upheld(code: str) -> None:
    case = check(taken_down(code), [Appealed(by="ana")])
    assert case.phase is Phase.WITHDRAWN and recall_appealed(case)
    assert not allowed(case, Appealed(by="ana")) and not allowed(case, Reversed(by="m2", code="mistake"))
    granted = check(case, [Reversed(by="m2", code=APPEAL_GRANTED)])
    assert granted.phase is Phase.SEALED and not recall_appealed(granted)
    upheld = check(case, [upheld_on_appeal("m2")])
    assert upheld.phase is Phase.WITHDRAWN and upheld.rulings == case.rulings
    assert not allowed(upheld, Appealed(by="ana")) and not allowed(upheld, Reversed(by="m2", code=APPEAL_GRANTED))


@pytest.mark.parametrize(
    ("code", "by"),
    [("consent_withdrawn", "assay:cascade"), ("claim", "assay:claims"), ("author", "ana"), ("policy", "ana")],
)
def test_what_is_another_s_to_decide_is_not_appealed(code: str, by: str) -> None:
    case = taken_down(code, by)
    for event in (Appealed(by="ana"), upheld_on_appeal(), Reversed(by="m", code=APPEAL_GRANTED)):
        assert not allowed(case, event)


def test_an_appeal_is_granted_and_upheld_only_where_there_is_one() -> None:
    assert not allowed(taken_down("policy"), Reversed(by="m", code=APPEAL_GRANTED))
    assert not allowed(taken_down("policy"), upheld_on_appeal())


def test_what_was_restored_and_taken_down_anew_can_be_appealed_anew() -> None:
    case = check(taken_down(), [Appealed(by="ana"), Reversed(by="m2", code=APPEAL_GRANTED), Published(url="u")])
    assert allowed(check(case, [Recalled(by="m", code="policy"), Withdrawn()]), Appealed(by="ana"))
