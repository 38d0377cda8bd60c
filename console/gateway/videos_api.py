"""OpenAI's Videos API, so that a platform changes its base URL and nothing else.

An account sees its own videos here and no others, moderators included: this is the platform's door, not the console.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from console.gateway.request_parsing import parse_video_request
from console.gateway.video_object import video_object
from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from console.web.video_response import video_response
from core.case import Case, Phase
from core.errors import BadInput, Conflict, Erased, NotFound, NotNow
from core.roles import Principal
from media.reference_file import REFERENCE_KINDS

videos_router = APIRouter(prefix="/v1/videos", tags=["videos"])

_FIELDS = {
    "prompt": {"type": "string"},
    "model": {"type": "string"},
    "seconds": {"type": "string", "description": "A number; numbers are taken too."},
    "size": {"type": "string", "example": "1280x720"},
    "audience": {"type": "string", "description": "What the video is for, as general or teen."},
    "account_minor": {"type": "boolean", "description": "Whether the account is a minor's: stricter limits apply."},
    "region": {"type": "string", "example": "DE", "description": "ISO 3166 code of where the account is."},
    "tier": {"type": "string", "description": "What kind of account it is to you."},
    "safety_identifier": {"type": "string", "description": "For which of your users, as a hash; also as `user`."},
    "cameos": {"type": "array", "items": {"type": "string"}, "description": "Handles; also as `characters`."},
    "purpose": {"type": "string", "description": "What it is for, where people named limit that."},
    "territory": {"type": "array", "items": {"type": "string"}, "description": "Where it will be shown, as DE."},
    "voices": {"type": "boolean", "description": "People named speak."},
    "remixed_from_video_id": {"type": "string", "description": "The video that this one is made over."},
}
_FILE = {"type": "string", "format": "binary", "description": f"One picture or clip: {REFERENCE_KINDS}."}
_URL = {
    "type": "object",
    "properties": {"image_url": {"type": "string", "description": "A data: URL of one picture or clip."}},
    "required": ["image_url"],
}
_CREATE_BODY = {
    "required": True,
    "content": {
        kind: {"schema": {"type": "object", "required": ["prompt"], "properties": _FIELDS | {"input_reference": ref}}}
        for kind, ref in (("application/json", _URL), ("multipart/form-data", _FILE))
    },
}
_IDEMPOTENCY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The same key by the same account is the same video.",
}


@videos_router.post(
    "", summary="Make a video", openapi_extra={"requestBody": _CREATE_BODY, "parameters": [_IDEMPOTENCY_HEADER]}
)
async def create_video(request: Request, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """The prompt is screened and judged first; what becomes of it is told by GET /v1/videos/{id}."""
    async with parse_video_request(request, context) as order:
        limiter = context.reference_limiter if order.references else None  # it is decoded and encoded anew
        case = await to_thread.run_sync(context.service.submit, who, order, limiter=limiter)
    return await to_thread.run_sync(_video_of, who, context, case)


@videos_router.get("", summary="Your videos")
def list_videos(
    who: BearerUser,
    context: ContextDep,
    after: Annotated[str, Query(description="The last id of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=100, description="How many at the most.")] = 20,
    order: Annotated[Literal["asc", "desc"], Query(description="`asc`: the one that moved last comes last.")] = "desc",
) -> dict[str, Any]:
    """The one that moved last comes first."""
    mine = [c for c in context.service.cases(who, limit=1000) if c.request.author == who.id]
    mine = mine if order == "desc" else mine[::-1]
    at = next((i + 1 for i, c in enumerate(mine) if c.id == after), None if after else 0)
    if at is None:
        raise BadInput("after names no video of yours")
    page = [_video_of(who, context, case) for case in mine[at : at + limit]]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(mine) > at + limit,
    }


@videos_router.get("/{video_id}", summary="A video")
def retrieve_video(video_id: str, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """A refusal is `failed` with error code `policy_refused`; a hold is `in_progress`, and `assay` says why."""
    return _video_of(who, context, _owned_case(who, context, video_id))


@videos_router.get("/{video_id}/content", summary="The video's bytes", response_class=FileResponse)
def video_content(
    video_id: str, who: BearerUser, context: ContextDep, variant: Literal["video", "thumbnail", "spritesheet"] = "video"
) -> FileResponse:
    """Once it is published, and as long as it is. Ranges are served."""
    case = _owned_case(who, context, video_id)
    if variant != "video":
        raise BadInput("only the variant 'video' is served: any other would come without its marks")
    if case.phase in (Phase.REFUSED, Phase.FAILED, Phase.RECALLED, Phase.WITHDRAWN):
        raise NotFound("this video is not to be had")
    if case.phase is not Phase.PUBLISHED:
        raise NotNow("this video is not ready yet")
    return video_response(context, None, case)


@videos_router.delete("/{video_id}", summary="Recall a video")
def delete_video(video_id: str, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """Stops it, or takes it down. Its history stays, and it then reads as failed with error code `recalled`."""
    case = _owned_case(who, context, video_id)
    for _ in range(3):  # a worker may move the case at the same moment; the wish stays the same
        try:
            case = context.service.recall(who, case.id, code="author")
            return {"id": case.id, "object": "video.deleted", "deleted": True}
        except Conflict:
            continue
    raise Conflict


def _owned_case(who: Principal, context: RequestContext, video_id: str) -> Case:
    case = context.service.case(who, video_id)
    if case.request.author != who.id:
        raise NotFound("there is no such video")
    return case


def _video_of(who: Principal, context: RequestContext, case: Case) -> dict[str, Any]:
    try:
        prompt = context.service.prompt(who, case.id)
    except Erased:
        prompt = None
    failure = context.service.failure_reason(who, case.id)
    return video_object(case, context.service.history(who, case.id), prompt, failure)
