"""A file that is the whole body of a request: bounded in size and in time, and gone when the context ends."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from console.web.http_errors import UnsupportedMediaType
from console.web.multipart import file_too_large
from console.web.rate_limits import ConcurrencyLimiter, client_of
from console.web.uploads import UPLOAD_TIMEOUT_SECONDS, drain, new_upload_folder, paced
from core.errors import BadInput

_MEDIA_TYPES = ("video/", "image/", "audio/", "application/mp4", "application/octet-stream")


@asynccontextmanager
async def receive_raw(
    request: Request, folder: Path, *, limit: int, seats: ConcurrencyLimiter | None = None
) -> AsyncIterator[Path]:
    """The body as a file. `seats` bounds how many arrive at once. Raises UnsupportedMediaType for another kind than
    media, TooLarge, TooSlow, TooMany, and BadInput for an empty one.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.startswith(_MEDIA_TYPES):
        raise UnsupportedMediaType("send a video, an image or a sound as the body, and say which in Content-Type")
    with seats.slot(client_of(request)) if seats else nullcontext():
        upload_folder = await asyncio.to_thread(new_upload_folder, folder)
        try:
            file = await _write_body(request, upload_folder / "asset", limit)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, upload_folder, ignore_errors=True)
            raise
    try:
        yield file
    finally:
        await asyncio.to_thread(shutil.rmtree, upload_folder, ignore_errors=True)


async def _write_body(request: Request, to: Path, limit: int) -> Path:
    stream, written = paced(request.stream()), 0
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_SECONDS):
            with to.open("wb") as file:
                async for chunk in stream:
                    written += len(chunk)
                    if written > limit:
                        await drain(stream)
                        raise file_too_large(limit)
                    await asyncio.to_thread(file.write, chunk)
    except TimeoutError:
        raise BadInput("the upload took too long") from None
    except ClientDisconnect:
        raise BadInput("the upload was broken off") from None
    if not written:
        raise BadInput("the body is empty: send a file")
    return to
