"""The API for example pictures of registered works: for the holder of a work, and for operators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from console.web.auth import BearerUser
from console.web.context import ContextDep
from console.web.scans import ACCOUNT_BUDGET, scan_file
from console.web.uploads import receive_form
from core.codec import dump
from core.errors import BadInput, NotFound
from pipeline.rights.work_image_service import MAX_EXAMPLE_BYTES, WorkImages, require_work_images

work_images_router = APIRouter(prefix="/api/works", tags=["works"])

WorkId = Annotated[str, Path(max_length=200, description="The id under which the work is registered.")]
ImageId = Annotated[str, Path(max_length=64, description="The id of an example picture.")]
_ONE_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@work_images_router.get("", summary="The works whose example pictures you may change")
def works(who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Yours; all of them for an operator."""
    return {"works": [asdict(work) for work in require_work_images(context.service.work_images).registered(who)]}


@work_images_router.get("/{work_id}/images", summary="The example pictures of a work")
def work_images(work_id: WorkId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Without the pictures. `strength` says how well the work is recognised by them, `advice` what is lacking."""
    return _answer(require_work_images(context.service.work_images).of_work(who, work_id))


@work_images_router.post("/{work_id}/images", summary="Add an example picture", openapi_extra=_ONE_FILE)
async def add_work_image(work_id: WorkId, request: Request, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """A form with `file`: a picture, or a clip of up to 30 s of which six pictures are kept.

    It is compared with in the very next video. A work has at most 60 pictures.
    """
    service = require_work_images(context.service.work_images)
    limit = min(MAX_EXAMPLE_BYTES, context.max_upload_bytes)
    async with receive_form(request, context.upload_folder, field="file", limit=limit, seats=context.uploads) as upload:
        if (file := upload.file) is None:
            raise BadInput("send a picture or a clip, in the field 'file'")
        added = await scan_file(request, context, lambda: service.add(who, work_id, file), ACCOUNT_BUDGET)
    found = await to_thread.run_sync(service.of_work, who, work_id)
    return {"added": dump(added), **_answer(found)}


@work_images_router.get("/{work_id}/images/{image_id}", summary="An example picture", response_class=Response)
def work_image(work_id: WorkId, image_id: ImageId, who: BearerUser, context: ContextDep) -> Response:
    """As a JPEG, at most 768 pixels long. Moderators may see it too."""
    picture = require_work_images(context.service.work_images).picture(who, work_id, image_id)
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@work_images_router.delete("/{work_id}/images/{image_id}", summary="Remove an example picture")
def remove_work_image(work_id: WorkId, image_id: ImageId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """The picture, and what is compared of it. Raises NotFound where there is none."""
    if not require_work_images(context.service.work_images).remove(who, work_id, image_id):
        raise NotFound(f"this work has no picture {image_id}")
    return {"removed": image_id}


def _answer(found: WorkImages) -> dict[str, object]:
    return {
        "work": found.work.id,
        "images": dump(found.images),
        "strength": dump(found.strength),
        "advice": found.advice,
    }
