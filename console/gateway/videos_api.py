"""OpenAI's Videos API, so that a platform changes its base URL and nothing else.

An account sees its own videos here and no others, moderators included: this is the platform's door, not the console.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

from console.gateway.request_parsing import parse_video_request
from console.gateway.video_consent import consent_object
from console.gateway.video_object import UnstatedValues, video_object
from console.web.auth import BearerUser
from console.web.context import AcceptLanguage, ContextDep, RequestContext
from console.web.http_errors import NotOffered
from console.web.scans import scan_reference
from console.web.video_response import picture_response, video_response
from core.case import Case, Phase
from core.errors import BadInput, Conflict, NotFound, NotNow
from core.roles import Principal
from media.file_kind import REFERENCE_KINDS
from pipeline.case_record import CaseRecord
from pipeline.video_pictures import PictureVariant
from pipeline.video_request import VideoRequest

_T = TypeVar("_T")

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
IDEMPOTENCY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The same key by the same account is the same video.",
}
CREATE_VIDEO = {"requestBody": _CREATE_BODY, "parameters": [IDEMPOTENCY_HEADER]}
_GONE = (Phase.REFUSED, Phase.FAILED, Phase.RECALLED, Phase.WITHDRAWN)


@videos_router.post("", summary="Make a video", openapi_extra=CREATE_VIDEO)
async def create_video(
    request: Request, who: BearerUser, context: ContextDep, accepted: AcceptLanguage
) -> dict[str, Any]:
    """The prompt is screened and judged first; what becomes of it is told by GET /v1/videos/{id}."""
    async with parse_video_request(request, context) as order:
        submit = partial(_submitted_video, who, context, order, accepted)
        video = await _run_order(request, context, order, submit)
    video["assay"]["ignored"] = list(order.ignored)
    return video


@videos_router.head("", include_in_schema=False)
@videos_router.get("", summary="Your videos")
def list_videos(
    who: BearerUser,
    context: ContextDep,
    accepted: AcceptLanguage,
    after: Annotated[str, Query(description="The last id of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=100, description="How many at the most.")] = 20,
    order: Annotated[Literal["asc", "desc"], Query(description="By when they were asked for.")] = "desc",
) -> dict[str, Any]:
    """In the order in which they were asked for, the newest first."""
    try:
        found = context.service.videos(who, after=after, limit=limit + 1, ascending=order == "asc")
    except NotFound:
        raise BadInput(f"after: {after[:40]!r} is no video of yours", param="after") from None
    page = [video_answer(who, context, record, accepted) for record in found[:limit]]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(found) > limit,
    }


@videos_router.head("/{video_id}", include_in_schema=False)
@videos_router.get("/{video_id}", summary="A video")
def retrieve_video(video_id: str, who: BearerUser, context: ContextDep, accepted: AcceptLanguage) -> dict[str, Any]:
    """A refusal is `failed` with error code `policy_refused`; a hold is `in_progress`, and `assay` says why.

    In the language of the prompt; where it is not known, or not among those offered, as Accept-Language asks.
    """
    return shown_video(who, context, video_id, accepted)


@videos_router.head("/{video_id}/content", include_in_schema=False)
@videos_router.get("/{video_id}/content", summary="The video's bytes, or pictures of it", response_class=FileResponse)
async def video_content(
    video_id: str, who: BearerUser, context: ContextDep, variant: Literal["video", "thumbnail", "spritesheet"] = "video"
) -> FileResponse:
    """Once it is published, and as long as it is. Ranges are served, and conditional requests answered.

    A thumbnail (WebP) and a sprite sheet (JPEG) are marked and signed as the video is.
    """
    case = await to_thread.run_sync(_published_case, who, context, video_id)
    if variant == "video":
        return await to_thread.run_sync(video_response, context, None, case)
    if context.service.pictures is None:
        raise NotOffered("no pictures of videos are made here")
    kind = PictureVariant(variant)
    return await to_thread.run_sync(picture_response, context, case, kind, limiter=context.picture_limiter)


@videos_router.delete("/{video_id}", summary="Delete a video")
def delete_video(video_id: str, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """Stops it, or takes it down, and erases its texts: the prompt, and what was written about it.

    What happened stays in the log, without any words, and the video then reads as failed with error code `recalled`.
    The texts of one that a moderator recalled are kept: they are evidence.
    """
    case = _owned_case(who, context, video_id)
    for _ in range(3):  # a worker may move the case at the same moment; the wish stays the same
        try:
            case = context.service.recall(who, case.id, code="author")
        except Conflict:
            continue
        if case.recalled is None or case.recalled.by == who.id:
            context.service.erase(who, case.id)
        return {"id": case.id, "object": "video.deleted", "deleted": True}
    raise Conflict


def unstated_values(context: RequestContext) -> UnstatedValues:
    """What answers state where nobody asked for anything and nothing is made yet."""
    named = context.installation.settings.engine_model
    return UnstatedValues(model=named) if named else UnstatedValues()


def _published_case(who: Principal, context: RequestContext, video_id: str) -> Case:
    case = _owned_case(who, context, video_id)
    if case.phase in _GONE:
        raise NotFound("this video is not to be had")
    if case.phase is not Phase.PUBLISHED:
        raise NotNow("this video is not ready yet")
    return case


def _owned_case(who: Principal, context: RequestContext, video_id: str) -> Case:
    return context.service.video(who, video_id).case


async def submit_order(request: Request, who: Principal, context: RequestContext, order: VideoRequest) -> Case:
    """The case of this order. A reference is prepared within its budget, and a client that leaves ends that."""
    return await _run_order(request, context, order, partial(context.service.submit, who, order))


async def _run_order(request: Request, context: RequestContext, order: VideoRequest, submit: Callable[[], _T]) -> _T:
    return await (scan_reference(request, context, submit) if order.references else to_thread.run_sync(submit))


def _submitted_video(
    who: Principal, context: RequestContext, order: VideoRequest, accept_language: str
) -> dict[str, Any]:
    return shown_video(who, context, context.service.submit(who, order).id, accept_language)


def shown_video(who: Principal, context: RequestContext, video_id: str, accept_language: str) -> dict[str, Any]:
    """The answer about a video of this account. Raises NotFound."""
    return video_answer(who, context, context.service.video(who, video_id), accept_language)


def video_answer(who: Principal, context: RequestContext, record: CaseRecord, accept_language: str) -> dict[str, Any]:
    """The answer about a video that was read, with why it is held or refused, and what may be done about that."""
    service = context.service
    explanation, may = service.explanation(record), service.actions(who, record.case)
    video = video_object(
        record, unstated_values(context), explanation=explanation, may=may, accept_language=accept_language
    )
    video["assay"]["consent"] = consent_object(service, record.case)
    return video
