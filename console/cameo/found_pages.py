"""The page of found matches: videos that show somebody without their permission, and what to do about each."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from console.cameo.found_api import FOUND_LISTS, still_of_match, video_of_match
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import BadInput
from registry.consent import MAX_WORDS_LENGTH

found_pages_router = APIRouter(prefix="/cameos", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
_PAGE = 20


@found_pages_router.get("/{handle}/found")
def found_page(
    *,
    request: Request,
    handle: str,
    principal: SessionUser,
    context: ContextDep,
    show: str = "new",
    after: Annotated[str, Query(max_length=40)] = "",
    done: str = "",
) -> Response:
    """Videos that show them and that no lease covers, a page at a time."""
    desk, show = context.service.cameos.found, show if show in FOUND_LISTS else "new"
    page = desk.page(principal, handle, answer=FOUND_LISTS[show], after=after, limit=_PAGE)
    cameo = context.service.cameos.cameo(principal, handle)
    return render_page(
        request,
        "found.html",
        cameo=cameo,
        page=page,
        show=show,
        after=after,
        done=done,
        limit=MAX_WORDS_LENGTH,
        acts_at_once=desk.veto_acts(),
    )


@found_pages_router.get("/{handle}/found/{case_id}/still")
async def found_picture(handle: str, case_id: str, principal: SessionUser, context: ContextDep) -> FileResponse:
    """A picture of a published one."""
    return await to_thread.run_sync(
        still_of_match, context, principal, handle, case_id, limiter=context.picture_limiter
    )


@found_pages_router.get("/{handle}/found/{case_id}/video")
async def found_video(handle: str, case_id: str, principal: SessionUser, context: ContextDep) -> FileResponse:
    """A published one, to be watched."""
    return await to_thread.run_sync(video_of_match, context, principal, handle, case_id)


@found_pages_router.post("/{handle}/found/{case_id}/answer", dependencies=_CSRF_PROTECTED)
def answer_match(
    *,
    handle: str,
    case_id: str,
    principal: SessionUser,
    context: ContextDep,
    answer: Annotated[str, Form()],
    words: Annotated[str, Form(max_length=MAX_WORDS_LENGTH)] = "",
) -> Response:
    """Ask for its removal, put it away, say that it is somebody else, or take that back."""
    desk, done = context.service.cameos.found, answer
    if answer == "remove":
        done = "down" if desk.remove(principal, handle, case_id, words=words) else "reported"
    elif answer == "archive":
        desk.archive(principal, handle, case_id)
    elif answer == "not_me":
        desk.not_me(principal, handle, case_id)
    elif answer == "put_back":
        desk.put_back(principal, handle, case_id)
    else:
        raise BadInput("choose what to do about this video")
    return RedirectResponse(f"/cameos/{handle}/found?done={done}", status_code=303)
