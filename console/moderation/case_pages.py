"""Pages of the moderators and of the platforms: the cases, and one case with everything about it.

Nothing graphic is shown before it is asked for: not the whole prompt, not the video, not its sound.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from console.inspection.timeline_page import waveform_svg
from console.moderation.case_page import case_page, undoable_ruling
from console.moderation.exposure_pages import record_step
from console.moderation.form_guard import require_csrf_token
from console.moderation.next_case import open_next, see_other
from console.moderation.told_preview import reply_templates
from console.web import display_text
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from console.web.uploads import new_upload_folder
from console.web.video_response import video_response
from core.case import Phase
from core.errors import BadInput
from core.roles import Principal
from core.verdicts import Decision
from media.sandbox.scan import scan_within
from pipeline.inspection.inspections import read_case_film, read_case_waveform
from pipeline.moderation.exposure import Step
from pipeline.service import CaseService

case_pages_router = APIRouter(include_in_schema=False)

_Read = TypeVar("_Read")
NoteField = Annotated[str, Form(max_length=4000)]


@dataclass(frozen=True, slots=True)
class _Written:
    """What stands beside a ruling in words: a note for the file, and a reply to the author, or the code of one."""

    note: str
    reply: str
    reply_code: str


def _written(note: NoteField = "", reply: NoteField = "", reply_code: Annotated[str, Form()] = "") -> _Written:
    return _Written(note, reply.strip(), reply_code)


_CSRF_PROTECTED = [Depends(require_csrf_token)]


@case_pages_router.get("/cases")
def cases(request: Request, principal: SessionUser, context: ContextDep, phase: str = "") -> Response:
    """The person's cases, a moderator's being all."""
    chosen = Phase(phase) if phase in list(Phase) else None
    matching = context.service.cases(principal, phase=chosen, limit=100)
    return render_page(request, "cases.html", cases=matching, chosen=chosen, phases=display_text.PHASE_TEXTS)


@case_pages_router.get("/cases/{case_id}")
def case(
    *,
    request: Request,
    case_id: str,
    who: SessionUser,
    context: ContextDep,
    show: str = "",
    done: str = "",
    last: str = "",
) -> Response:
    """A case: why it is here, what was measured, what may be done now. `last` is the case that was ruled on before."""
    found = context.service.case(who, case_id)
    shown = case_page(context, who, found, show=show)
    return render_page(request, "case.html", done=done, last=undoable_ruling(context.service, who, last), **shown)


@case_pages_router.get("/cases/{case_id}/video")
def case_video(case_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """The video in ranges, to whoever may see it."""
    found = context.service.case(principal, case_id)
    response = video_response(context, principal, found)
    record_step(context.service, principal, found, Step.GREY_CLIP)
    return response


@case_pages_router.get("/cases/{case_id}/film")
async def case_film(case_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """Small pictures of the video side by side, as one JPEG, for moderators."""
    strip = await _of_video(read_case_film, case_id, principal, context)
    found = await to_thread.run_sync(context.service.case, principal, case_id)
    await to_thread.run_sync(record_step, context.service, principal, found, Step.STRIP)
    return Response(strip.jpeg, media_type="image/jpeg")


@case_pages_router.get("/cases/{case_id}/waveform")
async def case_waveform(case_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """The waveform of the video's sound as SVG, for moderators."""
    waveform = await _of_video(read_case_waveform, case_id, principal, context)
    return Response(waveform_svg(waveform), media_type="image/svg+xml")


@case_pages_router.post("/cases/{case_id}/rule", dependencies=_CSRF_PROTECTED)
def rule(
    *,
    case_id: str,
    principal: SessionUser,
    context: ContextDep,
    decision: Annotated[str, Form(pattern="^(allow|refuse)$")],
    code: Annotated[str, Form()],
    revision: Annotated[int, Form()],
    written: Annotated[_Written, Depends(_written)],
    then: Annotated[str, Form()] = "",
) -> Response:
    """Rule, and go to the next held case if so wished. The ruling can be taken back for some seconds."""
    ruled = context.service.rule(
        principal,
        case_id,
        Decision[decision.upper()],
        code=code,
        revision=revision,
        note=written.note,
        reply=written.reply or _chosen_reply(context, principal, case_id, written.reply_code),
        undo_seconds=context.service.house_rules.undo_seconds,
    )
    context.service.reviews.leave(principal, case_id)
    undo = f"&last={ruled.id}" if context.service.house_rules.undo_seconds else ""
    if then != "next":
        return see_other(f"/cases/{case_id}?done=ruled{undo}")
    following = open_next(context, principal, done="next")
    if not undo:
        return following
    is_case = following.headers["location"].startswith("/cases/")
    return see_other(following.headers["location"] + undo if is_case else f"/cases/{case_id}?done=last{undo}")


@case_pages_router.post("/cases/{case_id}/resume", dependencies=_CSRF_PROTECTED)
def resume(case_id: str, principal: SessionUser, context: ContextDep, revision: Annotated[int, Form()]) -> Response:
    """Send on a case that failed or could not be measured."""
    context.service.resume(principal, case_id, revision=revision)
    return see_other(f"/cases/{case_id}?done=resumed")


@case_pages_router.post("/cases/{case_id}/appeal", dependencies=_CSRF_PROTECTED)
def appeal(case_id: str, principal: SessionUser, context: ContextDep, note: NoteField = "") -> Response:
    """Ask that a person look at a refusal."""
    context.service.appeal(principal, case_id, note=note)
    return see_other(f"/cases/{case_id}?done=appealed")


@case_pages_router.post("/cases/{case_id}/recall", dependencies=_CSRF_PROTECTED)
def recall(
    case_id: str,
    principal: SessionUser,
    context: ContextDep,
    code: Annotated[str, Form()],
    revision: Annotated[int, Form()],
    note: NoteField = "",
) -> Response:
    """Stop a case, or take its video down."""
    context.service.recall(principal, case_id, code=code, revision=revision, note=note)
    return see_other(f"/cases/{case_id}?done=recalled")


async def _of_video(
    read: Callable[[CaseService, Principal, str, Path], _Read],
    case_id: str,
    principal: Principal,
    context: RequestContext,
) -> _Read:
    """What is read of a case's video. Few at once: each is decoded anew."""

    def work() -> _Read:
        folder = new_upload_folder(context.upload_folder)
        try:
            with scan_within(context.scan_budget):
                return read(context.service, principal, case_id, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return await to_thread.run_sync(work, limiter=context.picture_limiter)


def _chosen_reply(context: RequestContext, who: Principal, case_id: str, code: str) -> str:
    """The template that was chosen, in the author's language; empty where none was."""
    if not code:
        return ""
    templates = {one.code: one.text for one in reply_templates(context.service.case(who, case_id))}
    if code not in templates:
        raise BadInput(f"{code!r} is no reply; it is one of {', '.join(templates)}")
    return templates[code]
