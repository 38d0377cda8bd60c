"""Appeals of removals for programs: the list by its clock, and the two answers. For moderators."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.web.auth import BearerUser
from console.web.context import ContextDep
from core.case import Case
from pipeline.appeals.recall_appeals import WaitingAppeal

appeal_api_router = APIRouter(prefix="/api", tags=list[str | Enum](["cases"]))


class AppealGrantBody(BaseModel):
    """The video goes back."""

    model_config = ConfigDict(extra="forbid")
    revision: int = Field(description="The revision you saw.")
    note: str = Field("", max_length=4000, description="Words for the file; erasable.")


class UpholdBody(AppealGrantBody):
    """The video stays down."""

    code: str = Field(max_length=60, description="Why, from the reasons of a refusal.")
    reply: str = Field("", max_length=4000, description="Words for the author; erasable.")


@appeal_api_router.get("/appeals", summary="Appeals of videos that were taken down")
def waiting_appeals(who: BearerUser, context: ContextDep) -> list[dict[str, Any]]:
    """The longest-waiting first. What a claim took down is appealed at the claim: see `/api/claim-reviews`."""
    now = datetime.now(UTC)
    return [appeal_json(one, now) for one in context.installation.recall_appeals.waiting(who)]


@appeal_api_router.post("/cases/{case_id}/grant", summary="Grant the appeal of a removal")
def grant(case_id: str, body: AppealGrantBody, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """The same file goes back. For a moderator who had no part in taking it down."""
    return _answered(context.service.reversals.grant(who, case_id, revision=body.revision, note=body.note))


@appeal_api_router.post("/cases/{case_id}/uphold", summary="Uphold a removal that was appealed")
def uphold(case_id: str, body: UpholdBody, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """It stays down, with words for its author. For a moderator who had no part in taking it down."""
    answered = context.service.reversals.uphold(
        who, case_id, code=body.code, revision=body.revision, note=body.note, reply=body.reply.strip()
    )
    return _answered(answered)


def appeal_json(one: WaitingAppeal, now: datetime) -> dict[str, Any]:
    """An appeal that waits."""
    return {
        "case": one.case.id,
        "revision": one.case.revision,
        "removed_for": one.case.recalled.code if one.case.recalled else None,
        "since": one.since.isoformat(),
        "due_at": one.due_at.isoformat(),
        "late": one.is_late(now),
        "conflict": one.conflict or None,
    }


def _answered(case: Case) -> dict[str, Any]:
    return {"case": case.id, "revision": case.revision, "phase": case.phase.value}
