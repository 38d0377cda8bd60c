"""Serves a case's video in ranges. The service is asked for each range, so a withdrawn consent stops the next range."""

from __future__ import annotations

import shutil
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from console.web.context import RequestContext
from console.web.uploads import new_upload_folder
from core.case import Case
from core.roles import Principal


def video_response(context: RequestContext, who: Principal | None, case: Case) -> FileResponse:
    """The video, or the ranges of it that were asked for. Raises NotFound. The copy made for this is removed after."""
    folder = new_upload_folder(context.upload_folder)
    try:
        file = context.service.content(who, case.id, folder / f"{case.id}.mp4")
        return _TemporaryFileResponse(file, case)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


class _TemporaryFileResponse(FileResponse):
    """A file whose folder goes when it was served, or could not be."""

    def __init__(self, file: Path, case: Case) -> None:
        # The bytes are known by digest, so a browser may put ranges from several answers together.
        made = case.sealed.asset if case.sealed else case.rendered.asset if case.rendered else None
        super().__init__(
            file,
            media_type="video/mp4",
            filename=f"{case.id}.mp4",
            content_disposition_type="inline",
            headers={"ETag": f'"{made.digest}"'} if made else None,
        )
        self._folder = file.parent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
