"""The API of reports: moderators read and answer them, whoever reported reads what was answered."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.reports.report_pages import report_desk_of
from console.web.auth import BearerUser
from console.web.context import ContextDep
from pipeline.reports.report_desk import KEEP_CODES, MAX_REPLY_LENGTH, TAKE_DOWN_CODES, ReportInView

report_api_router = APIRouter(prefix="/api/reports", tags=["cameos"])


class ReportAnswerBody(BaseModel):
    """What a moderator answers to a report."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["take_down", "dismiss"]
    code: str = Field(description=f"To take down: {', '.join(TAKE_DOWN_CODES)}. To dismiss: {', '.join(KEEP_CODES)}.")
    reply: str = Field("", max_length=MAX_REPLY_LENGTH, description="Words for whoever reported; erasable.")


@report_api_router.get("", summary="Reports that wait for a moderator")
def list_reports(who: BearerUser, context: ContextDep, every: bool = False) -> dict[str, object]:
    """The longest-waiting first; with `every` all of them, the newest first. For moderators."""
    return {"reports": [_told(one) for one in report_desk_of(context).queue(who, every=every)]}


@report_api_router.get("/own", summary="What you reported, and what was answered")
def list_own_reports(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """The newest first. Which moderator answered is told to nobody."""
    return {"reports": [_told_to_owner(one) for one in report_desk_of(context).own(who)]}


@report_api_router.get("/{key}", summary="One report")
def show_report(key: int, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Its words, the video that it is about, and why you may not answer it, if so. For moderators."""
    return {"report": _told(report_desk_of(context).show(who, key))}


@report_api_router.post("/{key}/answer", summary="Answer a report")
def answer_report(key: int, body: ReportAnswerBody, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Once. The video comes down or stays, and both sides are told. For moderators."""
    desk = report_desk_of(context)
    answer = desk.take_down if body.decision == "take_down" else desk.dismiss
    return {"report": _told(answer(who, key, code=body.code, reply=body.reply))}


def _told_to_owner(seen: ReportInView) -> dict[str, object]:
    report = seen.report
    return {
        "key": report.key,
        "cameo": report.handle or report.cameo,
        "case": report.case_id,
        "at": report.at.isoformat(),
        "words": seen.words,
        "answer": report.answer or None,
        "answered": report.answered.isoformat() if report.answered else None,
        "reply": seen.reply or None,
    }


def _told(seen: ReportInView) -> dict[str, object]:
    return _told_to_owner(seen) | {
        "phase": seen.case.phase.value if seen.case else None,
        "sealed": seen.sealed,
        "code": seen.report.code or None,
        "by": seen.report.by or None,
        "conflict": seen.conflict or None,
    }
