"""/appeals: appeals of videos that were taken down; and the two answers, which are given on the page of the case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.web import display_text
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page

appeal_pages_router = APIRouter(include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_Words = Annotated[str, Form(max_length=4000)]


@appeal_pages_router.get("/appeals")
def appeals(request: Request, who: SessionUser, context: ContextDep) -> Response:
    """What waits, the longest-waiting first. For moderators."""
    waiting = context.installation.recall_appeals.waiting(who)
    return render_page(
        request, "appeals.html", rows=waiting, now=datetime.now(UTC), recalls=display_text.ALL_RECALL_TEXTS
    )


@appeal_pages_router.post("/cases/{case_id}/grant", dependencies=_CSRF_PROTECTED)
def grant_appeal(
    case_id: str, who: SessionUser, context: ContextDep, revision: Annotated[int, Form()], note: _Words = ""
) -> Response:
    """Put the video back. For a moderator who had no part in taking it down."""
    context.service.reversals.grant(who, case_id, revision=revision, note=note)
    return RedirectResponse(f"/cases/{case_id}?done=granted", status_code=303)


@appeal_pages_router.post("/cases/{case_id}/uphold", dependencies=_CSRF_PROTECTED)
def uphold_recall(
    *,
    case_id: str,
    who: SessionUser,
    context: ContextDep,
    revision: Annotated[int, Form()],
    code: Annotated[str, Form()],
    note: _Words = "",
    reply: _Words = "",
) -> Response:
    """Leave the video down, with words for its author. For a moderator who had no part in taking it down."""
    context.service.reversals.uphold(who, case_id, code=code, revision=revision, note=note, reply=reply.strip())
    return RedirectResponse(f"/cases/{case_id}?done=upheld", status_code=303)
