"""The link that a platform passes on to whoever wanted a video, so that they read what became of it and can appeal."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from console.allowed_hosts import stated_address
from console.creator.creator_pages import creator_desk_of
from console.web.auth import BearerUser
from console.web.context import ContextDep
from console.web.error_responses import CREATOR_PATH
from pipeline.creator.creator_desk import DEFAULT_DAYS, MOST_DAYS

creator_link_router = APIRouter(prefix="/v1/videos", tags=["videos"])


class CreatorLinkBody(BaseModel):
    """How long the link is to work."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(DEFAULT_DAYS, ge=1, le=MOST_DAYS, description="For so many days from now, at the least.")


@creator_link_router.post("/{video_id}/creator_link", summary="A link for whoever wanted the video")
def make_creator_link(
    request: Request, video_id: str, who: BearerUser, context: ContextDep, body: CreatorLinkBody | None = None
) -> dict[str, Any]:
    """A page without an account: what happened, why, what to change, and an appeal.

    As long as one is in force the same is given again. Whoever has it may read the page and appeal: pass it on to the
    person who wanted the video, and to nobody else.
    """
    link = creator_desk_of(context).offer(who, video_id, days=body.days if body else DEFAULT_DAYS)
    address = stated_address(request, context.installation.settings)
    return {
        "id": video_id,
        "object": "video.creator_link",
        "url": f"{address}{CREATOR_PATH}{link.secret}",
        "expires_at": int(link.expires.timestamp()),
    }


@creator_link_router.delete("/{video_id}/creator_link", summary="Take the link back")
def revoke_creator_link(video_id: str, who: BearerUser, context: ContextDep) -> dict[str, Any]:
    """It opens nothing from now on, and never again: a new one is another."""
    creator_desk_of(context).revoke(who, video_id)
    return {"id": video_id, "object": "video.creator_link.deleted", "deleted": True}
