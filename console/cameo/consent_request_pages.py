"""The page of requests for consent: who asks for what, yes or no to that one video, and who may ask."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.background import BackgroundTask

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import BadInput
from registry.consent import MAX_MESSAGE_LENGTH, RequestsFrom

consent_request_pages_router = APIRouter(prefix="/consent-requests", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_PAGE = 20


@consent_request_pages_router.get("")
def requests_page(
    request: Request,
    principal: SessionUser,
    context: ContextDep,
    before: Annotated[int, Query(ge=0)] = 0,
    show: str = "open",
    done: str = "",
) -> Response:
    """What waits for an answer, or everything that was asked."""
    cameos = context.service.cameos
    desk, show = cameos.requests, "all" if show == "all" else "open"
    found = desk.received(principal, open_only=show == "open", before=before, limit=_PAGE + 1)
    own = [cameo for cameo in cameos.own_cameos(principal) if cameo.state == "active"]
    return render_page(
        request,
        "consent_requests.html",
        received=found[:_PAGE],
        next=found[_PAGE - 1].request.key if len(found) > _PAGE else 0,
        before=before,
        show=show,
        own=[(cameo, desk.takes(principal, cameo.id).value) for cameo in own],
        blocked=desk.blocked(principal),
        done=done,
    )


@consent_request_pages_router.get("/for/{case_id}")
def ask_page(request: Request, case_id: str, principal: SessionUser, context: ContextDep, done: str = "") -> Response:
    """For whoever ordered a video that waits: whom they may ask, and what was answered. 404 for another's."""
    case = context.service.video(principal, case_id).case
    people = context.service.cameos.requests.askable(case)
    may_name = people is not None and not any(one.may_ask or one.state for one in people)
    return render_page(
        request,
        "ask_consent.html",
        case=case,
        people=people,
        may_name=may_name and not case.request.cameos,
        limit=MAX_MESSAGE_LENGTH,
        done=done,
    )


@consent_request_pages_router.post("/for/{case_id}", dependencies=_CSRF_PROTECTED)
def ask_for_case(
    *,
    case_id: str,
    principal: SessionUser,
    context: ContextDep,
    cameo: Annotated[str, Form(max_length=100)],
    message: Annotated[str, Form(max_length=MAX_MESSAGE_LENGTH)] = "",
    show_prompt: Annotated[str, Form()] = "",
) -> Response:
    """Ask a person for their consent to this video."""
    desk = context.service.cameos.requests
    desk.ask(principal, case_id, cameo, message=message, show_prompt=show_prompt == "on")
    return RedirectResponse(f"/consent-requests/for/{case_id}?done=asked", status_code=303)


@consent_request_pages_router.post("/takes", dependencies=_CSRF_PROTECTED)
def choose_askers(
    principal: SessionUser, context: ContextDep, handle: Annotated[str, Form()], takes: Annotated[str, Form()]
) -> Response:
    """Choose from whom requests are taken."""
    if takes not in {*RequestsFrom}:
        raise BadInput("choose nobody, mutuals or everyone", param="takes")
    context.service.cameos.requests.set_takes(principal, handle, RequestsFrom(takes))
    return _see_other("takes")


@consent_request_pages_router.post("/unblock", dependencies=_CSRF_PROTECTED)
def unblock(principal: SessionUser, context: ContextDep, asker: Annotated[str, Form(max_length=200)]) -> Response:
    """Get somebody's requests again."""
    context.service.cameos.requests.unblock(principal, asker)
    return _see_other("unblocked")


@consent_request_pages_router.post("/{request_id}/answer", dependencies=_CSRF_PROTECTED)
def answer_request_form(
    *,
    request_id: str,
    principal: SessionUser,
    context: ContextDep,
    answer: Annotated[str, Form()],
    approval: Annotated[str, Form()] = "",
) -> Response:
    """Yes, no, or no and this asker is blocked: then what they made comes down while the next page shows it."""
    desk = context.service.cameos.requests
    if answer == "yes":
        desk.grant(principal, request_id, approval=approval == "on")
    elif answer in ("no", "block"):
        desk.refuse(principal, request_id, block=answer == "block")
        carry_on = BackgroundTask(context.service.cameos.portal.run_takedowns) if answer == "block" else None
        return _see_other(answer, carry_on)
    else:
        raise BadInput("a request is answered with yes or no")
    return _see_other(answer)


def _see_other(done: str, background: BackgroundTask | None = None) -> Response:
    return RedirectResponse(f"/consent-requests?done={done}", status_code=303, background=background)
