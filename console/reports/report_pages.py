"""The moderators' pages of reports, and the page on which whoever reported reads what was answered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.http_errors import NotOffered
from console.web.rendering import render_page
from pipeline.reports.report_desk import KEEP_CODES, MAX_REPLY_LENGTH, TAKE_DOWN_CODES, ReportDesk

report_pages_router = APIRouter(include_in_schema=False)


@report_pages_router.get("/reports")
def reports_page(
    request: Request, who: SessionUser, context: ContextDep, every: bool = False, done: str = ""
) -> Response:
    """Reports that wait, the longest-waiting first; or every report there was."""
    rows = report_desk_of(context).queue(who, every=every)
    return render_page(request, "reports.html", rows=rows, every=every, done=done)


@report_pages_router.get("/reports/{key}")
def report_page(request: Request, key: int, who: SessionUser, context: ContextDep) -> Response:
    """One report: the words beside the video, and the answer. Nothing of the video is shown before it is asked for."""
    seen = report_desk_of(context).show(who, key)
    return render_page(
        request,
        "report.html",
        seen=seen,
        report=seen.report,
        case=seen.case,
        taking_down=TAKE_DOWN_CODES,
        keeping=KEEP_CODES,
        most=MAX_REPLY_LENGTH,
    )


@report_pages_router.post("/reports/{key}/answer", dependencies=[Depends(require_csrf_token)])
def answer_report_form(
    *,
    key: int,
    who: SessionUser,
    context: ContextDep,
    decision: Annotated[str, Form(pattern="^(take_down|dismiss)$")],
    code: Annotated[str, Form(max_length=40)] = "",
    reply: Annotated[str, Form(max_length=2 * MAX_REPLY_LENGTH)] = "",
) -> Response:
    """Take the video down or leave it, tell both sides, and open the next that waits."""
    desk = report_desk_of(context)
    answer = desk.take_down if decision == "take_down" else desk.dismiss
    answer(who, key, code=code, reply=reply.replace("\r\n", "\n"))
    waiting = [one.report.key for one in desk.queue(who) if not one.conflict]
    return RedirectResponse(f"/reports/{waiting[0]}" if waiting else "/reports?done=empty", status_code=303)


@report_pages_router.get("/my-reports")
def own_reports_page(request: Request, who: SessionUser, context: ContextDep) -> Response:
    """What this account reported, the newest first, with the answers."""
    return render_page(request, "own_reports.html", rows=report_desk_of(context).own(who))


def report_desk_of(context: RequestContext) -> ReportDesk:
    """The desk. Raises NotOffered where nobody can be enrolled."""
    if context.installation.report_desk is None:
        raise NotOffered("nobody can be enrolled here")
    return context.installation.report_desk
