"""Files that people send: bounded in size, number and time, and gone from disk before the answer is given."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from console.multipart import Form, too_large
from console.refusals import TooLarge
from core.errors import BadInput

PATIENCE = 600.0  # seconds for one upload
_LINGER_BYTES, _LINGER = 64 * 1024**2, 5.0
_OVERHEAD = 1024**2  # what fields and boundaries may add to the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A form with at most one file, or two. `name` is what the sender calls it: shown to them, and used for nothing."""

    fields: tuple[tuple[str, str], ...]
    file: Path | None
    name: str
    folder: Path
    second: Path | None = None

    def all(self, *names: str) -> list[str]:
        """Every value of these fields that is not empty."""
        return [value for name, value in self.fields if name in names and value]

    def one(self, name: str) -> str:
        """The last value of a field, or nothing."""
        return next((value for key, value in reversed(self.fields) if key == name), "")


@asynccontextmanager
async def receive(request: Request, folder: Path, *, field: str, limit: int, second: str = "") -> AsyncIterator[Upload]:
    """The form in this request, whose files are there only for as long as the context lasts.

    `second` names the field of another file, where two are taken; `limit` is in bytes, of both.
    Raises TooLarge, and BadInput for what is no form, is broken off or takes too long.
    """
    mine = await asyncio.to_thread(new_folder, folder)
    try:
        yield await _received(request, mine, field, limit, second)
    finally:
        await asyncio.to_thread(shutil.rmtree, mine, ignore_errors=True)


def new_folder(folder: Path) -> Path:
    """A folder of one's own, readable by nobody else, for files that are gone in a moment. The caller removes it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_what_a_crash_left(folder)
    return Path(tempfile.mkdtemp(prefix="upload-", dir=folder))


async def body(request: Request, limit: int) -> bytes:
    """The request's whole body. Raises TooLarge when it has more than `limit` bytes."""
    whole, stream = bytearray(), request.stream()
    async for chunk in stream:
        whole += chunk
        if len(whole) > limit:
            await linger(stream)
            raise TooLarge
    return bytes(whole)


async def _received(request: Request, folder: Path, field: str, limit: int, second: str) -> Upload:
    form = Form(request.headers.get("content-type", ""), folder, field=field, limit=limit, second=second)
    stream = request.stream()
    try:
        if int(request.headers.get("content-length") or 0) > limit + _OVERHEAD:
            raise too_large(limit)
        async with asyncio.timeout(PATIENCE):
            await form.read(stream)
    except (TooLarge, BadInput):
        await linger(stream)
        raise
    except TimeoutError:
        raise BadInput("the upload took too long") from None
    except ClientDisconnect:
        raise BadInput("the upload was broken off") from None
    return Upload(fields=tuple(form.fields), file=form.file, name=form.file_name, folder=folder, second=form.second)


async def linger(stream: AsyncIterator[bytes]) -> None:
    """Take in a little more and drop it: a sender whose connection is cut never reads why."""
    taken = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_LINGER):
            async for chunk in stream:
                taken += len(chunk)
                if taken > _LINGER_BYTES:
                    return


def _remove_what_a_crash_left(folder: Path) -> None:
    longest = time.time() - 2 * PATIENCE - 3600
    for old in folder.glob("upload-*"):
        with suppress(OSError):
            if old.stat().st_mtime < longest:
                shutil.rmtree(old, ignore_errors=True)
