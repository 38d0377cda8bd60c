"""What anyone may ask, without an account: was this file made by AI; and does this server work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request

from console.refusals import NotOffered
from console.room import In, Room, address_of
from console.uploads import receive
from core.codec import dump
from core.errors import BadInput
from core.finding import Finding
from pipeline.fetching import Fetcher
from pipeline.pictures import Picture

public = APIRouter(tags=["public"])

_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "A video, an image or a sound."},
                    "url": {"type": "string", "description": "Instead of a file, where the installation allows it."},
                },
            }
        }
    },
}


@public.post(
    "/api/verify",
    summary="Was this file made by AI?",
    responses={200: {"model": Finding}},
    openapi_extra={"requestBody": _FORM},
)
async def verify(request: Request, room: In) -> Any:
    """The file is deleted before the answer is given; nothing of it is kept."""
    finding, _ = await found_in(request, room)
    return dump(finding)


@public.get("/healthz", summary="Is the server alive?")
def alive() -> dict[str, str]:
    """Says so."""
    return {"status": "alive"}


@public.get("/readyz", summary="Does the database answer?")
def ready(room: In) -> dict[str, str]:
    """503 where it does not."""
    room.desk.look_up("0" * 16)
    return {"status": "ready"}


async def found_in(
    request: Request, room: Room, beside: Callable[[Path, Finding], Sequence[Picture]] = lambda _file, _finding: ()
) -> tuple[Finding, Sequence[Picture]]:
    """What the verifier says of the file in this request, and what `beside` shows while the file is there.

    Raises BadMedia, BadInput, TooLarge and TooMany.
    """
    with room.seats.one(address_of(request)):
        async with receive(request, room.uploads, field="file", limit=room.upload_bytes) as upload:
            file, name = upload.file, PurePath(upload.name).name[:200]
            if (file is None or file.stat().st_size == 0) and (url := upload.one("url").strip()):
                file = upload.folder / "fetched"
                name = await to_thread.run_sync(_fetch, room, url, file, limiter=room.looking)
            if file is None or file.stat().st_size == 0:
                raise BadInput("choose a file: this one is empty or missing")
            finding = await to_thread.run_sync(room.desk.verify, file, limiter=room.looking)
            shown = await to_thread.run_sync(beside, file, finding, limiter=room.looking)
            return replace(finding, file=name or "file"), shown


def _fetch(room: Room, url: str, to: Path) -> str:
    """What the address calls it. Raises NotOffered where this installation fetches nothing, BadInput saying why."""
    if not room.house.settings.verify_urls:
        raise NotOffered("this installation fetches nothing from addresses: send the file itself")
    return Fetcher(max_bytes=room.upload_bytes).fetch(url, to)
