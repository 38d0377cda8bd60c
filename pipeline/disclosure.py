"""What of a case an account that is no moderator's may see: what was decided and why, not how it is detected.

Scores, rules in shadow, sources, facts that rules weigh, and who ruled are for moderators only: whoever can read them
can try prompts until one slips through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from core.case import Case
from core.events import (
    Appealed,
    Claimed,
    Event,
    Judged,
    Measured,
    Recalled,
    Rendered,
    Resumed,
    Reversed,
    Ruled,
    ViewSealed,
)
from core.ports import RecordedEvent
from core.recalls import recalled_by_claim
from core.roles import Principal, Role
from core.verdicts import Ruling, Verdict
from pipeline.claims.claim import CLAIMS_ACTOR
from registry.consent.takedown import TAKEDOWN_ACTOR

SOME_MODERATOR = "a moderator"

_Done = TypeVar("_Done", Appealed, Recalled, Resumed, Claimed)


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
        view_seal=_disclosed_seal(case.view_seal) if case.view_seal else None,
        recalled=_by_whom(who, case.recalled) if case.recalled else None,
    )


def disclosed_history(who: Principal, history: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
    """Every event, as this person may see it."""
    if sees_everything(who):
        return history
    return tuple(replace(entry, event=_disclosed_event(who, entry.event)) for entry in history)


def disclosed_verdict(verdict: Verdict) -> Verdict:
    """The decision, the rules that count, and the reason."""
    return replace(verdict, shadow=(), lifted=(), final=(), two_person=(), awaiting=(), sources=())


def _disclosed_seal(seal: ViewSealed) -> ViewSealed:
    """That it is sealed, and neither by whom nor why: it may be suspected of its author."""
    return replace(seal, by=SOME_MODERATOR, code="", note="")


def _by_whom(who: Principal, event: _Done) -> _Done:
    """What somebody did, without who among the moderators it was."""
    return event if event.by in (who.id, TAKEDOWN_ACTOR, CLAIMS_ACTOR) else replace(event, by=SOME_MODERATOR)


def _disclosed_event(who: Principal, event: Event) -> Event:
    match event:
        case Measured():
            return Measured(signals=())
        case Judged():
            return Judged(verdict=disclosed_verdict(event.verdict))
        case Reversed():
            return replace(event, by=SOME_MODERATOR, note="")
        case ViewSealed():
            return _disclosed_seal(event)
        case Appealed():  # a moderator may appeal for somebody
            return _by_whom(who, event)
        case Recalled():
            return _by_whom(who, event)
        case Resumed():
            return _by_whom(who, event)
        case Claimed():
            return _by_whom(who, event)
        case Ruled():
            return Ruled(ruling=_disclosed_ruling(event.ruling))
    return event


def _disclosed_ruling(ruling: Ruling) -> Ruling:
    return replace(ruling, moderator=SOME_MODERATOR, note="")


def public_record(case: Case, history: Iterable[RecordedEvent]) -> dict[str, str] | None:
    """What the public may know of a case: nothing of a person's. None where it never came to a sealed video.

    Why a case was recalled is not among it, but for consent that ended, and that a claim took it down, not whose:
    whoever holds a copy has to know.
    """
    if case.sealed is None or case.rendered is None or case.verdict is None:
        return None
    entries = tuple(history)
    sealed_at = next(e.at for e in entries if e.event == case.sealed)
    consent_ended = case.recalled is not None and case.recalled.code == "consent_withdrawn"
    return {
        "id": case.id,
        "phase": case.phase.value,
        **(_consent_ended(case, entries) if consent_ended else {}),
        **({"taken_down": "claim"} if recalled_by_claim(case) else {}),
        "engine": case.rendered.engine,
        "engine_version": case.rendered.engine_version,
        "synthetic": str(case.rendered.synthetic).lower(),
        "source_type": stated_source_type(case.rendered),
        "sealed_at": sealed_at.isoformat(timespec="seconds"),
        "manifest_id": case.sealed.manifest_id,
        "policy": case.verdict.policy,
    }


def _consent_ended(case: Case, history: Sequence[RecordedEvent]) -> dict[str, str]:
    """That a person whom it shows no longer agrees, and since when it was taken down for that."""
    at = [entry.at for entry in history if entry.event == case.recalled]
    return {"consent": "withdrawn", **({"consent_ended": max(at).isoformat(timespec="seconds")} if at else {})}


def stated_source_type(rendered: Rendered) -> str:
    """The digital source type that the seal states of a video, or nothing."""
    return rendered.source_type or ("trainedAlgorithmicMedia" if rendered.synthetic else "")
