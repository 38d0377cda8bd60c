"""The video and a still picture of a use, for the owner of the likeness. They may be drafts that nobody else sees."""

from __future__ import annotations

import io
import shutil

from console.web.context import RequestContext
from console.web.uploads import new_upload_folder
from console.web.video_response import TemporaryFileResponse, made_at
from core.errors import NotFound
from core.roles import Principal
from media.sampling import sample_video

_PICTURE_WIDTH = 320
_QUALITY = 70


def owner_video(context: RequestContext, who: Principal, handle: str, case_id: str) -> TemporaryFileResponse:
    """The video, or the ranges of it that were asked for. Raises NotFound. The copy made for this is removed after."""
    folder = new_upload_folder(context.upload_folder)
    try:
        file = context.service.cameos.fetch_use(who, handle, case_id, folder / f"{case_id}.mp4")
        case = context.service.ledger.load(case_id)
        made = case.sealed or case.rendered
        if made is None:
            raise NotFound("there is no video yet")
        since = made_at(context.service.ledger.history(case_id), made.asset)
        return TemporaryFileResponse(file, media_type="video/mp4", digest=made.asset.digest, modified=since)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def owner_picture(context: RequestContext, who: Principal, handle: str, case_id: str) -> bytes:
    """A small picture from the middle of the video, as JPEG; decoded in the sandbox. Raises NotFound, BadMedia."""
    from PIL import Image

    folder = new_upload_folder(context.upload_folder)
    try:
        file = context.service.cameos.fetch_use(who, handle, case_id, folder / f"{case_id}.mp4")
        frames = sample_video(file, count=3, max_side=_PICTURE_WIDTH).frames
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    out = io.BytesIO()
    Image.fromarray(frames[len(frames) // 2].rgb).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
