"""The page on which moderators and operators verify rights holders, and say whether a work is looked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.rights.holder_api import desk_of
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import BadInput
from pipeline.rights.holder_words import VERIFICATION_REFUSALS

holder_review_router = APIRouter(prefix="/holders", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]


@holder_review_router.get("")
def holders_page(request: Request, who: SessionUser, context: ContextDep, done: str = "") -> Response:
    """Who waits to be verified, with their words and their drafts; and drafts whose name two holders claim."""
    desk = desk_of(context)
    return render_page(
        request,
        "holders.html",
        waiting=desk.verification.waiting(who),
        disputed=desk.verification.disputed(who),
        refusals=VERIFICATION_REFUSALS,
        done=done,
    )


@holder_review_router.post("/{account}", dependencies=_CSRF_PROTECTED)
def decide_about_holder(
    account: str,
    who: SessionUser,
    context: ContextDep,
    decision: Annotated[str, Form(max_length=10)] = "",
    code: Annotated[str, Form(max_length=40)] = "",
    seen: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Verify them, or refuse for a reason."""
    if decision not in ("verify", "refuse"):
        raise BadInput("a holder is verified or refused")
    desk_of(context).verification.decide(who, account, verify=decision == "verify", code=code, seen=seen)
    return RedirectResponse(f"/holders?done={decision}", status_code=303)


@holder_review_router.post("/works/{work_id}/active", dependencies=_CSRF_PROTECTED)
def look_for_work(
    work_id: str, who: SessionUser, context: ContextDep, active: Annotated[str, Form(max_length=3)] = ""
) -> Response:
    """Look for a work from now on, or no longer."""
    desk_of(context).works.set_active(who, work_id, active=active == "yes")
    return RedirectResponse("/holders?done=active", status_code=303)
