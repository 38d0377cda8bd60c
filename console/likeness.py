"""The API that compares two files: do they show, or let hear, the same person?"""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request

from console.auth import Caller
from console.room import In, address_of
from console.uploads import receive
from core.codec import dump
from core.errors import BadInput

likeness = APIRouter(prefix="/api/likeness", tags=["likeness"])

_TWO_FILES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["a", "b"],
                    "properties": {name: {"type": "string", "format": "binary"} for name in "ab"},
                }
            }
        },
    }
}


@likeness.post("/compare", summary="The same person?", openapi_extra=_TWO_FILES)
async def compare(request: Request, who: Caller, room: In) -> dict[str, Any]:
    """A form with the files `a` and `b`: images, videos or sound. Neither they nor what was measured is kept.

    `score` is null where nobody can tell, `same` also where it is too close to call. For platforms and moderators.
    """
    with room.seats.one(address_of(request)):
        async with receive(request, room.uploads, field="a", second="b", limit=room.upload_bytes) as upload:
            if upload.file is None or upload.second is None:
                raise BadInput("send two files, in the fields 'a' and 'b'")
            found = await to_thread.run_sync(
                room.desk.likeness.pair, who, upload.file, upload.second, limiter=room.looking
            )
            return {"likeness": dump(found)}
