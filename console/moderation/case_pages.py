"""Pages of the moderators and of the platforms: the queue, the cases, and one case with everything about it.

Nothing graphic is shown before it is asked for: not the whole prompt, not the video, not its sound. The queue shows
moderators how a prompt begins, so that they choose what they open.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten
from typing import Annotated, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.inspection.timeline_page import timeline_page, waveform_svg
from console.moderation.case_views import case_view, highlight_prompt, queue_item
from console.moderation.work_match_pages import shown_matches
from console.web import display_text
from console.web.auth import SessionUser, check_csrf_token
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from console.web.uploads import new_upload_folder
from console.web.video_response import video_response
from core.case import Case, Phase
from core.errors import Erased
from core.roles import Principal
from core.verdicts import Decision
from media.sandbox.scan import scan_within
from pipeline.actions import Action, actions
from pipeline.case_notes import case_notes
from pipeline.disclosure import disclosed_case, disclosed_history
from pipeline.inspection.inspections import inspect_case, read_case_film, read_case_waveform, reference_words
from pipeline.moderation.ruling_codes import ALLOW_CODES, REFUSE_CODES
from pipeline.service import CaseService

case_pages_router = APIRouter(include_in_schema=False)

EXCERPT_LENGTH = 140
_Read = TypeVar("_Read")
NoteField = Annotated[str, Form(max_length=4000)]


def require_csrf_token(request: Request, context: ContextDep, form_token: Annotated[str, Form()] = "") -> None:
    """Raises FormExpired unless this form was made here for this session."""
    check_csrf_token(request, context, form_token)


_CSRF_PROTECTED = [Depends(require_csrf_token)]


@case_pages_router.get("/queue")
def queue(
    request: Request, who: SessionUser, context: ContextDep, rule: str = "", after: str = "", done: str = ""
) -> Response:
    """What is held, the longest-waiting first; with `rule`, what this rule holds."""
    page = context.service.reviews.page(who, rule=rule, after=after)
    rows = [
        queue_item(held, _excerpt(context, held.case), actions(who, held.case, conflict=""), me=who.id)
        for held in page.cases
    ]
    return render_page(request, "queue.html", page=page, rows=rows, rule=rule, after=after, done=done)


@case_pages_router.post("/queue/next", dependencies=_CSRF_PROTECTED)
def take_next(who: SessionUser, context: ContextDep, rule: Annotated[str, Form()] = "") -> Response:
    """Open the case that waits longest and that nobody else has open."""
    return _open_next(context, who, rule)


@case_pages_router.get("/cases")
def cases(request: Request, principal: SessionUser, context: ContextDep, phase: str = "") -> Response:
    """The person's cases, a moderator's being all."""
    chosen = Phase(phase) if phase in list(Phase) else None
    matching = context.service.cases(principal, phase=chosen, limit=100)
    return render_page(request, "cases.html", cases=matching, chosen=chosen, phases=display_text.PHASE_TEXTS)


@case_pages_router.get("/cases/{case_id}")
def case(
    request: Request, case_id: str, who: SessionUser, context: ContextDep, show: str = "", done: str = ""
) -> Response:
    """A case: what was measured, what was decided, what may be done now."""
    found = context.service.case(who, case_id)
    prompt, other_texts, words, with_words = None, [], [], False
    if show == "prompt":
        try:
            prompt = highlight_prompt(context.service.prompt(who, case_id), found.signals)
            texts = context.service.parameter_texts(who, case_id)
            other_texts = [(name, highlight_prompt(text, found.signals, name)) for name, text in texts.items()]
            words, with_words = reference_words(context.service, who, found), True
        except Erased:
            prompt = ()
    history = context.service.history(who, case_id)
    notes = case_notes(who, history, context.service.context.texts)
    history = disclosed_history(who, history)
    may, conflict = context.service.actions(who, found), context.service.conflict(who, found)
    shown = case_view(disclosed_case(who, found), history, who, may, conflict=conflict)
    reviewer = context.service.reviews.open(who, found) if may & {Action.ALLOW, Action.REFUSE, Action.RESUME} else ""
    inspected = inspect_case(context.service, who, found, with_words=with_words)
    return render_page(
        request,
        "case.html",
        view=shown,
        prompt=prompt,
        other_texts=other_texts,
        page=timeline_page(inspected) if inspected else None,
        words=words,
        with_words=with_words,
        matches=shown_matches(context, who, found),
        notes=notes,
        allowing={code: display_text.RULING_TEXTS[code] for code in ALLOW_CODES},
        refusing={code: display_text.RULING_TEXTS[code] for code in REFUSE_CODES},
        skips=display_text.SKIP_TEXTS,
        reviewer="" if reviewer == who.id else reviewer,
        recalls=display_text.RECALL_TEXTS,
        done=done,
    )


@case_pages_router.get("/cases/{case_id}/video")
def case_video(case_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """The video in ranges, to whoever may see it."""
    return video_response(context, principal, context.service.case(principal, case_id))


@case_pages_router.get("/cases/{case_id}/film")
async def case_film(case_id: str, principal: SessionUser, context: ContextDep) -> Response:
    """Small pictures of the video side by side, as one JPEG, for moderators."""
    strip = await _of_video(read_case_film, case_id, principal, context)
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
    note: NoteField = "",
    then: Annotated[str, Form()] = "",
) -> Response:
    """Rule, and go to the next held case if so wished."""
    context.service.rule(principal, case_id, Decision[decision.upper()], code=code, revision=revision, note=note)
    context.service.reviews.leave(principal, case_id)
    if then != "next":
        return _see_other(f"/cases/{case_id}?done=ruled")
    return _open_next(context, principal, done="next")


@case_pages_router.post("/cases/{case_id}/skip", dependencies=_CSRF_PROTECTED)
def skip(case_id: str, who: SessionUser, context: ContextDep, code: Annotated[str, Form()]) -> Response:
    """Leave a case to others, and open the next."""
    context.service.reviews.skip(who, case_id, code=code)
    return _open_next(context, who, done="skipped")


@case_pages_router.post("/cases/{case_id}/leave", dependencies=_CSRF_PROTECTED)
def leave(case_id: str, who: SessionUser, context: ContextDep) -> Response:
    """The page of a case was closed: others may take it."""
    context.service.reviews.leave(who, case_id)
    return Response(status_code=204)


@case_pages_router.post("/cases/{case_id}/resume", dependencies=_CSRF_PROTECTED)
def resume(case_id: str, principal: SessionUser, context: ContextDep, revision: Annotated[int, Form()]) -> Response:
    """Send on a case that failed or could not be measured."""
    context.service.resume(principal, case_id, revision=revision)
    return _see_other(f"/cases/{case_id}?done=resumed")


@case_pages_router.post("/cases/{case_id}/appeal", dependencies=_CSRF_PROTECTED)
def appeal(case_id: str, principal: SessionUser, context: ContextDep, note: NoteField = "") -> Response:
    """Ask that a person look at a refusal."""
    context.service.appeal(principal, case_id, note=note)
    return _see_other(f"/cases/{case_id}?done=appealed")


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
    return _see_other(f"/cases/{case_id}?done=recalled")


def _open_next(context: RequestContext, who: Principal, rule: str = "", done: str = "") -> Response:
    case_id = context.service.reviews.take_next(who, rule=rule)
    return _see_other(f"/cases/{case_id}?done={done}" if case_id else "/queue?done=empty")


def _excerpt(context: RequestContext, case: Case) -> str | None:
    try:
        return shorten(context.service.context.texts.read(case.request.prompt), EXCERPT_LENGTH, placeholder=" …")
    except Erased:
        return None


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


def _see_other(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
