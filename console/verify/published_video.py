"""The published video that a file came from, for whoever asked about such a file: beside it, to compare the two.

The address is given with an answer and works for an hour; the video is shown for as long as it is published, which is
asked anew for each range of it.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from console.web.context import ContextDep, RequestContext, client_address
from console.web.video_response import video_response
from core.case import Phase
from core.errors import NotFound
from core.finding import Finding

published_video_router = APIRouter(include_in_schema=False)

_TOKEN_SECONDS = 3600


def published_address(context: RequestContext, finding: Finding) -> str:
    """Where the published video of this answer's case can be seen; empty where there is none to be shown."""
    case_id = (finding.case or {}).get("id", "")
    record = context.service.look_up(case_id) if case_id else None
    if record is None or record["phase"] != Phase.PUBLISHED.value:
        return ""
    return address_of_published(context, case_id)


def address_of_published(context: RequestContext, case_id: str) -> str:
    """Where a published video can be seen for an hour, by whoever may know that it is this one."""
    return f"/verify/published/{_serializer(context).dumps(case_id)}"


@published_video_router.get("/verify/published/{token}")
def published_video(request: Request, context: ContextDep, token: str) -> FileResponse:
    """The video, in ranges. Raises NotFound: also once it is no longer published."""
    context.rate_limiter.consume(client_address(request))
    try:
        case_id = str(_serializer(context).loads(token, max_age=_TOKEN_SECONDS))
    except BadData:
        raise NotFound("there is no video to be had here") from None
    return video_response(context, None, context.service.ledger.load(case_id))


def _serializer(context: RequestContext) -> URLSafeTimedSerializer:
    return context.sessions.timed_serializer("assay.published")
