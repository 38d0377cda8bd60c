"""Where a moderator goes from one case: to the next that is theirs to decide, or back to the queue."""

from __future__ import annotations

from fastapi.responses import RedirectResponse, Response

from console.web.context import RequestContext
from core.roles import Principal
from pipeline.moderation.review_queue import WHOLE_QUEUE, QueueFilter


def open_next(
    context: RequestContext, who: Principal, wanted: QueueFilter = WHOLE_QUEUE, *, done: str = ""
) -> Response:
    """To the case that comes first and that nobody else has open; to the queue where there is none."""
    case_id = context.service.reviews.take_next(who, wanted)
    return see_other(f"/cases/{case_id}?done={done}" if case_id else "/queue?done=empty")


def see_other(address: str) -> Response:
    """The answer to a form: the browser asks for this page."""
    return RedirectResponse(address, status_code=303)
