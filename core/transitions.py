"""Which event may follow in which phase: one table, from which the ledger, the route, pages and the docs are checked.

`TRANSITIONS` is that table. `check` refuses an event that it does not list: the ledger calls it for whatever is
appended, and never for what is stored, because what happened has happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.case import Case, Phase
from core.errors import BadInput
from core.events import (
    Appealed,
    Claimed,
    Commissioned,
    EngineDeclined,
    EngineFailed,
    Event,
    Judged,
    Measured,
    Published,
    Recalled,
    Rendered,
    Resumed,
    Reversed,
    Ruled,
    Sealed,
    StageFailed,
    Submitted,
    ViewSealed,
    Waiting,
    Withdrawn,
)
from core.recalls import (
    APPEAL_GRANTED,
    CLAIM_RECALL,
    CLAIM_REVERSALS,
    LAWFUL_RECALLS,
    recall_appealable,
    recall_appealed,
    recalled_by_claim,
    restorable,
)
from core.signals import Subject
from core.verdicts import Decision, Gate, Verdict


class IllegalTransition(BadInput):
    """This event may not follow in the phase that the case is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row of the table: in `phase`, `event` may follow if `holds` says so of the case and the event.

    `to` are the phases in which the case is afterwards; `condition` describes what `holds` checks; empty for always.
    """

    phase: Phase
    event: type[Event]
    to: frozenset[Phase]
    condition: str = ""
    holds: Callable[[Case, Event], bool] = lambda _case, _event: True


def _measured(*subjects: Subject) -> Callable[[Case, Event], bool]:
    return lambda _case, event: isinstance(event, Measured) and all(s.subject in subjects for s in event.signals)


def _judged(gate: Gate) -> Callable[[Case, Event], bool]:
    return lambda _case, event: isinstance(event, Judged) and event.verdict.gate is gate


def _not_allowed(gate: Gate) -> Callable[[Case, Event], bool]:
    return lambda _case, event: (
        isinstance(event, Judged) and event.verdict.gate is gate and event.verdict.decision is not Decision.ALLOW
    )


def _refused_by_preview(case: Case, event: Event) -> bool:
    shown = any(s.subject is Subject.PREVIEW for s in case.signals)
    return (
        shown
        and isinstance(event, Judged)
        and (event.verdict.gate, event.verdict.decision)
        == (
            Gate.VIDEO,
            Decision.REFUSE,
        )
    )


def holding(case: Case) -> Verdict | None:
    """The verdict that holds this case and on which a person may rule; None where no verdict holds it.

    An appeal is held by the verdict that was last given: the refusal, or the allow that the engine then declined.
    """
    return case.verdict if case.phase is Phase.HELD and not case.held_by_failure else None


def answers_appeal(case: Case) -> bool:
    """Whether a ruling that is given now answers an appeal, as the first moderator or as the second of two."""
    verdict = holding(case)
    if verdict is None:
        return False
    rulings = [r for r in case.rulings if r.gate is verdict.gate]
    second_of_two = bool(verdict.awaiting) and bool(rulings) and rulings[-1].on_appeal
    return verdict.decision is not Decision.HOLD or second_of_two


def _ruled(case: Case, event: Event) -> bool:
    verdict = holding(case)
    return verdict is not None and isinstance(event, Ruled) and event.ruling.gate is verdict.gate


def appealable(case: Case) -> bool:
    """Whether a refusal can be appealed: a moderator's unless it answers an appeal, policy's while it has a reason that
    no moderator has looked at.

    A ruling to allow does not lift a final rule. Once a moderator has looked at every rule that refuses, appealing
    again would never end. An engine that declines names no rule: a ruling about that names none either.
    """
    verdict = case.verdict
    if case.phase is not Phase.REFUSED or verdict is None:
        return False
    rulings = [r for r in case.rulings if r.gate is verdict.gate]
    if rulings and rulings[-1].decision is Decision.REFUSE:
        return not rulings[-1].on_appeal
    reasons = verdict.rules if verdict.decision is Decision.REFUSE else ()
    looked_at = [r.over for r in rulings]
    if not reasons:
        return () not in looked_at
    return not set(reasons) <= {rule for over in looked_at for rule in over}


def _appealed(case: Case, _event: Event) -> bool:
    return appealable(case)


def _recall_appealed(case: Case, _event: Event) -> bool:
    return recall_appealable(case)


def _recall_upheld(case: Case, event: Event) -> bool:
    upholds = isinstance(event, Ruled) and event.ruling.on_appeal and event.ruling.decision is Decision.REFUSE
    return upholds and recall_appealed(case)


def undoable(case: Case) -> bool:
    """Whether the last ruling waits to be weighed by its gate, so that it can be taken back."""
    gates = {Phase.SCREENED: Gate.PROMPT, Phase.INSPECTED: Gate.VIDEO}
    held = case.verdict is not None and case.verdict.decision is not Decision.ALLOW
    return held and bool(case.rulings) and case.rulings[-1].gate is gates.get(case.phase)


def reversible(case: Case) -> bool:
    """Whether a person's decision can be reversed: a refusal by ruling, or a recall that no law asked for.

    What was appealed is answered first.
    """
    if case.phase is Phase.REFUSED:
        return any(r.decision is Decision.REFUSE for r in case.rulings)
    recalled = case.recalled is not None and case.recalled.code in LAWFUL_RECALLS
    return case.phase is Phase.WITHDRAWN and recalled and not recall_appealed(case)


def _recalled_beside_claim(case: Case, event: Event) -> bool:
    """Whether somebody recalls for a reason of their own what a claim took down, and what it may put back otherwise."""
    return recalled_by_claim(case) and isinstance(event, Recalled) and event.code != CLAIM_RECALL


def _undone(case: Case, event: Event) -> bool:
    if isinstance(event, Reversed) and event.code in CLAIM_REVERSALS:
        return restorable(case)
    if isinstance(event, Reversed) and event.code == APPEAL_GRANTED:
        return recall_appealed(case)
    return undoable(case) or reversible(case)


_AFTER_A_VERDICT = frozenset({Phase.HELD, Phase.REFUSED})
_STOPPED = (Phase.NEW, Phase.RECALLED, Phase.WITHDRAWN)

_FORWARD = (
    Transition(phase=Phase.NEW, event=Submitted, to=frozenset({Phase.SUBMITTED})),
    Transition(
        phase=Phase.SUBMITTED,
        event=Measured,
        to=frozenset({Phase.SCREENED}),
        condition="of the prompt and of references",
        holds=_measured(Subject.PROMPT, Subject.NEGATIVE_PROMPT, Subject.REFERENCE),
    ),
    Transition(
        phase=Phase.SCREENED,
        event=Judged,
        to=_AFTER_A_VERDICT | {Phase.ADMITTED},
        condition="at the prompt gate",
        holds=_judged(Gate.PROMPT),
    ),
    Transition(phase=Phase.ADMITTED, event=Commissioned, to=frozenset({Phase.COMMISSIONED})),
    Transition(phase=Phase.COMMISSIONED, event=Rendered, to=frozenset({Phase.RENDERED})),
    Transition(
        phase=Phase.COMMISSIONED,
        event=Measured,
        to=frozenset({Phase.COMMISSIONED}),
        condition="of a preview",
        holds=_measured(Subject.PREVIEW),
    ),
    Transition(
        phase=Phase.COMMISSIONED,
        event=Judged,
        to=frozenset({Phase.REFUSED}),
        condition="at the video gate, refused: a preview shows what no ruling allows",
        holds=_refused_by_preview,
    ),
    *(
        Transition(phase=p, event=EngineDeclined, to=frozenset({Phase.REFUSED}))
        for p in (Phase.ADMITTED, Phase.COMMISSIONED)
    ),
    *(
        Transition(phase=p, event=EngineFailed, to=frozenset({Phase.FAILED}))
        for p in (Phase.ADMITTED, Phase.COMMISSIONED)
    ),
    *(
        Transition(
            phase=phase,
            event=Judged,
            to=_AFTER_A_VERDICT,
            condition="at the prompt gate, not allowed: consent was withdrawn",
            holds=_not_allowed(Gate.PROMPT),
        )
        for phase in (Phase.ADMITTED, Phase.COMMISSIONED)
    ),
    Transition(
        phase=Phase.RENDERED,
        event=Measured,
        to=frozenset({Phase.INSPECTED}),
        condition="of the video",
        holds=_measured(Subject.VIDEO),
    ),
    Transition(
        phase=Phase.INSPECTED,
        event=Judged,
        to=_AFTER_A_VERDICT | {Phase.CLEARED},
        condition="at the video gate",
        holds=_judged(Gate.VIDEO),
    ),
    Transition(phase=Phase.INSPECTED, event=EngineFailed, to=frozenset({Phase.FAILED})),
    Transition(phase=Phase.CLEARED, event=Sealed, to=frozenset({Phase.SEALED})),
    Transition(phase=Phase.SEALED, event=Published, to=frozenset({Phase.PUBLISHED})),
    Transition(
        phase=Phase.SEALED,
        event=Judged,
        to=_AFTER_A_VERDICT,
        condition="at the video gate, not allowed: consent was withdrawn",
        holds=_not_allowed(Gate.VIDEO),
    ),
    Transition(phase=Phase.RECALLED, event=Withdrawn, to=frozenset({Phase.WITHDRAWN})),
)

WORKING: tuple[Phase, ...] = tuple(dict.fromkeys(t.phase for t in _FORWARD if t.phase is not Phase.NEW))
"""The phases in which a stage has something to do, in the usual order."""

_BY_PEOPLE = (
    Transition(
        phase=Phase.HELD,
        event=Ruled,
        to=frozenset({Phase.SCREENED, Phase.INSPECTED}),
        condition="at the gate whose verdict holds the case",
        holds=_ruled,
    ),
    Transition(phase=Phase.HELD, event=Resumed, to=frozenset(WORKING) - {Phase.RECALLED}),
    Transition(
        phase=Phase.REFUSED,
        event=Appealed,
        to=frozenset({Phase.HELD}),
        condition="unless it was appealed before and a person has looked at every reason",
        holds=_appealed,
    ),
    *(
        Transition(
            phase=gate,
            event=Reversed,
            to=frozenset({Phase.HELD}),
            condition="of a ruling that its gate has not weighed yet",
            holds=_undone,
        )
        for gate in (Phase.SCREENED, Phase.INSPECTED)
    ),
    Transition(
        phase=Phase.REFUSED,
        event=Reversed,
        to=frozenset({Phase.SCREENED, Phase.INSPECTED}),
        condition="where a moderator refused it",
        holds=_undone,
    ),
    Transition(
        phase=Phase.WITHDRAWN,
        event=Reversed,
        to=frozenset({Phase.SUBMITTED, Phase.SCREENED, Phase.RENDERED, Phase.INSPECTED, Phase.SEALED}),
        condition="of a recall by mistake or for the policy alone, by the claims desk of its own, or on appeal",
        holds=_undone,
    ),
    Transition(
        phase=Phase.WITHDRAWN,
        event=Appealed,
        to=frozenset({Phase.WITHDRAWN}),
        condition="once, of a recall by which the service decided itself",
        holds=_recall_appealed,
    ),
    Transition(
        phase=Phase.WITHDRAWN,
        event=Ruled,
        to=frozenset({Phase.WITHDRAWN}),
        condition="upholding a recall that was appealed",
        holds=_recall_upheld,
    ),
    *(
        Transition(phase=p, event=ViewSealed, to=frozenset({p}))
        for p in (Phase.HELD, Phase.REFUSED, Phase.FAILED, Phase.RECALLED, Phase.WITHDRAWN)
    ),
    *(
        Transition(phase=p, event=Claimed, to=frozenset({p}))
        for p in (Phase.SEALED, Phase.PUBLISHED, Phase.RECALLED, Phase.WITHDRAWN)
    ),
    *(Transition(phase=p, event=Recalled, to=frozenset({Phase.RECALLED})) for p in Phase if p not in _STOPPED),
    *(
        Transition(
            phase=p,
            event=Recalled,
            to=frozenset({Phase.RECALLED}),
            condition="for another reason, where a claim took it down",
            holds=_recalled_beside_claim,
        )
        for p in (Phase.RECALLED, Phase.WITHDRAWN)
    ),
)

_FAILED = tuple(
    Transition(
        phase=phase,
        event=StageFailed,
        to=frozenset(
            {phase}
            if phase is Phase.RECALLED
            else {phase, Phase.HELD, Phase.ADMITTED}
            if phase is Phase.COMMISSIONED
            else {phase, Phase.HELD}
        ),
    )
    for phase in WORKING
)

_WAITING = tuple(Transition(phase=phase, event=Waiting, to=frozenset({phase})) for phase in WORKING)

TRANSITIONS: tuple[Transition, ...] = (*_FORWARD, *_BY_PEOPLE, *_FAILED, *_WAITING)
"""The law: what is not here does not happen."""


def _table() -> Mapping[tuple[Phase, type[Event]], tuple[Transition, ...]]:
    table: dict[tuple[Phase, type[Event]], tuple[Transition, ...]] = {}
    for row in TRANSITIONS:
        table[row.phase, row.event] = (*table.get((row.phase, row.event), ()), row)
    return table


_TABLE = _table()


def allowed(case: Case, event: Event) -> bool:
    """Whether this event may follow now."""
    return any(row.holds(case, event) for row in _TABLE.get((case.phase, type(event)), ()))


def check(case: Case, events: Iterable[Event]) -> Case:
    """The case after these events. Raises IllegalTransition for the first that may not follow."""
    for event in events:
        if not allowed(case, event):
            raise IllegalTransition(f"{type(event).__name__} may not follow in phase {case.phase.value}")
        case = case.apply([event])
    return case
