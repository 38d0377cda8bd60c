"""Characters of OpenAI's Videos API are cameos here: people who enrolled themselves, and allow what they allow.

A character cannot be created from a video that somebody has: whose face it is says so before a camera, to a challenge.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from console.cameo.likeness_user import LikenessUser
from console.web.auth import BearerUser
from console.web.context import ContextDep
from console.web.http_errors import ConsentRequired
from console.web.uploads import drain

characters_router = APIRouter(prefix="/v1/videos/characters", tags=["videos"])


@characters_router.post("", summary="Not possible from a video: people enrol themselves", status_code=403)
async def create_character(request: Request, who: BearerUser) -> None:
    """Always 403 `consent_required`, with the way that there is. Nothing of the video is read or kept."""
    del who
    await drain(request.stream())
    raise ConsentRequired


@characters_router.get("/{character_id}", summary="A character that you may use")
def get_character(character_id: str, who: LikenessUser, context: ContextDep) -> dict[str, Any]:
    """By handle or id: one's own, or somebody who allows this account something now. Any other is 404."""
    cameo = context.service.cameos.usable(who, character_id)
    return {
        "id": cameo.id,
        "object": "video.character",
        "name": cameo.handle,
        "created_at": int(cameo.made.timestamp()),
    }
