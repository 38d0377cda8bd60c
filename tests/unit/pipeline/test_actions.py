"""What may be done to a case is said once: what the desk offers it does, and what it does not offer it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.case import Case, Phase
from core.errors import AssayError, Forbidden, NotFound, NotNow
from core.events import Appealed, EngineDeclined, Event, StageFailed
from core.roles import Principal, Role
from core.transitions import check
from core.verdicts import Decision, Gate
from pipeline.actions import Action, actions
from pipeline.runners.local_bus import LocalBus
from pipeline.service import CaseService
from pipeline.stages.stage_context import StageContext
from pipeline.testing.memory_ledger import MemoryLedger, MemoryTexts
from tests.lawful import WAY, judged, ruled, way_to
from tests.stub_pipeline.stage_parts import uncounted
from tests.unit.core.strategies import walks

AUTHOR, OTHER = (Principal(id=name, roles=frozenset({Role.PLATFORM})) for name in ("ana", "ben"))
FIRST, SECOND = (Principal(id=name, roles=frozenset({Role.MODERATOR})) for name in ("m", "m2"))
OPERATOR = Principal(id="op", roles=frozenset({Role.OPERATOR}))
PEOPLE = (AUTHOR, OTHER, FIRST, SECOND, OPERATOR)
BY_MODERATORS = frozenset({Action.ALLOW, Action.REFUSE, Action.RESUME})
ALWAYS = frozenset({Action.RECALL, Action.ERASE})
assert WAY[Phase.SUBMITTED].author == AUTHOR.id


def desk_with(story: list[Event]) -> tuple[CaseService, Case]:
    """A desk over a ledger in which one case has this story. Nothing that is asked of it here needs more tools."""
    ledger = MemoryLedger()
    case = ledger.append(Case(id="c" * 16), story)
    tools = StageContext(
        texts=MemoryTexts(), blob_store=None, public_store=None, engine=None, measure=None, policy=None, facts=None,
        consent=None, sealer=None, copies=None, revisions=None, render_slots=None, workdir=None,
    )  # fmt: skip
    return CaseService(ledger=ledger, bus=LocalBus(), context=tools, verifier=None, usage=uncounted()), case


def done(desk: CaseService, who: Principal, case: Case, action: Action) -> Case | int:
    match action:
        case Action.ALLOW | Action.REFUSE:
            code = "context" if action is Action.ALLOW else "breaks_policy"
            return desk.rule(who, case.id, Decision[action.name], code=code, revision=case.revision, note="why")
        case Action.RESUME:
            return desk.resume(who, case.id, revision=case.revision)
        case Action.APPEAL:
            return desk.appeal(who, case.id, note="why")
        case Action.RECALL:
            return desk.recall(who, case.id, code="mistake", revision=case.revision)
        case Action.ERASE:
            return desk.erase(who, case.id)


def agree(story: list[Event], who: Principal, action: Action) -> None:
    """What the desk offers succeeds, and what it does not offer is refused and leaves no trace."""
    desk, case = desk_with(story)
    offered = action in desk.actions(who, case)
    if action is Action.RECALL and case.phase in (Phase.RECALLED, Phase.WITHDRAWN) and who not in (OTHER, OPERATOR):
        assert not offered
        assert done(desk, who, case, action) == case  # twice is once
        return
    try:
        after = done(desk, who, case, action)
    except AssayError as error:
        assert isinstance(error, Forbidden | NotNow | NotFound)
        assert not offered
        assert desk.ledger.load(case.id) == case
        assert not desk.context.texts.erase(case_id=case.id)  # not even the note was kept
        return
    assert offered
    assert isinstance(after, int) or (after.revision == case.revision + 1 and desk.ledger.load(case.id) == after)


@settings(max_examples=300, deadline=None)
@given(walks(), st.sampled_from(PEOPLE), st.sampled_from(Action))
def test_what_is_offered_succeeds_and_everything_else_is_refused(
    story: list[Event], who: Principal, action: Action
) -> None:
    agree(story, who, action)


# What is offered where

BROKE = StageFailed(phase="submitted", kind="Unavailable", error="away")
HELD = [*way_to(Phase.SCREENED), judged(Gate.PROMPT, Decision.HOLD, "r")]
UNMEASURED = [*way_to(Phase.SCREENED), judged(Gate.PROMPT, Decision.HOLD, "r", missing=("r",))]
AWAITING = [
    *HELD,
    ruled(Gate.PROMPT, Decision.ALLOW, "r", by="m"),
    judged(Gate.PROMPT, Decision.HOLD, "r", awaiting=("r",)),
]
REFUSED = [*way_to(Phase.SCREENED), judged(Gate.PROMPT, Decision.REFUSE, "r", final=("r",))]
DECLINED = [*way_to(Phase.ADMITTED), EngineDeclined(engine="e", code="c")]
LOOKED_AT = [*REFUSED, Appealed(by="ana"), ruled(Gate.PROMPT, Decision.ALLOW, "r"), REFUSED[-1]]
RULINGS = frozenset({Action.ALLOW, Action.REFUSE})


CASES: list[tuple[list[Event], Principal, frozenset[Action]]] = [
    (way_to(Phase.PUBLISHED), AUTHOR, ALWAYS),
    (way_to(Phase.PUBLISHED), OPERATOR, frozenset()),
    (HELD, OPERATOR, frozenset()),
    (way_to(Phase.PUBLISHED), OTHER, frozenset()),
    (way_to(Phase.WITHDRAWN), AUTHOR, ALWAYS - {Action.RECALL}),
    ([*way_to(Phase.SUBMITTED), BROKE, BROKE, BROKE], FIRST, ALWAYS | {Action.RESUME}),
    (HELD, AUTHOR, ALWAYS),
    (HELD, FIRST, ALWAYS | RULINGS),
    (UNMEASURED, FIRST, ALWAYS | RULINGS | {Action.RESUME}),
    (AWAITING, FIRST, ALWAYS | {Action.REFUSE}),
    (AWAITING, SECOND, ALWAYS | RULINGS),
    (REFUSED, AUTHOR, ALWAYS | {Action.APPEAL}),
    (LOOKED_AT, AUTHOR, ALWAYS),
    (DECLINED, AUTHOR, ALWAYS | {Action.APPEAL}),
    ([*DECLINED, Appealed(by="ana")], FIRST, ALWAYS | RULINGS),
]


@pytest.mark.parametrize(("story", "who", "offered"), CASES)
def test_what_is_offered_where(story: list[Event], who: Principal, offered: frozenset[Action]) -> None:
    assert actions(who, check(Case(id="x"), story), conflict="") == offered
    for person in PEOPLE:
        for action in Action:
            agree(story, person, action)


@given(walks())
def test_nobody_but_moderators_rules_or_resumes_and_nobody_touches_what_is_not_theirs(story: list[Event]) -> None:
    case = check(Case(id="x"), story)
    assert not actions(AUTHOR, case, conflict="") & BY_MODERATORS
    assert not actions(OTHER, case, conflict="")
    assert not actions(OPERATOR, case, conflict="")
    assert actions(AUTHOR, case, conflict="") <= actions(FIRST, case, conflict="")


@given(walks())
def test_a_conflict_of_interest_takes_rulings_away_and_nothing_else(story: list[Event]) -> None:
    case = check(Case(id="x"), story)
    assert actions(FIRST, case, conflict="it is yours") == actions(FIRST, case, conflict="") - RULINGS


BOTH = Principal(id=AUTHOR.id, roles=frozenset({Role.PLATFORM, Role.MODERATOR, Role.OPERATOR}))
APPEALED = [*REFUSED, Appealed(by="m")]


@pytest.mark.parametrize(
    ("story", "who", "reason"), [(HELD, BOTH, "you asked for this"), (APPEALED, FIRST, "you appealed")]
)
def test_nobody_rules_on_a_case_that_they_ordered_or_appealed(story: list[Event], who: Principal, reason: str) -> None:
    desk, case = desk_with(story)
    assert not desk.actions(who, case) & RULINGS
    with pytest.raises(Forbidden, match=reason):
        desk.rule(who, case.id, Decision.ALLOW, code="context")
    with pytest.raises(Forbidden, match=reason):
        desk.rule(who, case.id, Decision.REFUSE, code="breaks_policy")
    assert desk.actions(SECOND, case) >= RULINGS
    assert replace(desk, one_person=True).actions(who, case) >= RULINGS
