"""Serves a case's video in ranges. The service is asked for each range, so a withdrawn consent stops the next range."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from fastapi.responses import FileResponse, Response
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from console.web.conditional_requests import http_date, is_not_modified, usable_range
from console.web.context import RequestContext
from console.web.uploads import new_upload_folder
from core.assets import Asset
from core.case import Case
from core.errors import NotFound
from core.events import Rendered, Sealed
from core.ports import RecordedEvent
from core.roles import Principal
from pipeline.video_pictures import PICTURE_FORMATS, PictureVariant

_HEADERS_OF_304 = ("etag", "last-modified")


def video_response(context: RequestContext, who: Principal | None, case: Case) -> FileResponse:
    """The video, or the ranges of it that were asked for. Raises NotFound. The copy made for this is removed after."""
    folder = new_upload_folder(context.upload_folder)
    try:
        file = context.service.content(who, case.id, folder / f"{case.id}.mp4")
        made = case.sealed or case.rendered
        if made is None:
            raise NotFound("there is no video to be had here")
        since = made_at(context.service.ledger.history(case.id), made.asset)
        return TemporaryFileResponse(file, media_type="video/mp4", digest=made.asset.digest, modified=since)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def picture_response(context: RequestContext, case: Case, variant: PictureVariant) -> FileResponse:
    """A sealed picture of a published video. Raises NotFound, BadMedia. The copy made for this is removed after."""
    folder = new_upload_folder(context.upload_folder)
    try:
        kept = context.service.picture(case.id, variant)
        file = Path(shutil.copy2(kept, folder / f"{case.id}-{variant.value}{kept.suffix}"))
        return TemporaryFileResponse(
            file,
            media_type=f"image/{PICTURE_FORMATS[variant]}",
            digest=hashlib.sha256(file.read_bytes()).hexdigest(),
            modified=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


class TemporaryFileResponse(FileResponse):
    """A file that lies alone in a folder, which goes when it was served, or could not be.

    Its bytes are known by digest, so a client may keep them, ask whether they are still the same, and put ranges
    from several answers together.
    """

    def __init__(self, file: Path, *, media_type: str, digest: str, modified: datetime) -> None:
        """`digest` is the SHA-256 of the bytes, `modified` when they came to be."""
        self._etag, self._modified, self._folder = f'"{digest}"', modified, file.parent
        super().__init__(
            file,
            media_type=media_type,
            filename=file.name,
            content_disposition_type="inline",
            headers={"ETag": self._etag, "Last-Modified": http_date(modified)},
            stat_result=file.stat(),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            asked = Headers(scope=scope)
            if is_not_modified(asked, self._etag, self._modified):
                kept = {name: self.headers[name] for name in _HEADERS_OF_304}
                await Response(status_code=304, headers=kept)(scope, receive, send)
                return
            wanted = None
            if scope["method"] == "GET" and self.stat_result is not None:
                wanted = usable_range(asked, self.stat_result.st_size, self._etag, self._modified)
            await super().__call__(_with_range(scope, wanted), receive, send)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def _with_range(scope: Scope, wanted: str | None) -> Scope:
    """The request with this Range and no If-Range, which has been weighed already."""
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in (b"range", b"if-range")]
    return {**scope, "headers": kept + ([(b"range", wanted.encode("latin-1"))] if wanted else [])}


def made_at(history: Sequence[RecordedEvent], made: Asset) -> datetime:
    """When a case's video came to be: when these very bytes were sealed, or else rendered."""
    kept = (e.at for e in reversed(history) if isinstance(e.event, Sealed | Rendered) and e.event.asset == made)
    return next(kept)
