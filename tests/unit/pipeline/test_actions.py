"""What may be done to a case is said once: what the desk offers it does, and what it does not offer it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.case import Case, Phase
from core.errors import AssayError, Forbidden, NotFound, NotNow
from core.events import Appealed, EngineDeclined, Event, Recalled, Reversed, StageFailed, ViewSealed, Withdrawn
from core.recalls import recalled_by_claim
from core.roles import Principal, Role
from core.transitions import check
from core.verdicts import Decision, Gate
from pipeline.actions import Action, actions
from pipeline.runners.local_bus import LocalBus
from pipeline.service import CaseService
from pipeline.stages.stage_context import StageContext
from pipeline.testing.memory_ledger import MemoryLedger, MemoryTexts
from tests.lawful import WAY, judged, ruled, upheld_on_appeal, way_to
from tests.stub_pipeline.stage_parts import uncounted
from tests.unit.core.strategies import walks

AUTHOR, OTHER = (Principal(id=name, roles=frozenset({Role.PLATFORM})) for name in ("ana", "ben"))
FIRST, SECOND = (Principal(id=name, roles=frozenset({Role.MODERATOR})) for name in ("m", "m2"))
OPERATOR = Principal(id="op", roles=frozenset({Role.OPERATOR}))
OFFICER = Principal(id="o", roles=frozenset({Role.MODERATOR, Role.SAFETY_OFFICER}))
PEOPLE = (AUTHOR, OTHER, FIRST, SECOND, OPERATOR, OFFICER)
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
        case Action.UNDO:
            return desk.reversals.undo(who, case.id, revision=case.revision)
        case Action.REVERSE:
            return desk.reversals.reverse(who, case.id, code="mistake", revision=case.revision)
        case Action.SEAL:
            return desk.reversals.seal(who, case.id, code="illegal_to_view", revision=case.revision)
        case Action.LIFT_SEAL:
            return desk.reversals.lift_seal(who, case.id, code="mistake", revision=case.revision)
        case Action.GRANT:
            return desk.reversals.grant(who, case.id, revision=case.revision, note="why")
        case Action.UPHOLD:
            return desk.reversals.uphold(who, case.id, code="breaks_policy", revision=case.revision, reply="why")


def agree(story: list[Event], who: Principal, action: Action) -> None:
    """What the desk offers succeeds, and what it does not offer is refused and leaves no trace."""
    desk, case = desk_with(story)
    offered = action in desk.actions(who, case)
    stopped = case.phase in (Phase.RECALLED, Phase.WITHDRAWN) and not recalled_by_claim(case)
    if action is Action.RECALL and stopped and who not in (OTHER, OPERATOR):
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
SETTLED = ALWAYS | {Action.SEAL}
RULED = [*HELD, ruled(Gate.PROMPT, Decision.REFUSE, "r", by="m")]
REFUSED_BY_ONE = [*RULED, judged(Gate.PROMPT, Decision.REFUSE, "r")]
SEALED = [*HELD, ViewSealed(by="m2", code="suspected_abuse")]
TAKEN_DOWN = [*way_to(Phase.RECALLED, recalled=Recalled(by="m", code="rights")), WAY[Phase.WITHDRAWN]]


SEALED_AND_MOVING = [*SEALED, ruled(Gate.PROMPT, Decision.REFUSE, "r", by="m")]

APPEALED_DOWN = [*way_to(Phase.WITHDRAWN), Appealed(by="ana")]
APPEALED_BY_M2 = [*way_to(Phase.WITHDRAWN), Appealed(by="m2")]
ANSWERS = frozenset({Action.GRANT, Action.UPHOLD})
THIRD = Principal(id="m3", roles=frozenset({Role.MODERATOR}))
CASES: list[tuple[list[Event], Principal, frozenset[Action]]] = [
    (way_to(Phase.PUBLISHED), AUTHOR, ALWAYS),
    (way_to(Phase.PUBLISHED), OPERATOR, frozenset()),
    (SEALED_AND_MOVING, OFFICER, ALWAYS),
    (HELD, OPERATOR, frozenset()),
    (way_to(Phase.PUBLISHED), OTHER, frozenset()),
    (way_to(Phase.WITHDRAWN), AUTHOR, ALWAYS - {Action.RECALL} | {Action.APPEAL}),
    ([*way_to(Phase.SUBMITTED), BROKE, BROKE, BROKE], FIRST, SETTLED | {Action.RESUME}),
    (HELD, AUTHOR, ALWAYS),
    (HELD, FIRST, SETTLED | RULINGS),
    (UNMEASURED, FIRST, SETTLED | RULINGS | {Action.RESUME}),
    (AWAITING, FIRST, SETTLED | {Action.REFUSE}),
    (AWAITING, SECOND, SETTLED | RULINGS),
    (REFUSED, AUTHOR, ALWAYS | {Action.APPEAL}),
    (LOOKED_AT, AUTHOR, ALWAYS),
    (DECLINED, AUTHOR, ALWAYS | {Action.APPEAL}),
    ([*DECLINED, Appealed(by="ana")], FIRST, SETTLED | RULINGS),
    (RULED, FIRST, ALWAYS | {Action.UNDO}),
    (RULED, SECOND, ALWAYS),
    ([*RULED, Reversed(by="m", code="slip")], FIRST, SETTLED | RULINGS),
    (REFUSED_BY_ONE, AUTHOR, ALWAYS | {Action.APPEAL}),
    (REFUSED_BY_ONE, SECOND, SETTLED | {Action.REVERSE, Action.APPEAL}),
    (REFUSED, SECOND, SETTLED | {Action.APPEAL}),
    (way_to(Phase.WITHDRAWN), FIRST, SETTLED - {Action.RECALL} | {Action.REVERSE, Action.APPEAL}),
    (APPEALED_DOWN, AUTHOR, ALWAYS - {Action.RECALL}),
    (APPEALED_DOWN, SECOND, SETTLED - {Action.RECALL} | ANSWERS),
    ([*APPEALED_DOWN, upheld_on_appeal("m2")], FIRST, SETTLED - {Action.RECALL} | {Action.REVERSE}),
    ([*way_to(Phase.PUBLISHED), Recalled(by="a", code="claim"), Withdrawn()], AUTHOR, ALWAYS),
    (TAKEN_DOWN, FIRST, SETTLED - {Action.RECALL} | {Action.APPEAL}),
]


@pytest.mark.parametrize(
    ("story", "who"),
    [
        (APPEALED_BY_M2, FIRST),  # took it down
        (APPEALED_BY_M2, SECOND),  # appealed for its author
    ],
)
def test_whoever_took_a_video_down_or_appealed_does_not_answer_the_appeal(story: list[Event], who: Principal) -> None:
    desk, case = desk_with(story)
    assert not desk.actions(who, case) & ANSWERS
    for action in ANSWERS:
        with pytest.raises(Forbidden, match="yourself"):
            done(desk, who, case, action)
    assert desk.actions(THIRD, case) >= ANSWERS


def test_after_six_months_what_was_taken_down_is_not_appealed(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, case = desk_with(way_to(Phase.WITHDRAWN))
    monkeypatch.setattr("pipeline.access.conflicts.APPEAL_TIME", timedelta(days=-1))
    assert Action.APPEAL not in desk.actions(AUTHOR, case)
    with pytest.raises(NotNow, match="six months"):
        desk.appeal(AUTHOR, case.id, note="late")


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
    assert actions(FIRST, case, conflict="it is yours") == actions(FIRST, case, conflict="") - RULINGS - ANSWERS


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


@pytest.mark.parametrize(
    ("story", "who", "offered"),
    [
        (SEALED, FIRST, frozenset()),
        (SEALED, AUTHOR, frozenset({Action.RECALL})),
        (SEALED, OFFICER, frozenset({Action.REFUSE, Action.RECALL, Action.LIFT_SEAL})),
        ([*SEALED, ViewSealed(by="o", code="mistake", sealed=False)], FIRST, SETTLED | RULINGS),
    ],
)
def test_of_a_sealed_case_little_is_offered(story: list[Event], who: Principal, offered: frozenset[Action]) -> None:
    desk, case = desk_with(story)
    assert desk.actions(who, case) == offered


RULED_BEFORE = [
    *HELD,
    ruled(Gate.PROMPT, Decision.REFUSE, "r", by="m"),
    judged(Gate.PROMPT, Decision.REFUSE, "r"),
    Appealed(by="ana"),
]


def test_an_appeal_goes_to_somebody_else_than_whoever_ruled() -> None:
    desk, case = desk_with(RULED_BEFORE)
    assert not desk.actions(FIRST, case) & RULINGS
    for decision, code in ((Decision.ALLOW, "context"), (Decision.REFUSE, "breaks_policy")):
        with pytest.raises(Forbidden, match="you ruled on this case before it was appealed: another moderator"):
            desk.rule(FIRST, case.id, decision, code=code)
    assert desk.actions(SECOND, case) >= RULINGS
    assert replace(desk, one_person=True).actions(FIRST, case) >= RULINGS


def test_a_ruling_on_an_appeal_says_so_and_is_not_appealed_again() -> None:
    desk, case = desk_with(RULED_BEFORE)
    after = desk.rule(SECOND, case.id, Decision.REFUSE, code="breaks_policy")
    assert [ruling.on_appeal for ruling in after.rulings] == [False, True]
    refused = desk.ledger.append(after, [judged(Gate.PROMPT, Decision.REFUSE, "r")])
    assert Action.APPEAL not in desk.actions(AUTHOR, refused)


def test_whoever_ruled_rules_again_on_what_is_held_anew_after_the_appeal() -> None:
    events = [
        *RULED_BEFORE,
        ruled(Gate.PROMPT, Decision.ALLOW, "r", by="n"),
        judged(Gate.PROMPT, Decision.ALLOW),
        *way_to(Phase.INSPECTED, after=Phase.ADMITTED),
        judged(Gate.VIDEO, Decision.HOLD, "v"),
    ]
    desk, case = desk_with(events)
    assert desk.actions(FIRST, case) >= RULINGS
