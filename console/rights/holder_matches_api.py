"""The API of what matched a holder's works: drafts to watch and to answer, figures by month."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path as FilePath
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from console.rights.holder_api import desk_of
from console.rights.work_images_api import WorkId
from console.web.auth import BearerUser
from console.web.context import ContextDep, RequestContext
from console.web.uploads import new_upload_folder
from core.codec import dump
from pipeline.rights.holder_words import HOLDER_REFUSALS
from pipeline.rights.work_statistics import statistics_csv

holder_matches_router = APIRouter(prefix="/api/works/{work_id}", tags=["works"])

CaseId = Annotated[str, Path(max_length=64, description="The id of the video.")]
_NO_STORE = {"Cache-Control": "private, no-store"}


class HolderRefusalBody(BaseModel):
    """Why a draft is refused."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=40, description=f"One of {', '.join(HOLDER_REFUSALS)}: the author is told.")


@holder_matches_router.get("/matches", summary="The videos with a work")
def work_matches_of(
    work_id: WorkId, who: BearerUser, context: ContextDep, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> dict[str, object]:
    """Those that wait for you first (`waits`), then the newest. Who ordered them is not told."""
    return {"matches": dump(desk_of(context).matches.matches(who, work_id, limit=limit))}


@holder_matches_router.get("/matches/{case_id}", summary="One of them")
def work_match(work_id: WorkId, case_id: CaseId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """The words of the prompt that name the work and no others, and in which seconds the video looks like it."""
    return {"match": dump(desk_of(context).matches.match(who, work_id, case_id))}


@holder_matches_router.get("/matches/{case_id}/picture", summary="What looks like it", response_class=Response)
async def work_match_picture(work_id: WorkId, case_id: CaseId, who: BearerUser, context: ContextDep) -> Response:
    """The part of the video that looks most like the work, as a JPEG."""
    return await picture_of(context, lambda folder: desk_of(context).matches.picture(who, work_id, case_id, folder))


@holder_matches_router.get("/matches/{case_id}/draft", summary="A draft to watch", response_class=Response)
async def work_draft(work_id: WorkId, case_id: CaseId, who: BearerUser, context: ContextDep) -> Response:
    """Of an order that names the work, while it waits for you: an MP4 with a label that says that it is a preview."""
    return await video_of(context, lambda folder: desk_of(context).matches.draft(who, work_id, case_id, folder))


@holder_matches_router.post("/matches/{case_id}/approve", summary="Approve a draft")
def approve_draft(work_id: WorkId, case_id: CaseId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """The order goes on. It counts for this draft alone; the receipt goes into the manifest of the video."""
    return {"receipt": dump(desk_of(context).matches.approve(who, work_id, case_id))}


@holder_matches_router.post("/matches/{case_id}/refuse", summary="Refuse a draft")
def refuse_draft(
    work_id: WorkId, case_id: CaseId, body: HolderRefusalBody, who: BearerUser, context: ContextDep
) -> dict[str, object]:
    """The order is refused, and its author is told why."""
    return {"receipt": dump(desk_of(context).matches.refuse(who, work_id, case_id, code=body.code))}


@holder_matches_router.get("/statistics", summary="Figures of a work by month")
def work_statistics(work_id: WorkId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Videos that named it (asked) or look like it (matched), approved, refused, ordered as parody, published."""
    return {"months": dump(desk_of(context).matches.statistics(who, work_id))}


@holder_matches_router.get("/statistics.csv", summary="The same as CSV", response_class=Response)
def work_statistics_csv(work_id: WorkId, who: BearerUser, context: ContextDep) -> Response:
    """With a line of names; months in UTC."""
    months = desk_of(context).matches.statistics(who, work_id)
    return Response(statistics_csv(months), media_type="text/csv", headers=_NO_STORE)


async def picture_of(context: RequestContext, make: Callable[[FilePath], bytes]) -> Response:
    """A JPEG that `make` makes in a folder of its own, which goes afterwards."""
    picture = await to_thread.run_sync(lambda: _within(context, make), limiter=context.picture_limiter)
    return Response(picture, media_type="image/jpeg", headers=_NO_STORE)


async def video_of(context: RequestContext, make: Callable[[FilePath], FilePath]) -> Response:
    """A video likewise, whole: each range would draw the label anew."""
    video = await to_thread.run_sync(
        lambda: _within(context, lambda folder: make(folder).read_bytes()), limiter=context.picture_limiter
    )
    return Response(video, media_type="video/mp4", headers={**_NO_STORE, "Accept-Ranges": "none"})


def _within(context: RequestContext, make: Callable[[FilePath], bytes]) -> bytes:
    folder = new_upload_folder(context.upload_folder)
    try:
        return make(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
