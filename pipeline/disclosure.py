"""What of a case an account that is no moderator's may see: what was decided and why, not how it is detected.

Scores, rules in shadow, sources, facts that rules weigh, and who ruled are for moderators only: whoever can read them
can try prompts until one slips through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.case import Case
from core.events import Event, Judged, Measured, Rendered, Ruled
from core.ports import RecordedEvent
from core.roles import Principal, Role
from core.verdicts import Ruling, Verdict

SOME_MODERATOR = "a moderator"


def sees_everything(who: Principal) -> bool:
    """Whether scores and rules are this person's business."""
    return who.has(Role.MODERATOR)


def disclosed_case(who: Principal, case: Case) -> Case:
    """The case as this person may see it. To be shown, and not to be appended to."""
    if sees_everything(who):
        return case
    return replace(
        case,
        signals=(),
        verdicts=tuple(map(disclosed_verdict, case.verdicts)),
        rulings=tuple(map(_disclosed_ruling, case.rulings)),
    )


def disclosed_history(who: Principal, history: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
    """Every event, as this person may see it."""
    if sees_everything(who):
        return history
    return tuple(replace(entry, event=_disclosed_event(entry.event)) for entry in history)


def disclosed_verdict(verdict: Verdict) -> Verdict:
    """The decision, the rules that count, and the reason."""
    return replace(verdict, shadow=(), lifted=(), final=(), two_person=(), awaiting=(), sources=())


def _disclosed_event(event: Event) -> Event:
    match event:
        case Measured():
            return Measured(signals=())
        case Judged():
            return Judged(verdict=disclosed_verdict(event.verdict))
        case Ruled():
            return Ruled(ruling=_disclosed_ruling(event.ruling))
    return event


def _disclosed_ruling(ruling: Ruling) -> Ruling:
    return replace(ruling, moderator=SOME_MODERATOR, note="")


def public_record(case: Case, history: Iterable[RecordedEvent]) -> dict[str, str] | None:
    """What the public may know of a case: nothing of a person's. None where it never came to a sealed video."""
    if case.sealed is None or case.rendered is None or case.verdict is None:
        return None
    sealed_at = next(e.at for e in history if e.event == case.sealed)
    return {
        "id": case.id,
        "phase": case.phase.value,
        "engine": case.rendered.engine,
        "engine_version": case.rendered.engine_version,
        "synthetic": str(case.rendered.synthetic).lower(),
        "source_type": stated_source_type(case.rendered),
        "sealed_at": sealed_at.isoformat(timespec="seconds"),
        "manifest_id": case.sealed.manifest_id,
        "policy": case.verdict.policy,
    }


def stated_source_type(rendered: Rendered) -> str:
    """The digital source type that the seal states of a video, or nothing."""
    return rendered.source_type or ("trainedAlgorithmicMedia" if rendered.synthetic else "")
