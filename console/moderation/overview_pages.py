"""Pages of the leads: the overview, the log of decisions, second reviews, golden items; and everybody's own figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from console.moderation.form_guard import require_csrf_token
from console.moderation.quality_charts import columns, ruling_columns, whisker
from console.web import display_text
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.rendering import render_page
from core.errors import BadInput, Unavailable
from core.roles import Role, require_role
from pipeline.moderation.quality.decision_log import DecisionFilter, LoggedDecision, csv_lines
from pipeline.moderation.quality.quality_desk import WINDOWS, QualityDesk

overview_pages_router = APIRouter(include_in_schema=False)

AGE_TEXTS = ("under 1 hour", "1 to 4 hours", "4 to 24 hours", "24 to 48 hours", "over 48 hours")
KIND_TEXTS = {
    "ruled": "Rulings",
    "undone": "Rulings taken back",
    "recalled": "Recalls",
    "reversed": "Reversed",
    "appealed": "Appeals",
    "refused": "Refused by policy",
    "declined": "Declined by an engine",
    "sealed": "Sealed",
    "unsealed": "Seal lifted",
}
EVENT_TEXTS = {"ruled": "Ruling", "undone": "Ruling taken back", "recalled": "Recall", "appealed": "Appeal"} | {
    kind: KIND_TEXTS[kind] for kind in ("reversed", "refused", "declined", "sealed", "unsealed")
}
CODE_TEXTS = display_text.ALL_RECALL_TEXTS | display_text.RULING_TEXTS
CODE_TEXTS_OF = {
    "undone": display_text.REVERSAL_TEXTS,
    "reversed": display_text.REVERSAL_TEXTS | display_text.CLAIM_REVERSAL_TEXTS,
    "sealed": display_text.SEAL_TEXTS,
    "unsealed": display_text.SEAL_TEXTS,
}
"""Codes of these kinds have words of their own: a mistake in a recall is none in a reversal."""
_CSRF_PROTECTED = [Depends(require_csrf_token)]
_CSV_CHUNK = 200  # lines
_FILTERS = ("since", "until", "kind", "person", "rule", "decision", "gate", "case_id")


@overview_pages_router.get("/overview")
def overview(request: Request, who: SessionUser, context: ContextDep, days: int = 7) -> Response:
    """What is held and how old it is, how much is decided, how it stands up, and who did what. For leads."""
    found = _quality(context).overview(who, days=days)
    return render_page(
        request,
        "overview.html",
        found=found,
        windows=WINDOWS,
        ages=AGE_TEXTS,
        kinds=KIND_TEXTS,
        held=columns((label, count, 0) for label, count in zip(AGE_TEXTS, found.held.by_age, strict=True)),
        waits=columns((label, count, 0) for label, count in zip(AGE_TEXTS, found.waits, strict=True)),
        hours=ruling_columns(found.hours, now=found.at, step=timedelta(hours=1), count=24),
        by_day=ruling_columns(found.by_day, now=found.at, step=timedelta(days=1), count=days + 1),
        whisker=whisker,
        age_of=lambda moment: (found.at - moment).total_seconds(),
    )


@overview_pages_router.get("/decisions")
def decisions(request: Request, who: SessionUser, context: ContextDep, after: str = "") -> Response:
    """Every ruling, recall, appeal and automatic refusal, the newest first, by what the filters say. For leads."""
    asked = {name: request.query_params.get(name, "").strip() for name in _FILTERS}
    page = _quality(context).decisions(who, _filter(asked), after=after)
    given = {name: value for name, value in asked.items() if value}
    return render_page(
        request,
        "decisions.html",
        page=page,
        asked=asked,
        after=after,
        kinds=KIND_TEXTS,
        events=EVENT_TEXTS,
        codes=CODE_TEXTS,
        codes_of=CODE_TEXTS_OF,
        next_query=urlencode(given | {"after": page.following}),
        csv_query=urlencode(given),
    )


@overview_pages_router.get("/decisions.csv")
def decisions_csv(request: Request, who: SessionUser, context: ContextDep) -> Response:
    """The same rows as a table for spreadsheets, as they are read. For leads."""
    asked = {name: request.query_params.get(name, "").strip() for name in _FILTERS}
    rows = _quality(context).all_decisions(who, _filter(asked))
    return StreamingResponse(
        _chunks(rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="decisions.csv"'},
    )


@overview_pages_router.get("/quality")
def quality(request: Request, who: SessionUser, context: ContextDep, case: str = "", done: str = "") -> Response:
    """One's own figures, for moderators; second reviews to settle and golden items, for leads."""
    require_role(who, Role.MODERATOR, Role.LEAD)
    desk = _quality(context)
    own = desk.own_figures(who) if who.has(Role.MODERATOR) else None
    return render_page(
        request,
        "quality.html",
        own=own,
        own_days=ruling_columns(own.by_day, now=datetime.now(UTC), step=timedelta(days=1), count=31) if own else (),
        disagreements=desk.disagreements(who) if who.has(Role.LEAD) else (),
        golden=desk.golden_items(who) if who.has(Role.LEAD) else (),
        codes=CODE_TEXTS,
        whisker=whisker,
        case=case,
        done=done,
    )


@overview_pages_router.post("/quality/settle", dependencies=_CSRF_PROTECTED)
def settle(
    *,
    who: SessionUser,
    context: ContextDep,
    case_id: Annotated[str, Form()],
    revision: Annotated[int, Form()],
    decision: Annotated[str, Form()],
) -> Response:
    """Say which of two rulings is right."""
    _quality(context).settle(who, case_id, revision, decision=decision)
    return _see_other("/quality?done=settled")


@overview_pages_router.post("/quality/golden", dependencies=_CSRF_PROTECTED)
def make_golden(
    *,
    who: SessionUser,
    context: ContextDep,
    case_id: Annotated[str, Form()],
    decision: Annotated[str, Form()],
    reason: Annotated[str, Form(max_length=4000)],
) -> Response:
    """Make a decided case a golden item."""
    _quality(context).make_golden(who, case_id.strip(), decision=decision, reason=reason)
    return _see_other("/quality?done=golden")


@overview_pages_router.post("/quality/golden/retire", dependencies=_CSRF_PROTECTED)
def retire_golden(
    who: SessionUser, context: ContextDep, case_id: Annotated[str, Form()], revision: Annotated[int, Form()]
) -> Response:
    """Show a golden item no more."""
    _quality(context).retire_golden(who, case_id, revision)
    return _see_other("/quality?done=retired")


def _quality(context: RequestContext) -> QualityDesk:
    if context.service.quality is None:
        raise Unavailable("no figures of moderation are kept here")
    return context.service.quality


def _filter(asked: dict[str, str]) -> DecisionFilter:
    until = _day(asked["until"])
    return DecisionFilter(
        since=_day(asked["since"]),
        until=until + timedelta(days=1) if until else None,
        kind=asked["kind"],
        person=asked["person"],
        rule=asked["rule"],
        decision=asked["decision"],
        gate=asked["gate"],
        case_id=asked["case_id"],
    )


def _day(text: str) -> datetime | None:
    """The beginning of this day (UTC); None for nothing."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise BadInput("write the day as 2026-11-01") from None


def _chunks(rows: Iterator[LoggedDecision]) -> Iterator[str]:
    """Lines in handfuls: each one sent by itself would cost more than it carries."""
    handful: list[str] = []
    for line in csv_lines(rows):
        handful.append(line)
        if len(handful) == _CSV_CHUNK:
            yield "".join(handful)
            handful = []
    yield "".join(handful)


def _see_other(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
