"""The API for programs: cases, the queue, rulings, screening. JSON in, JSON out, a Bearer token with every request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from console.auth import Caller
from console.room import In, Room
from core.case import Case, Phase
from core.codec import dump, dump_event
from core.verdicts import Decision
from pipeline.desk import RECALL_CODES, RULING_CODES
from pipeline.people import Person
from pipeline.screening import smallest_edit

api = APIRouter(prefix="/api", tags=["cases"])

Limit = Annotated[int, Query(ge=1, le=500, description="How many at the most.")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RulingAsked(_Asked):
    """A moderator's decision about a held case."""

    decision: Literal["allow", "refuse"]
    code: str = Field(description=f"One of {', '.join(RULING_CODES)}.")
    revision: int = Field(description="The revision you saw: if the case has moved on, nothing is done (409).")
    note: str = Field("", max_length=4000, description="Words for the file; kept apart from the log, and erasable.")


class ResumeAsked(_Asked):
    """A stumbled case may go on."""

    revision: int = Field(description="The revision you saw.")


class AppealAsked(_Asked):
    """The author asks that a person look at a refusal."""

    note: str = Field("", max_length=4000, description="Why; erasable.")


class RecallAsked(_Asked):
    """A case is to stop, or its video to come down."""

    code: str = Field(description=f"One of {', '.join(RECALL_CODES)}.")
    revision: int | None = Field(None, description="The revision you saw, if that matters.")
    note: str = Field("", max_length=4000, description="Words for the file; erasable.")


class ScreenAsked(_Asked):
    """A prompt to be looked at without opening a case."""

    prompt: str
    explain: bool = Field(False, description="Also look for the smallest edit that clears it; takes longer.")


@api.get("/cases", summary="Your cases; all of them for a moderator")
def cases(who: Caller, room: In, phase: Phase | None = None, limit: Limit = 100) -> dict[str, Any]:
    """The one that moved last first."""
    return {"cases": dump(room.desk.cases(who, phase=phase, limit=limit))}


@api.get("/cases/{case_id}", summary="A case")
def case(case_id: str, who: Caller, room: In) -> dict[str, Any]:
    """Everything known about one generation, without its texts. Another account's case is 404."""
    return _shown(room, who, room.desk.case(who, case_id))


@api.get("/cases/{case_id}/history", summary="A case's history")
def history(case_id: str, who: Caller, room: In) -> dict[str, Any]:
    """Every event, in order. In a verdict or ruling, decision 0 is allow, 1 hold, 2 refuse."""
    entries = room.desk.history(who, case_id)
    return {
        "history": [{"revision": e.revision, "at": e.at.isoformat(), **dump_event(e.event)} for e in entries],
    }


@api.post("/cases/{case_id}/rule", summary="Rule on a held case")
def rule(case_id: str, asked: RulingAsked, who: Caller, room: In) -> dict[str, Any]:
    """The gate that held it judges again, and weighs this. For moderators."""
    decision = Decision[asked.decision.upper()]
    return _shown(
        room,
        who,
        room.desk.rule(who, case_id, decision, code=asked.code, revision=asked.revision, note=asked.note),
    )


@api.post("/cases/{case_id}/resume", summary="Send on a case that stumbled or could not be measured")
def resume(case_id: str, asked: ResumeAsked, who: Caller, room: In) -> dict[str, Any]:
    """Approves nothing; what could not be measured is measured anew. For moderators."""
    return _shown(room, who, room.desk.resume(who, case_id, revision=asked.revision))


@api.post("/cases/{case_id}/appeal", summary="Appeal a refusal")
def appeal(case_id: str, asked: AppealAsked, who: Caller, room: In) -> dict[str, Any]:
    """A person will look at it, once."""
    return _shown(room, who, room.desk.appeal(who, case_id, note=asked.note))


@api.post("/cases/{case_id}/recall", summary="Recall a case")
def recall(case_id: str, asked: RecallAsked, who: Caller, room: In) -> dict[str, Any]:
    """Stops it, or takes its video down."""
    return _shown(room, who, room.desk.recall(who, case_id, code=asked.code, revision=asked.revision, note=asked.note))


@api.get("/queue", summary="What is held")
def queue(who: Caller, room: In, limit: Limit = 100) -> dict[str, Any]:
    """The longest-waiting first, and what you may do with each. For moderators."""
    held = room.desk.queue(who, limit=limit)
    return {"cases": dump(held), "actions": {case.id: sorted(room.desk.actions(who, case)) for case in held}}


@api.post("/screen", summary="What would be said of this prompt?")
def screen(asked: ScreenAsked, who: Caller, room: In) -> dict[str, Any]:
    """Opens no case and keeps nothing."""
    opinion = room.desk.screen(who, asked.prompt)
    edit = smallest_edit(asked.prompt, lambda text: room.desk.screen(who, text), opinion) if asked.explain else None
    return {
        "verdict": dump(opinion.verdict),
        "reasons": [asdict(reason) for reason in opinion.reasons],
        "edit": asdict(edit) if edit else None,
        "signals": dump(opinion.measured.signals),
        "seconds": dict(opinion.measured.seconds),
    }


def _shown(room: Room, who: Person, found: Case) -> dict[str, Any]:
    """The case, and what this person may do with it now."""
    return {"case": dump(found), "actions": sorted(room.desk.actions(who, found))}
