"""The operators' page of the policy: what is in force, what is tried on how many cases, and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.case_pages import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from core.errors import Unavailable
from pipeline.policy_rollout.policy_service import PolicyService

policy_pages_router = APIRouter(prefix="/policy", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
StepCountField = Annotated[int, Form(description="How many steps the page showed.")]


@policy_pages_router.get("")
def policy_page(
    request: Request, who: SessionUser, context: ContextDep, compare: bool = False, done: str = ""
) -> Response:
    """Versions, the share of the candidate, how each decided, and the steps so far."""
    desk = _policy_service(context)
    return render_page(
        request,
        "policy.html",
        now=desk.status(who),
        decided=desk.count_verdicts(who),
        compared=desk.compared(who) if compare else None,
        done=done,
    )


@policy_pages_router.post("/rollback", dependencies=_CSRF_PROTECTED)
def roll_back_policy(who: SessionUser, context: ContextDep, seen: StepCountField) -> Response:
    """Withdraw the candidate, or undo the last promotion."""
    _policy_service(context).roll_back(who, seen=seen)
    return RedirectResponse("/policy?done=back", status_code=303)


@policy_pages_router.post("/promote", dependencies=_CSRF_PROTECTED)
def promote_candidate(who: SessionUser, context: ContextDep, seen: StepCountField) -> Response:
    """Put the candidate in force for every case."""
    _policy_service(context).promote(who, seen=seen)
    return RedirectResponse("/policy?done=promoted", status_code=303)


def _policy_service(context: RequestContext) -> PolicyService:
    if context.service.policy_service is None:
        raise Unavailable("no policy is rolled out here")
    return context.service.policy_service
