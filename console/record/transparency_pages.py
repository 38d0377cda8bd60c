"""/transparency: what was decided here in the last year, for anybody, as a page and as JSON."""

from __future__ import annotations

from datetime import UTC, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from console.record.record_texts import APPEAL_TEXTS, CATEGORY_TEXTS, MEANS_TEXTS, MEASURE_TEXTS
from console.web.context import ContextDep, RequestContext, client_address
from console.web.rendering import render_page
from core.codec import dump
from core.errors import Forbidden, NotFound, Unavailable
from pipeline.legal_record.record_desk import RecordDesk
from pipeline.legal_record.transparency import PublicFigures

transparency_router = APIRouter(include_in_schema=False)


@transparency_router.get("/transparency")
def transparency_page(request: Request, context: ContextDep) -> Response:
    """Decisions by category and kind, appeals and what came of them, times and rates of error."""
    found = _figures(request, context)
    return render_page(
        request,
        "transparency.html",
        found=found,
        first=found.period.start.astimezone(UTC).date(),
        last=(found.period.end - timedelta(days=1)).astimezone(UTC).date(),
        service=record_desk(context).options.service_name,
        tables=(
            ("categories", "By what it was about", CATEGORY_TEXTS, found.by_category),
            ("measures", "By what was done", MEASURE_TEXTS, found.by_measure),
            ("means", "By who decided", MEANS_TEXTS, found.by_means),
        ),
        appeals=APPEAL_TEXTS,
        notices=CATEGORY_TEXTS,
        rules=context.installation.settings.terms_url,
    )


@transparency_router.get("/transparency.json")
def transparency_json(request: Request, context: ContextDep) -> Response:
    """The same figures for programs. What is null is too little to be told."""
    return JSONResponse(dump(_figures(request, context)), headers={"Access-Control-Allow-Origin": "*"})


def record_desk(context: RequestContext) -> RecordDesk:
    """The record. Raises Unavailable where none is kept."""
    desk = context.installation.record
    if desk is None:
        raise Unavailable("no record is kept here")
    return desk


def _figures(request: Request, context: RequestContext) -> PublicFigures:
    context.rate_limiter.consume(client_address(request))
    try:
        return record_desk(context).transparency()
    except Forbidden:
        raise NotFound("there is no such page") from None
