"""/record: what leads and operators take from the record as files; and the bundle about one decision."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, time, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from console.record.transparency_pages import record_desk
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.codec import dump
from core.errors import BadInput
from core.roles import Role, require_role
from pipeline.legal_record.restriction import Period
from pipeline.legal_record.stated_facts import StatedFacts
from pipeline.legal_record.statement_files import statements_csv, statements_json
from pipeline.legal_record.takedown_log import takedown_csv

record_router = APIRouter(include_in_schema=False)

_CSV, _JSON = "text/csv; charset=utf-8", "application/json"


@record_router.get("/record")
def record_page(request: Request, who: SessionUser, context: ContextDep) -> Response:
    """Choose a period, and take statements, the report or the log of intimate images. For leads and operators."""
    require_role(who, Role.LEAD, Role.OPERATOR)
    desk, today = record_desk(context), datetime.now(UTC).date()
    return render_page(
        request,
        "record.html",
        first=today.replace(month=1, day=1),
        last=today,
        outbox=desk.outbox_counts(who),
        sends=desk.submission.receiver is not None,
    )


@record_router.get("/record/statements.json")
def statements_as_json(who: SessionUser, context: ContextDep, since: str, until: str) -> Response:
    """Statements of reasons of a period, as the database's API takes them."""
    found = record_desk(context).statements_within(who, _period(since, until))
    return StreamingResponse(statements_json(found), media_type=_JSON, headers=_file("statements.json"))


@record_router.get("/record/statements.csv")
def statements_as_csv(who: SessionUser, context: ContextDep, since: str, until: str) -> Response:
    """The same as a table."""
    found = record_desk(context).statements_within(who, _period(since, until))
    return StreamingResponse(statements_csv(found), media_type=_CSV, headers=_file("statements.csv"))


@record_router.get("/record/report.zip")
def report_as_zip(who: SessionUser, context: ContextDep, since: str, until: str) -> Response:
    """The transparency report: a file for each part of the template."""
    found = record_desk(context).report(who, _period(since, until), StatedFacts())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in found.files.items():
            archive.writestr(name, text)
    return Response(packed.getvalue(), media_type="application/zip", headers=_file("dsa-report.zip"))


@record_router.get("/record/takedowns.json")
def takedowns_as_json(who: SessionUser, context: ContextDep, since: str, until: str) -> Response:
    """The log of intimate images."""
    found = record_desk(context).takedowns(who, _period(since, until))
    return Response(json.dumps({"claims": dump(found)}), media_type=_JSON, headers=_file("takedowns.json"))


@record_router.get("/record/takedowns.csv")
def takedowns_as_csv(who: SessionUser, context: ContextDep, since: str, until: str) -> Response:
    """The same as a table."""
    found = record_desk(context).takedowns(who, _period(since, until))
    return Response("".join(takedown_csv(found)), media_type=_CSV, headers=_file("takedowns.csv"))


@record_router.get("/record/bundle/{case_id}")
def appeal_bundle(who: SessionUser, context: ContextDep, case_id: str) -> Response:
    """Everything about one decision, for a body that settles disputes: for the account that asked, and moderators.

    The whole log is read for it, so that an account gets few of them a minute.
    """
    context.rate_limiter.consume(f"bundle {who.id}", cost=10)
    found = record_desk(context).bundle(who, case_id)
    text = json.dumps(dump(found), ensure_ascii=False, indent=2)
    return Response(text, media_type=_JSON, headers=_file(f"bundle-{case_id}.json"))


def _period(since: str, until: str) -> Period:
    start, end = _day(since), _day(until) + timedelta(days=1)
    if start >= end:
        raise BadInput("the first day comes after the last")
    return Period(start=start, end=end)


def _day(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise BadInput("write the day as 2026-11-01") from None


def _file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
