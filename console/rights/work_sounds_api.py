"""The API for example sounds of registered works: for the holder of a work, and for operators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from console.rights.holder_api import desk_of
from console.rights.work_images_api import WorkId
from console.web.auth import BearerUser
from console.web.context import ContextDep
from console.web.scans import ACCOUNT_BUDGET, scan_file
from console.web.uploads import receive_form
from core.codec import dump
from core.errors import BadInput, NotFound
from media.sound.listening_copy import LISTENING_TYPE
from pipeline.rights.work_sound_service import MAX_SOUND_BYTES

work_sounds_router = APIRouter(prefix="/api/works/{work_id}/sounds", tags=["works"])

SoundId = Annotated[str, Path(max_length=64, description="The id of an example sound.")]
_FILE_AND_NAME = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "name": {"type": "string", "maxLength": 100, "description": "What tells it from others."},
                    },
                }
            }
        },
    }
}


@work_sounds_router.get("", summary="The example sounds of a work")
def work_sounds(work_id: WorkId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """What they are called, and how many of their seconds are compared."""
    return {"work": work_id, "sounds": dump(tuple(desk_of(context).sounds.of_work(who, work_id)))}


@work_sounds_router.post("", summary="Add an example sound", openapi_extra=_FILE_AND_NAME)
async def add_work_sound(work_id: WorkId, request: Request, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """A form with `file`: a recording, or a clip with it, of 3 s to 10 minutes; and `name`, which tells it from others.

    Fingerprints of its seconds are kept, and a small copy to listen to. It is compared with in the very next video:
    the same recording is found, another performance is not. A work has at most 20 sounds.
    """
    sounds, limit = desk_of(context).sounds, min(MAX_SOUND_BYTES, context.max_upload_bytes)
    async with receive_form(request, context.upload_folder, field="file", limit=limit, seats=context.uploads) as upload:
        if (file := upload.file) is None:
            raise BadInput("send a recording or a clip, in the field 'file'")
        name = upload.field("name")
        added = await scan_file(request, context, lambda: sounds.add(who, work_id, file, name=name), ACCOUNT_BUDGET)
    return {"added": dump(added)}


@work_sounds_router.get("/{sound_id}", summary="An example sound, to listen to", response_class=Response)
def work_sound(work_id: WorkId, sound_id: SoundId, who: BearerUser, context: ContextDep) -> Response:
    """As an MP3 in mono, as clear as a telephone. Moderators may hear it too. NotFound for one that has no copy."""
    recording = desk_of(context).sounds.recording(who, work_id, sound_id)
    return Response(recording, media_type=LISTENING_TYPE, headers={"Cache-Control": "private, no-store"})


@work_sounds_router.delete("/{sound_id}", summary="Remove an example sound")
def remove_work_sound(work_id: WorkId, sound_id: SoundId, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """Raises NotFound where there is none."""
    if not desk_of(context).sounds.remove(who, work_id, sound_id):
        raise NotFound(f"this work has no sound {sound_id}")
    return {"removed": sound_id}
