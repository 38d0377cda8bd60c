"""The pages of what matched a holder's work: what can be told of it, the draft to watch, and the answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.rights.holder_api import desk_of
from console.rights.holder_matches_api import picture_of, video_of
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from pipeline.rights.holder_words import HOLDER_REFUSALS
from pipeline.rights.work_statistics import statistics_csv

holder_match_pages_router = APIRouter(prefix="/works/{work_id}", include_in_schema=False)

_CSRF_PROTECTED = [Depends(require_csrf_token)]
REFUSAL_TEXTS = {
    "setting": "not in this setting",
    "portrayal": "not shown like this",
    "purpose": "not for this purpose",
    "licence": "a licence first",
    "other": "another reason",
}


@holder_match_pages_router.get("/matches/{case_id}")
def match_page_of_holder(
    request: Request, work_id: str, case_id: str, who: SessionUser, context: ContextDep
) -> Response:
    """One video with a work."""
    desk = desk_of(context)
    return render_page(
        request,
        "work_match.html",
        work=desk.works.work(who, work_id),
        match=desk.matches.match(who, work_id, case_id),
        refusals={code: REFUSAL_TEXTS[code] for code in HOLDER_REFUSALS},
        told=HOLDER_REFUSALS,
    )


@holder_match_pages_router.get("/matches/{case_id}/picture")
async def match_picture_of_holder(work_id: str, case_id: str, who: SessionUser, context: ContextDep) -> Response:
    """The part of the video that looks like the work."""
    return await picture_of(context, lambda folder: desk_of(context).matches.picture(who, work_id, case_id, folder))


@holder_match_pages_router.get("/matches/{case_id}/draft")
async def draft_of_holder(work_id: str, case_id: str, who: SessionUser, context: ContextDep) -> Response:
    """The draft, marked as a preview."""
    return await video_of(context, lambda folder: desk_of(context).matches.draft(who, work_id, case_id, folder))


@holder_match_pages_router.post("/matches/{case_id}/approve", dependencies=_CSRF_PROTECTED)
def approve_draft_of_holder(work_id: str, case_id: str, who: SessionUser, context: ContextDep) -> Response:
    """This one is fine."""
    desk_of(context).matches.approve(who, work_id, case_id)
    return RedirectResponse(f"/works/{work_id}?done=approved", status_code=303)


@holder_match_pages_router.post("/matches/{case_id}/refuse", dependencies=_CSRF_PROTECTED)
def refuse_draft_of_holder(
    work_id: str, case_id: str, who: SessionUser, context: ContextDep, code: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Not this one, and why."""
    desk_of(context).matches.refuse(who, work_id, case_id, code=code)
    return RedirectResponse(f"/works/{work_id}?done=refused", status_code=303)


@holder_match_pages_router.get("/statistics.csv")
def statistics_of_holder(work_id: str, who: SessionUser, context: ContextDep) -> Response:
    """Figures by month, for a spreadsheet."""
    months = desk_of(context).matches.statistics(who, work_id)
    headers = {"Content-Disposition": 'attachment; filename="statistics.csv"', "Cache-Control": "private, no-store"}
    return Response(statistics_csv(months), media_type="text/csv", headers=headers)
