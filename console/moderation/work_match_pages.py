"""What the page of a case shows of likenesses to registered works: the example beside the picture of the case."""

from __future__ import annotations

import shutil

from fastapi import APIRouter
from fastapi.responses import Response

from console.web.auth import SessionUser
from console.web.context import ContextDep, RequestContext
from console.web.uploads import new_upload_folder
from core.case import Case
from core.errors import NotFound, Unavailable
from core.roles import Principal, Role, require_role
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
    case = context.service.case(who, case_id)
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
    matches = work_matches(context.service.case(who, case_id), ())
    if not 0 <= number < len(matches):
        raise NotFound("there is no such likeness in this case")
    example = matches[number].example
    picture = require_work_images(context.service.work_images).picture(who, example.work, example.image)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE)
