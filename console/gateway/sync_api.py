"""POST /v1/videos/sync, as vLLM-Omni has it: the answer is the video itself, once it is there.

Waiting holds no thread. Whoever hangs up loses nothing: the case goes on, and is found by its id in X-Request-Id.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import anyio
from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from console.gateway.request_parsing import parse_video_request
from console.gateway.video_object import video_status
from console.gateway.videos_api import CREATE_VIDEO, submit_order, video_answer
from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext, accept_language
from console.web.video_response import video_response
from core.case import Case, Phase
from core.events import Commissioned, Rendered
from core.ports import RecordedEvent
from core.roles import Principal
from pipeline.case_record import CaseRecord
from pipeline.creator_texts.catalogs import creator_catalog
from pipeline.creator_texts.sentences import PERSON_NEEDED, TAKES_LONGER

sync_router = APIRouter(prefix="/v1/videos", tags=["videos"])

_INTERVALS = (0.1, 0.2, 0.3, 0.5, 1.0)
"""Seconds between looks; the last holds on."""
_FAILURE_STATUSES = {"policy_refused": 400, "engine_declined": 400, "recalled": 410}
"""Anything else is 422. None is a status that OpenAI's clients try again: that would be another order."""


@sync_router.post(
    "/sync",
    summary="Make a video and wait for it",
    response_class=Response,
    openapi_extra=CREATE_VIDEO,
    responses={
        200: {"content": {"video/mp4": {}}, "description": "The video's bytes."},
        202: {"description": "Held for a person, or not ready yet: the video object, to be asked for by its id."},
    },
)
async def create_video_sync(request: Request, who: BearerUser, context: ContextDep) -> Response:
    """Takes what POST /v1/videos takes. A refusal is 400, a failure of the engine 422, both as error objects.

    Parameters that were ignored are named in X-Assay-Ignored.
    """
    async with parse_video_request(request, context) as order:
        case = await submit_order(request, who, context, order)
    response = await _wait_for(request, who, context, case)
    if order.ignored:  # bytes of a video have no room for it
        response.headers["X-Assay-Ignored"] = _header(", ".join(order.ignored))
    return response


async def _wait_for(request: Request, who: Principal, context: RequestContext, case: Case) -> Response:
    """The video, an error, or where to ask later."""
    accepted = accept_language(request)
    deadline, turn = time.monotonic() + context.installation.settings.sync_wait, 0
    while True:
        record = await to_thread.run_sync(context.service.video, who, case.id)
        if record.case.phase is Phase.PUBLISHED:
            return await to_thread.run_sync(_content, context, record)
        if video_status(record.case) == "failed":
            return _failed(await to_thread.run_sync(video_answer, who, context, record, accepted))
        if record.case.phase is Phase.HELD:
            return _later(await to_thread.run_sync(video_answer, who, context, record, accepted), PERSON_NEEDED)
        if time.monotonic() > deadline or await request.is_disconnected():
            return _later(await to_thread.run_sync(video_answer, who, context, record, accepted), TAKES_LONGER)
        await anyio.sleep(_INTERVALS[min(turn, len(_INTERVALS) - 1)])
        turn += 1


def _content(context: RequestContext, record: CaseRecord) -> Response:
    answer = video_response(context, None, record.case)
    made = record.case.rendered
    answer.headers["X-Request-Id"] = record.case.id
    answer.headers["X-Model"] = _header((made.model or made.engine) if made else "")
    answer.headers["X-Inference-Time-S"] = f"{_engine_seconds(record.history):.3f}"
    return answer


def _failed(shown: dict[str, Any]) -> Response:
    error: dict[str, Any] = shown["error"]
    status = _FAILURE_STATUSES.get(error["code"], 422)
    body = {"error": {"type": "invalid_request_error", "param": None, **error}, "video": shown}
    return JSONResponse(body, status_code=status, headers={"X-Request-Id": shown["id"]})


def _later(shown: dict[str, Any], why: str) -> Response:
    headers = {"X-Request-Id": shown["id"], "Location": f"/v1/videos/{shown['id']}", "Retry-After": "10"}
    message = creator_catalog(shown["assay"]["language"]).text(why)
    return JSONResponse(shown | {"message": message}, status_code=202, headers=headers)


def _engine_seconds(history: Sequence[RecordedEvent]) -> float:
    """From the last order to the video."""
    ordered = next((e.at for e in reversed(history) if isinstance(e.event, Commissioned)), None)
    made = next((e.at for e in reversed(history) if isinstance(e.event, Rendered)), None)
    return max(0.0, (made - ordered).total_seconds()) if made and ordered else 0.0


def _header(text: str) -> str:
    return text.encode("ascii", "replace").decode()[:200]
