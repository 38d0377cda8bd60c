"""The API for programs: cases, the queue, rulings, screening. JSON in, JSON out, a Bearer token with every request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from core.case import Case, Phase
from core.codec import dump, dump_event
from core.roles import Principal
from core.verdicts import Decision
from pipeline.case_explanation import explained
from pipeline.case_notes import case_notes
from pipeline.disclosure import disclosed_case, disclosed_history, disclosed_verdict, sees_everything
from pipeline.moderation.ruling_codes import ALLOW_CODES, REFUSE_CODES
from pipeline.screening.prompt_explanation import smallest_edit
from pipeline.service import RECALL_CODES

cases_router = APIRouter(prefix="/api", tags=["cases"])

LimitQuery = Annotated[int, Query(ge=1, le=500, description="How many at the most.")]


class _StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RulingBody(_StrictBody):
    """A moderator's decision about a held case."""

    decision: Literal["allow", "refuse"]
    code: str = Field(description=f"To allow: {', '.join(ALLOW_CODES)}. To refuse: {', '.join(REFUSE_CODES)}.")
    revision: int = Field(description="The revision you saw: if the case has moved on, nothing is done (409).")
    note: str = Field("", max_length=4000, description="Words for the file; kept apart from the log, and erasable.")


class ResumeBody(_StrictBody):
    """A failed case may go on."""

    revision: int = Field(description="The revision you saw.")


class AppealBody(_StrictBody):
    """The author asks that a person look at a refusal."""

    note: str = Field("", max_length=4000, description="Why; erasable.")


class RecallBody(_StrictBody):
    """A case is to stop, or its video to come down."""

    code: str = Field(description=f"One of {', '.join(RECALL_CODES)}.")
    revision: int | None = Field(None, description="The revision you saw, if that matters.")
    note: str = Field("", max_length=4000, description="Words for the file; erasable.")


class ScreenBody(_StrictBody):
    """A prompt to be looked at without opening a case."""

    prompt: str
    explain: bool = Field(False, description="Also look for the smallest edit that clears it; takes longer.")


@cases_router.get("/cases", summary="Your cases; all of them for a moderator")
def cases(
    who: BearerUser, context: ContextDep, phase: Phase | None = None, limit: LimitQuery = 100
) -> dict[str, object]:
    """The one that moved last first."""
    found = context.service.cases(who, phase=phase, limit=limit)
    return {"cases": dump([disclosed_case(who, one) for one in found])}


@cases_router.get("/cases/{case_id}", summary="A case")
def case(case_id: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Everything known about one generation, without its texts. Another account's case is 404.

    Scores, sources, rules in shadow and who ruled are told to moderators only, here and in the history.
    """
    return _case_response(context, who, context.service.case(who, case_id))


@cases_router.get("/cases/{case_id}/history", summary="A case's history")
def case_history(case_id: str, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Every event, in order. In a verdict or ruling, decision 0 is allow, 1 hold, 2 refuse.

    `notes` are what people wrote to events: all of them for a moderator, your own for you. An erased one has no text.
    """
    history = context.service.history(who, case_id)
    notes = case_notes(who, history, context.service.context.texts)
    return {
        "history": [
            {"revision": e.revision, "at": e.at.isoformat(), **dump_event(e.event)}
            for e in disclosed_history(who, history)
        ],
        "notes": dump(notes),
    }


@cases_router.post("/cases/{case_id}/rule", summary="Rule on a held case")
def rule(case_id: str, body: RulingBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """The gate that held it judges again, and weighs this. For moderators."""
    decision = Decision[body.decision.upper()]
    return _case_response(
        context,
        who,
        context.service.rule(who, case_id, decision, code=body.code, revision=body.revision, note=body.note),
    )


@cases_router.post("/cases/{case_id}/resume", summary="Send on a case that failed or could not be measured")
def resume(case_id: str, body: ResumeBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Approves nothing; what could not be measured is measured anew. For moderators."""
    return _case_response(context, who, context.service.resume(who, case_id, revision=body.revision))


@cases_router.post("/cases/{case_id}/appeal", summary="Appeal a refusal")
def appeal(case_id: str, body: AppealBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """A person will look at it, once."""
    return _case_response(context, who, context.service.appeal(who, case_id, note=body.note))


@cases_router.post("/cases/{case_id}/recall", summary="Recall a case")
def recall(case_id: str, body: RecallBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Stops it, or takes its video down."""
    return _case_response(
        context, who, context.service.recall(who, case_id, code=body.code, revision=body.revision, note=body.note)
    )


@cases_router.get("/queue", summary="What is held")
def queue(who: BearerUser, context: ContextDep, limit: LimitQuery = 100) -> dict[str, object]:
    """The longest-waiting first, and what you may do with each. For moderators."""
    held = context.service.queue(who, limit=limit)
    return {"cases": dump(held), "actions": {case.id: sorted(context.service.actions(who, case)) for case in held}}


@cases_router.post("/screen", summary="What would be said of this prompt?")
def screen_prompt(body: ScreenBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Opens no case and keeps nothing. Signals and their scores are told to moderators only."""
    opinion = context.service.screen(who, body.prompt)
    edit = smallest_edit(body.prompt, lambda text: context.service.screen(who, text), opinion) if body.explain else None
    if not sees_everything(who):
        return {
            "verdict": dump(disclosed_verdict(opinion.verdict)),
            "reasons": [asdict(one) for one in explained(opinion.reasons, body.prompt, ())],
            "edit": asdict(edit) if edit else None,
        }
    return {
        "verdict": dump(opinion.verdict),
        "reasons": [asdict(reason) for reason in opinion.reasons],
        "edit": asdict(edit) if edit else None,
        "signals": dump(opinion.measured.signals),
        "seconds": dict(opinion.measured.seconds),
    }


def _case_response(room: RequestContext, who: Principal, case: Case) -> dict[str, object]:
    """The case, and what this person may do with it now."""
    return {"case": dump(disclosed_case(who, case)), "actions": sorted(room.service.actions(who, case))}
