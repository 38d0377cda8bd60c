"""One thing done to many held cases: chosen in the queue, shown before, and undone within a minute."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from console.moderation.form_guard import require_csrf_token
from console.moderation.next_case import see_other
from console.moderation.queue_choice import read_choice
from console.moderation.queue_rows import queue_row
from console.web import display_text
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.rendering import render_page
from core.errors import BadInput
from pipeline.moderation.bulk_reviews import UNDO_TIME, BulkDesk

queue_bulk_router = APIRouter(prefix="/queue/bulk", include_in_schema=False, dependencies=[Depends(require_csrf_token)])

_What = Annotated[str, Form(max_length=200)]
_Query = Annotated[str, Form(max_length=2000)]


@queue_bulk_router.post("/preview")
def preview(
    *,
    request: Request,
    who: SessionUser,
    context: ContextDep,
    what: _What,
    case: Annotated[list[str] | None, Form()] = None,
    query: _Query = "",
) -> Response:
    """What would happen to the cases that were chosen, and to which of them it cannot."""
    action, code, to = _read(what)
    desk = context.service.reviews
    shown = BulkDesk(desk=desk).preview(who, action, case or [], code=code, to=to)
    texts = context.service.context.texts.read_many([held.prompt for held in shown.entries if held.prompt])
    return render_page(
        request,
        "queue_bulk.html",
        preview=shown,
        rows={held.case_id: queue_row(held, texts, me=who.id) for held in shown.entries},
        what=what,
        action=action,
        reason=(display_text.RULING_TEXTS | display_text.SKIP_TEXTS).get(code, ""),
        to=to,
        cases=json.dumps(dict(shown.can)),
        query=query,
        choice=read_choice(query),
        seconds=int(UNDO_TIME.total_seconds()),
    )


@queue_bulk_router.post("")
def ask(
    who: SessionUser, context: ContextDep, what: _What, cases: Annotated[str, Form()], query: _Query = ""
) -> Response:
    """Have it done in a minute."""
    action, code, to = _read(what)
    BulkDesk(desk=context.service.reviews).ask(who, action, _revisions(cases), code=code, to=to)
    return see_other(read_choice(query).address(done="bulk"))


@queue_bulk_router.post("/undo")
def undo(who: SessionUser, context: ContextDep, bulk: Annotated[str, Form()], query: _Query = "") -> Response:
    """Take back what was asked for within the minute."""
    BulkDesk(desk=context.service.reviews).undo(who, bulk)
    return see_other(read_choice(query).address(done="undone"))


def _read(what: str) -> tuple[str, str, str]:
    """The action, its reason and to whom, of `allow:context`, `escalate` or `hand_over:<account>`."""
    action, _, rest = what.partition(":")
    return (action, "", rest) if action == "hand_over" else (action, rest, "")


def _revisions(cases: str) -> dict[str, int]:
    try:
        said = json.loads(cases)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not all(type(one) is int for one in said.values()):
        raise BadInput("these are no cases with their revisions")
    return said
