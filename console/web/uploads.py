"""Files that people send: bounded in size, number and time, and gone from disk before the answer is given."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from console.web.http_errors import TooLarge, TooSlow
from console.web.multipart import FormPart, MultipartForm, file_too_large
from console.web.rate_limits import ConcurrencyLimiter, client_of
from core.errors import BadInput

UPLOAD_TIMEOUT_SECONDS = 600.0  # seconds for one upload
MIN_UPLOAD_RATE = 4096
"""Bytes a second that a sender has to manage, on the average of a few seconds."""
_RATE_WINDOW_SECONDS = 10.0
_MAX_DRAIN_BYTES = 64 * 1024**2  # bytes of a refused upload that are read, so that the client gets the answer
_MAX_DRAIN_SECONDS = 5.0  # seconds for that
_OVERHEAD = 1024**2  # what fields and boundaries may add to the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A form with at most one file, or two, and what else was kept on disk.

    `name` is what the sender calls the file: shown to them, and used for nothing.
    """

    fields: tuple[tuple[str, str], ...]
    file: Path | None
    name: str
    folder: Path
    second: Path | None = None
    parts: tuple[FormPart, ...] = ()

    def field_values(self, *names: str) -> list[str]:
        """Every value of these fields that is not empty."""
        return [value for name, value in self.fields if name in names and value]

    def field(self, name: str) -> str:
        """The last value of a field, or nothing."""
        return next((value for key, value in reversed(self.fields) if key == name), "")


@asynccontextmanager
async def receive_form(
    request: Request,
    folder: Path,
    *,
    limit: int,
    field: str = "",
    second: str = "",
    on_disk: Callable[[str], bool] | None = None,
    seats: ConcurrencyLimiter | None = None,
) -> AsyncIterator[Upload]:
    """The form in this request, whose files are there only for as long as the context lasts.

    `second` names the field of another file, where two are taken; `on_disk` says which parts are kept on disk as they
    come, files or not; `limit` is in bytes, of all; `seats` bounds how many forms arrive at once.
    Raises TooLarge, TooSlow, TooMany, and BadInput for what is no form, is broken off or takes too long.
    """
    with seats.slot(client_of(request)) if seats else nullcontext():
        mine = await asyncio.to_thread(new_upload_folder, folder)
        try:
            kind = request.headers.get("content-type", "")
            form = MultipartForm(kind, mine, field=field, limit=limit, second=second, on_disk=on_disk)
            upload = await _read_form(request, mine, form, limit)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, mine, ignore_errors=True)
            raise
    try:
        yield upload
    finally:
        await asyncio.to_thread(shutil.rmtree, mine, ignore_errors=True)


def new_upload_folder(folder: Path) -> Path:
    """A folder of one's own, readable by nobody else, for files that are gone in a moment. The caller removes it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_stale_uploads(folder)
    return Path(tempfile.mkdtemp(prefix="upload-", dir=folder))


async def read_body(request: Request, limit: int) -> bytes:
    """The request's whole body. Raises TooLarge when it has more than `limit` bytes, TooSlow when they trickle."""
    whole, stream = bytearray(), paced(request.stream())
    async for chunk in stream:
        whole += chunk
        if len(whole) > limit:
            await drain(stream)
            raise TooLarge
    return bytes(whole)


async def _read_form(request: Request, folder: Path, form: MultipartForm, limit: int) -> Upload:
    stream = paced(request.stream())
    try:
        if int(request.headers.get("content-length") or 0) > limit + _OVERHEAD:
            raise file_too_large(limit)
        async with asyncio.timeout(UPLOAD_TIMEOUT_SECONDS):
            await form.read(stream)
    except (TooLarge, BadInput):
        await drain(stream)
        raise
    except TimeoutError:
        raise BadInput("the upload took too long") from None
    except ClientDisconnect:
        raise BadInput("the upload was broken off") from None
    return Upload(
        fields=tuple(form.fields),
        file=form.file,
        name=form.file_name,
        folder=folder,
        second=form.second,
        parts=tuple(form.parts),
    )


async def paced(
    stream: AsyncIterator[bytes], *, rate: int = MIN_UPLOAD_RATE, window: float = _RATE_WINDOW_SECONDS
) -> AsyncIterator[bytes]:
    """The same bytes. Raises TooSlow where the sender takes more than `window` seconds for `window * rate` bytes.

    Only waiting for the sender counts, and a body that ends sooner is never too slow.
    """
    waited, received = 0.0, 0
    while True:
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, window - waited)):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow from None
        waited, received = waited + time.monotonic() - began, received + len(chunk)
        if received >= rate * window:
            waited, received = 0.0, 0
        yield chunk


async def drain(stream: AsyncIterator[bytes]) -> None:
    """Take in a little more and drop it: a sender whose connection is cut never reads why."""
    received = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_MAX_DRAIN_SECONDS):
            async for chunk in stream:
                received += len(chunk)
                if received > _MAX_DRAIN_BYTES:
                    return


def _remove_stale_uploads(folder: Path) -> None:
    longest = time.time() - 2 * UPLOAD_TIMEOUT_SECONDS - 3600
    for old in folder.glob("upload-*"):
        with suppress(OSError):
            if old.stat().st_mtime < longest:
                shutil.rmtree(old, ignore_errors=True)
