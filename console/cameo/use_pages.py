"""One video that shows somebody: its owner watches it, then says yes or no, or asks moderators to look at it."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from starlette.background import BackgroundTask

from console.cameo.owner_video import owner_picture, owner_video
from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import BadInput

use_pages_router = APIRouter(prefix="/me/{handle}/uses/{case_id}", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]


@use_pages_router.get("")
def use_page(
    request: Request, handle: str, case_id: str, principal: SessionUser, context: ContextDep, done: str = ""
) -> Response:
    """The video, whose it is, and what its owner can do."""
    cameos = context.service.cameos
    detail = cameos.portal.use(principal, handle, case_id)
    may_refuse = cameos.may_refuse(principal, handle, case_id)
    return render_page(
        request, "use.html", handle=handle, use=detail.use, detail=detail, done=done, may_refuse=may_refuse
    )


@use_pages_router.get("/video", response_class=FileResponse)
def use_video(handle: str, case_id: str, principal: SessionUser, context: ContextDep) -> FileResponse:
    """The video, in ranges."""
    context.service.cameos.portal.use(principal, handle, case_id)
    return owner_video(context, principal, handle, case_id)


@use_pages_router.get("/picture")
async def use_picture(handle: str, case_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """A small picture of it."""

    def look() -> bytes:
        context.service.cameos.portal.use(principal, handle, case_id)
        return owner_picture(context, principal, handle, case_id)

    jpeg = await to_thread.run_sync(look, limiter=context.picture_limiter)
    return Response(jpeg, media_type="image/jpeg")


@use_pages_router.post("/{answer}", dependencies=_CSRF_PROTECTED)
def answer_use(
    *,
    handle: str,
    case_id: str,
    answer: str,
    principal: SessionUser,
    context: ContextDep,
    words: Annotated[str, Form(max_length=4000)] = "",
    asset: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Approve a draft, veto a video, or report it. What comes down does so while the next page shows it."""
    service = context.service.cameos
    if answer == "approve":
        service.approve(principal, handle, case_id, words=words, asset=asset)
    elif answer == "report":
        service.report(principal, handle, case_id, note=words)
    elif answer == "veto":
        service.veto(principal, handle, case_id, words=words, wait=False)
        takedown = next(
            one
            for one, _ in service.takedown_reports(principal, handle)
            if one.reason == "vetoed" and one.case_id == case_id
        )
        carry_on = BackgroundTask(service.portal.run_takedowns)
        return RedirectResponse(f"/me/{handle}/down/{takedown.id}", status_code=303, background=carry_on)
    else:
        raise BadInput("a video is approved, vetoed or reported")
    return RedirectResponse(f"/me/{handle}/uses/{case_id}?done={answer}", status_code=303)
