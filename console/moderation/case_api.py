"""The API for programs: cases, the queue, rulings, screening. JSON in, JSON out, a Bearer token with every request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import AcceptLanguage, ContextDep, RequestContext
from core.case import Case, Phase
from core.codec import dump, dump_event
from core.roles import Principal
from core.text_styles import TextStyle
from core.verdicts import Decision
from pipeline.case_explanation import explained
from pipeline.case_notes import case_notes
from pipeline.creator_texts.catalogs import creator_catalog
from pipeline.creator_texts.sentences import CHANGE_DESCRIPTION
from pipeline.disclosure import disclosed_case, disclosed_history, disclosed_verdict, sees_everything
from pipeline.moderation.ruling_codes import ALLOW_CODES, REFUSE_CODES
from pipeline.rights.named_works import named_works
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
    reply: str = Field(
        "", max_length=4000, description="Words for the author, who reads them as `assay.reply`; erasable."
    )


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


class CorrectionBody(_StrictBody):
    """What was decided is corrected, and why."""

    code: str = Field(description="Why, from a closed list.")
    revision: int = Field(description="The revision you saw.")
    note: str = Field("", max_length=4000, description="Words for the file; erasable.")


class ScreenBody(_StrictBody):
    """A prompt to be looked at without opening a case."""

    prompt: str
    explain: bool = Field(False, description="Also look for the smallest edit that clears it; takes longer.")
    style: TextStyle | None = Field(None, description="What kind of text it is; left out, it is told from the words.")


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

    Scores, sources, rules in shadow and who ruled are told to moderators only, here and in the history; and so are
    `named_works`: which registered works its texts name or describe, by which name, whose they are and on what terms.
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
        context.service.rule(
            who, case_id, decision, code=body.code, revision=body.revision, note=body.note, reply=body.reply
        ),
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


@cases_router.post("/cases/{case_id}/undo", summary="Take a ruling of yours back")
def undo(case_id: str, body: ResumeBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Only while the gate has not weighed it: for some seconds after one was made on a page. For moderators."""
    return _case_response(context, who, context.service.reversals.undo(who, case_id, revision=body.revision))


@cases_router.post("/cases/{case_id}/reverse", summary="Reverse a refusal or a recall")
def reverse(case_id: str, body: CorrectionBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """A refusal by a moderator is judged again without it; what was recalled by mistake, or for the policy alone, goes
    on where it was. For moderators. `code`: mistake, new_evidence or policy_changed.
    """
    return _corrected(context, who, case_id, body, context.service.reversals.reverse)


@cases_router.post("/cases/{case_id}/seal", summary="Seal a case, so that nobody views it")
def seal(case_id: str, body: CorrectionBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """For moderators. `code`: suspected_abuse, illegal_to_view or court_order."""
    return _corrected(context, who, case_id, body, context.service.reversals.seal)


@cases_router.post("/cases/{case_id}/lift-seal", summary="Lift the seal of a case")
def lift_seal(case_id: str, body: CorrectionBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """For safety officers. `code`: mistake or cleared_by_authority."""
    return _corrected(context, who, case_id, body, context.service.reversals.lift_seal)


@cases_router.get("/queue", summary="What is held")
def queue(who: BearerUser, context: ContextDep, limit: LimitQuery = 100) -> dict[str, object]:
    """In the order of the queue, as far as it is yours, and what you may do with each. For moderators."""
    held = context.service.reviews.cases(who, limit=limit)
    return {"cases": dump(held), "actions": {case.id: sorted(context.service.actions(who, case)) for case in held}}


@cases_router.post("/screen", summary="What would be said of this prompt?")
def screen_prompt(
    body: ScreenBody, who: BearerUser, context: ContextDep, accepted: AcceptLanguage
) -> dict[str, object]:
    """Opens no case and keeps nothing. Signals and their scores are told to moderators only.

    A platform is told the reasons in the language of the prompt. `instead`: what may be asked for where no edit was
    found that clears it.
    """
    screen = partial(context.service.opinions.screen, who, style=body.style)
    opinion = screen(body.prompt)
    edit = smallest_edit(body.prompt, partial(screen, with_places=False), opinion) if body.explain else None
    catalog = creator_catalog(opinion.language or "", accepted)
    stopped = opinion.verdict.decision is not Decision.ALLOW
    told = {
        "edit": asdict(edit) if edit else None,
        "instead": catalog.text(CHANGE_DESCRIPTION) if body.explain and stopped and edit is None else None,
    }
    if not sees_everything(who):
        reasons = explained(opinion.reasons, body.prompt, opinion.measured.signals)
        return {
            "verdict": dump(disclosed_verdict(opinion.verdict)),
            "reasons": [asdict(one) | {"text": catalog.text(one.text)} for one in reasons],
            **told,
        }
    return {
        "verdict": dump(opinion.verdict),
        "reasons": [asdict(reason) for reason in opinion.reasons],
        **told,
        "signals": dump(opinion.measured.signals),
        "seconds": dict(opinion.measured.seconds),
    }


def _corrected(
    room: RequestContext, who: Principal, case_id: str, body: CorrectionBody, correct: Callable[..., Case]
) -> dict[str, object]:
    return _case_response(room, who, correct(who, case_id, code=body.code, revision=body.revision, note=body.note))


def _case_response(room: RequestContext, who: Principal, case: Case) -> dict[str, object]:
    """The case, what this person may do with it now, and for moderators the registered works that its texts name."""
    answer = {"case": dump(disclosed_case(who, case)), "actions": sorted(room.service.actions(who, case))}
    if not sees_everything(who):
        return answer
    named = named_works(room.installation.rights_desk, who, case, room.service.context.texts)
    return {**answer, "named_works": dump(named)}
