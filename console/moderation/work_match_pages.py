"""What the page of a case shows of likenesses to registered works: the example beside the picture of the case."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from console.rights.holder_api import desk_of
from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.uploads import new_upload_folder
from console.web.video_response import TemporaryFileResponse
from core.case import Case
from core.errors import NotFound, Unavailable
from core.roles import Principal, Role, require_role
from media.sound.listening_copy import LISTENING_TYPE
from pipeline.disclosure import sees_everything
from pipeline.rights.work_image_service import require_work_images
from pipeline.rights.work_match_pictures import WorkMatch, matched_picture, work_matches

work_match_router = APIRouter(include_in_schema=False)

_PRIVATE = {"Cache-Control": "private, no-store"}


def shown_matches(context: RequestContext, who: Principal, case: Case) -> tuple[WorkMatch, ...]:
    """The likenesses of a case, for whoever sees what was measured; with names where the registry can be asked."""
    if not sees_everything(who):
        return ()
    try:
        registered = require_work_images(context.service.work_images).works.all()
    except Unavailable:
        registered = ()
    return work_matches(case, registered)


@work_match_router.get("/cases/{case_id}/likenesses/{number}/picture")
def likeness_picture(case_id: str, number: int, who: SessionUser, context: ContextDep) -> Response:
    """The picture of the case in which the likeness was found."""
    case = context.service.viewable(context.service.case(who, case_id))
    folder = new_upload_folder(context.upload_folder)
    try:
        picture = matched_picture(who, case, number, context.service.context.blob_store.fetch, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE)


@work_match_router.get("/cases/{case_id}/likenesses/{number}/example")
def likeness_example(case_id: str, number: int, who: SessionUser, context: ContextDep) -> Response:
    """The example that it is like. Raises NotFound where its holder has removed it."""
    require_role(who, Role.MODERATOR)
    matches = work_matches(context.service.viewable(context.service.case(who, case_id)), ())
    if not 0 <= number < len(matches):
        raise NotFound("there is no such likeness in this case")
    example = matches[number].example
    if example.sound:
        raise NotFound("it was heard: there is no picture of it")
    picture = require_work_images(context.service.work_images).picture(who, example.work, example.image)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE)


@work_match_router.get("/cases/{case_id}/likenesses/{number}/sound", response_class=FileResponse)
def likeness_sound(case_id: str, number: int, who: SessionUser, context: ContextDep) -> FileResponse:
    """The example sound that is heard in it, in ranges. Raises NotFound where it was removed, or has no copy."""
    require_role(who, Role.MODERATOR)
    matches = work_matches(context.service.viewable(context.service.case(who, case_id)), ())
    if not 0 <= number < len(matches) or not matches[number].example.sound:
        raise NotFound("there is no such sound in this case")
    example = matches[number].example
    recording = desk_of(context).sounds.recording(who, example.work, example.sound)
    folder = new_upload_folder(context.upload_folder)
    (file := folder / f"{example.sound}.mp3").write_bytes(recording)
    digest = hashlib.sha256(recording).hexdigest()
    response = TemporaryFileResponse(file, media_type=LISTENING_TYPE, digest=digest, modified=datetime.now(UTC))
    response.headers.update(_PRIVATE)
    return response


def audible_sounds(context: RequestContext, matches: Iterable[WorkMatch]) -> frozenset[str]:
    """Of the example sounds of these matches those that can be listened to."""
    try:
        return desk_of(context).sounds.can_be_heard([one.example.sound for one in matches if one.example.sound])
    except Unavailable:
        return frozenset()
