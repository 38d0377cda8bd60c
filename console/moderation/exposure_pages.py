"""The ladder of exposure: stills that are asked for one by one, and what is recorded of who was shown what."""

from __future__ import annotations

import shutil
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Form
from fastapi.responses import Response

from console.moderation.form_guard import require_csrf_token
from console.web.auth import SessionUser
from console.web.context import ContextDep
from console.web.uploads import new_upload_folder
from core.case import Case
from core.errors import BadInput, Unavailable
from core.roles import Principal, Role, require_role
from media.sandbox.scan import scan_within
from pipeline.inspection.case_stills import Moment, simplified_still, still_region
from pipeline.moderation.exposure import ExposureSummary, Step
from pipeline.service import CaseService

exposure_router = APIRouter(include_in_schema=False)

_PRIVATE = {"Cache-Control": "private, no-store"}
_STATED_STEPS = (Step.CLIP, Step.SOUND)  # what only the page knows of; the rest is recorded where it is delivered


@exposure_router.get("/cases/{case_id}/still")
async def case_still(
    case_id: str,
    who: SessionUser,
    context: ContextDep,
    at: float = 0.0,
    region: int | None = None,
    reference: int | None = None,
) -> Response:
    """A still in outlines, or with `region` that part of it as it is; for moderators."""
    case = context.service.viewable(context.service.case(who, case_id))
    moment = Moment(at=max(0.0, at), reference=reference)

    def make() -> bytes:
        folder = new_upload_folder(context.upload_folder)
        try:
            with scan_within(context.scan_budget):
                fetch = context.service.context.blob_store.fetch
                if region is None:
                    return simplified_still(who, case, fetch, folder, moment)
                return still_region(who, case, fetch, folder, moment, region)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    picture = await to_thread.run_sync(make, limiter=context.picture_limiter)
    await to_thread.run_sync(record_step, context.service, who, case, Step.STILL if region is None else Step.REGION)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE)


@exposure_router.post("/cases/{case_id}/seen", dependencies=[Depends(require_csrf_token)])
def case_seen(case_id: str, who: SessionUser, context: ContextDep, step: Annotated[str, Form()]) -> Response:
    """The page says that the clip is shown as it is, or heard."""
    require_role(who, Role.MODERATOR)
    if step not in _STATED_STEPS:
        raise BadInput(f"{step!r} is no step that a page states")
    case = context.service.viewable(context.service.case(who, case_id))
    record_step(context.service, who, case, Step(step))
    return Response(status_code=204)


def record_step(service: CaseService, who: Principal, case: Case, step: Step) -> None:
    """Record what was shown, where that is recorded."""
    try:
        service.exposure.shown(who, case, step)
    except Unavailable:
        return


def own_exposure(service: CaseService, who: Principal) -> ExposureSummary | None:
    """What a moderator was exposed to today; None for others, and where nothing is recorded."""
    if not who.has(Role.MODERATOR):
        return None
    try:
        return service.exposure.mine(who)
    except Unavailable:
        return None
