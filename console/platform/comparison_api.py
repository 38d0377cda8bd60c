"""The API that compares two files: do they show, or let hear, the same person?"""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request

from console.web.auth import BearerUser
from console.web.context import ContextDep
from console.web.scans import ACCOUNT_BUDGET, scan_file
from console.web.uploads import receive_form
from core.codec import dump
from core.errors import BadInput

comparison_router = APIRouter(prefix="/api/likeness", tags=["likeness"])

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


@comparison_router.post("/compare", summary="The same person?", openapi_extra=_TWO_FILES)
async def compare_files(request: Request, who: BearerUser, context: ContextDep) -> dict[str, object]:
    """A form with the files `a` and `b`: images, videos or sound. Neither they nor what was measured is kept.

    `score` is null where nobody can tell, `same` also where it is too close to call. For platforms and moderators.
    """
    async with receive_form(
        request, context.upload_folder, field="a", second="b", limit=context.max_upload_bytes, seats=context.uploads
    ) as upload:
        if upload.file is None or upload.second is None:
            raise BadInput("send two files, in the fields 'a' and 'b'")
        compare = partial(context.service.likeness.pair, who, upload.file, upload.second)
        return {"likeness": dump(await scan_file(request, context, compare, ACCOUNT_BUDGET))}
