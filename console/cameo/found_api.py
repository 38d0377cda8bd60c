"""Videos in which the owner of a cameo is recognised and that no lease covers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from console.cameo.likeness_user import LikenessUser
from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from console.web.video_response import picture_response, video_response
from core.case import Case
from core.codec import dump
from core.errors import NotFound
from core.roles import Principal
from pipeline.video_pictures import PictureVariant
from registry.consent import MAX_WORDS_LENGTH, FoundAnswer, FoundMatch

found_router = APIRouter(prefix="/api", tags=["cameos"])

FOUND_LISTS = {
    "new": FoundAnswer.NEW,
    "archived": FoundAnswer.ARCHIVED,
    "not_me": FoundAnswer.NOT_ME,
    "removal": FoundAnswer.REMOVAL,
}
FoundList = Literal["new", "archived", "not_me", "removal"]


class RemovalBody(BaseModel):
    """Why a video should come down."""

    model_config = ConfigDict(extra="forbid")

    words: str = Field(min_length=1, max_length=MAX_WORDS_LENGTH, description="For the moderators; erasable.")


@found_router.get("/cameos/{handle}/found", summary="Videos that show you without your permission")
def list_found(
    handle: str,
    who: LikenessUser,
    context: ContextDep,
    show: Annotated[FoundList, Query(description="What you said of them.")] = "new",
    after: Annotated[str, Query(max_length=40, description="The `next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=100, description="How many at the most.")] = 20,
) -> dict[str, Any]:
    """Published and held ones, the newest first. Of one that is held there is no picture: moderators look at it."""
    page = context.service.cameos.found.page(who, handle, answer=FOUND_LISTS[show], after=after, limit=limit)
    return {"found": [found_object(handle, one) for one in page.matches], "next": page.next or None}


@found_router.get(
    "/cameos/{handle}/found/{case_id}/still", summary="A picture of one of them", response_class=FileResponse
)
def found_still(handle: str, case_id: str, who: LikenessUser, context: ContextDep) -> FileResponse:
    """Of a published one, marked and signed as the video is."""
    return still_of_match(context, who, handle, case_id)


@found_router.get("/cameos/{handle}/found/{case_id}/content", summary="One of them", response_class=FileResponse)
def found_content(handle: str, case_id: str, who: LikenessUser, context: ContextDep) -> FileResponse:
    """A published one, to be watched."""
    return video_of_match(context, who, handle, case_id)


@found_router.post("/cameos/{handle}/found/{case_id}/remove", summary="Ask for its removal")
def remove_found(
    handle: str, case_id: str, body: RemovalBody, who: LikenessUser, context: ContextDep
) -> dict[str, object]:
    """`down` where policy lets your no act at once; else moderators read your words."""
    return {"down": context.service.cameos.found.remove(who, handle, case_id, words=body.words)}


@found_router.post("/cameos/{handle}/found/{case_id}/archive", status_code=204, summary="Put it away")
def archive_found(handle: str, case_id: str, who: LikenessUser, context: ContextDep) -> None:
    """It stays up."""
    context.service.cameos.found.archive(who, handle, case_id)


@found_router.post("/cameos/{handle}/found/{case_id}/not-me", status_code=204, summary="That is not you")
def not_me_found(handle: str, case_id: str, who: LikenessUser, context: ContextDep) -> None:
    """It leaves your list, and counts among the false matches."""
    context.service.cameos.found.not_me(who, handle, case_id)


@found_router.post("/cameos/{handle}/found/{case_id}/put-back", status_code=204, summary="Take that back")
def put_back_found(handle: str, case_id: str, who: LikenessUser, context: ContextDep) -> None:
    """That it was put away, or is not you."""
    context.service.cameos.found.put_back(who, handle, case_id)


@found_router.get("/reviews/match-figures", summary="How often those who are recognised say that it is not them")
def match_figures(who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """For moderators, leads and operators. People who are erased since are counted in."""
    figures: dict[str, Any] = dump(context.service.cameos.found.figures(who))
    return figures


def still_of_match(context: RequestContext, who: Principal, handle: str, case_id: str) -> FileResponse:
    """A picture of a published match. Raises NotFound, also for one that is held."""
    return picture_response(context, _published_match(context, who, handle, case_id), PictureVariant.THUMBNAIL)


def video_of_match(context: RequestContext, who: Principal, handle: str, case_id: str) -> FileResponse:
    """A published match itself. Raises NotFound, also for one that is held."""
    return video_response(context, None, _published_match(context, who, handle, case_id))


def _published_match(context: RequestContext, who: Principal, handle: str, case_id: str) -> Case:
    if not context.service.cameos.found.match(who, handle, case_id).published:
        raise NotFound("a video that is held is shown to moderators alone")
    return context.service.ledger.load(case_id)


def found_object(handle: str, match: FoundMatch) -> dict[str, Any]:
    """A match as its owner gets it."""
    still = f"/api/cameos/{handle}/found/{match.case_id}/still"
    return {
        "video": match.case_id,
        "state": "published" if match.published else "held",
        "ordered": match.submitted.isoformat(),
        "changed": match.moved.isoformat(),
        "answer": match.answer or None,
        "still": still if match.published else None,
    }
