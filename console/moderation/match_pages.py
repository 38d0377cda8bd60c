"""The moderators' pages of published videos that show what a bank knows: they stay up until somebody answers."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from console.web.uploads import new_upload_folder
from core.errors import BadInput, Unavailable
from media.sandbox.scan import scan_within
from pipeline.known_footage.match_desk import MATCH_THRESHOLD, MatchDesk
from pipeline.known_footage.published_matches import FALSE_MATCH_REASONS, KEEP_REASONS, TAKE_DOWN_REASONS
from pipeline.rights.held_likenesses import LIKENESS_THRESHOLD, held_likenesses
from pipeline.rights.work_image_service import require_work_images

match_pages_router = APIRouter(prefix="/matches", include_in_schema=False)

KIND_TEXTS = {
    "known_bad": "known illegal material",
    "known_claimed": "taken down after a claim",
    "known_work": "a registered work",
    "known_listed": "on a list of somebody else",
    "known_noted": "noted only",
    "known_harmless": "harmless",
}
STATE_TEXTS = {
    "open": "waits",
    "recalled": "taken down",
    "kept": "kept",
    "noted": "noted only",
    "false": "a false match",
}
_PRIVATE = {"Cache-Control": "private, no-store"}
_SHOWN = 200  # matches of one page


@match_pages_router.get("")
def matches_page(
    request: Request, who: SessionUser, context: ContextDep, every: bool = False, done: str = ""
) -> Response:
    """Matches that wait, the longest-waiting first; or every match there was."""
    found = _desk(context).queue(who, every=every)
    now = datetime.now(UTC)
    return render_page(
        request,
        "matches.html",
        rows=[(match, (now - match.found).total_seconds()) for match in found[:_SHOWN]],
        count=len(found),
        every=every,
        kinds=KIND_TEXTS,
        states=STATE_TEXTS,
        done=done,
    )


@match_pages_router.get("/likenesses")
def likenesses_page(request: Request, who: SessionUser, context: ContextDep) -> Response:
    """Held cases in which a registered work or a protected person is recognised, picture beside picture."""
    try:
        works = require_work_images(context.service.work_images).works.all()
    except Unavailable:
        works = ()
    rows = held_likenesses(context.service, who, works)
    return render_page(request, "likenesses.html", rows=rows, threshold=LIKENESS_THRESHOLD)


@match_pages_router.get("/{key}")
def match_page(request: Request, key: int, who: SessionUser, context: ContextDep) -> Response:
    """One match: where in the video, how alike, what the entry says of itself, and the answer."""
    shown = _desk(context).show(who, key)
    now = datetime.now(UTC)
    return render_page(
        request,
        "match.html",
        shown=shown,
        match=shown.match,
        waited=((shown.match.decided or now) - shown.match.found).total_seconds(),
        up=(now - shown.published).total_seconds() if shown.published else None,
        threshold=MATCH_THRESHOLD,
        kinds=KIND_TEXTS,
        states=STATE_TEXTS,
        keeping=KEEP_REASONS,
        taking_down=TAKE_DOWN_REASONS,
        wrong=FALSE_MATCH_REASONS,
        reasons={**KEEP_REASONS, **TAKE_DOWN_REASONS, **FALSE_MATCH_REASONS},
    )


@match_pages_router.get("/{key}/pictures")
async def match_pictures(key: int, who: SessionUser, context: ContextDep) -> Response:
    """The seconds of the video in which it was found, side by side."""

    def work() -> bytes:
        folder: Path = new_upload_folder(context.upload_folder)
        try:
            with scan_within(context.scan_budget):
                return _desk(context).stills(who, key, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    jpeg = await to_thread.run_sync(work, limiter=context.picture_limiter)
    return Response(jpeg, media_type="image/jpeg", headers=_PRIVATE)


@match_pages_router.post("/{key}/decide", dependencies=[Depends(require_csrf_token)])
def decide_match(
    key: int,
    who: SessionUser,
    context: ContextDep,
    answer: Annotated[str, Form(pattern="^(recall|keep):[a-z_]+$")],
    decision: Annotated[str, Form(pattern="^(recall|keep|false)?$")] = "",
) -> Response:
    """Keep the video, take it down, or say that it was no match; and open the next that waits."""
    way, code = answer.split(":")
    if decision and decision != ("false" if code in FALSE_MATCH_REASONS else way):
        raise BadInput("the reason does not fit the decision: choose one of those below it")
    desk = _desk(context)
    desk.decide(who, key, recall=way == "recall", code=code)
    waiting = desk.queue(who)
    return RedirectResponse(f"/matches/{waiting[0].key}?done=next" if waiting else "/matches?done=empty", 303)


def _desk(context: RequestContext) -> MatchDesk:
    if context.installation.match_desk is None:
        raise Unavailable("there are no banks here")
    return context.installation.match_desk
