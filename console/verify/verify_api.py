"""What anyone may ask, without an account: was this file made by AI; and does this server work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from fastapi import APIRouter, Request

from console.web.context import ContextDep, RequestContext
from console.web.http_errors import NotOffered
from console.web.scans import fetch_for_client, scan_file
from console.web.uploads import receive_form
from core.codec import dump
from core.errors import BadInput, BadMedia
from core.finding import Finding
from pipeline.safe_fetch import SafeFetcher
from pipeline.verification.history_thumbnails import HistoryThumbnail

verify_router = APIRouter(tags=["public"])

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


@verify_router.post(
    "/api/verify",
    summary="Was this file made by AI?",
    responses={200: {"model": Finding}},
    openapi_extra={"requestBody": _FORM},
)
async def verify_file(request: Request, context: ContextDep) -> Any:
    """The file is deleted before the answer is given; nothing of it is kept."""
    finding, _ = await verify_upload(request, context)
    return dump(finding)


@verify_router.get("/healthz", summary="Is the server alive?")
async def liveness() -> dict[str, str]:
    """Says so, from the event loop itself: the threads may all be at work."""
    return {"status": "alive"}


@verify_router.get("/readyz", summary="Does the database answer?")
def readiness(context: ContextDep) -> dict[str, str]:
    """503 where it does not."""
    context.service.look_up("0" * 16)
    return {"status": "ready"}


async def verify_upload(
    request: Request,
    context: RequestContext,
    make_pictures: Callable[[Path, Finding], Sequence[HistoryThumbnail]] = lambda _file, _finding: (),
) -> tuple[Finding, Sequence[HistoryThumbnail]]:
    """What the verifier says of the file in this request, and what `make_pictures` shows while the file is there.

    Raises BadMedia, BadInput, TooLarge, TooSlow and TooMany.
    """
    async with receive_form(
        request, context.upload_folder, field="file", limit=context.max_upload_bytes, seats=context.uploads
    ) as upload:
        file, name = upload.file, PurePath(upload.name).name[:200]
        if (file is None or file.stat().st_size == 0) and (url := upload.field("url").strip()):
            file = upload.folder / "fetched"
            name = await _fetch(request, context, url, file)
        if file is None or file.stat().st_size == 0:
            raise BadInput("choose a file: this one is empty or missing")
        finding, pictures = await scan_file(request, context, partial(_verified, context, file, name, make_pictures))
        return replace(finding, file=name or "file"), pictures


def _verified(
    context: RequestContext, file: Path, name: str, make_pictures: Callable[[Path, Finding], Sequence[HistoryThumbnail]]
) -> tuple[Finding, Sequence[HistoryThumbnail]]:
    finding = verify_received(context, file, name)
    return finding, make_pictures(file, finding)


def verify_received(context: RequestContext, file: Path, name: str) -> Finding:
    """The finding; what is said of a file that cannot be read names it as its sender does."""
    try:
        return context.service.verify(file)
    except BadMedia as error:
        message = str(error)
        if name and message.startswith(f"{file.name} "):
            message = name + message.removeprefix(file.name)
        raise BadMedia(message) from error


async def _fetch(request: Request, context: RequestContext, url: str, to: Path) -> str:
    """What the address calls it. Raises NotOffered where this installation fetches nothing, BadInput saying why."""
    if not context.installation.settings.verify_urls:
        raise NotOffered("this installation fetches nothing from addresses: send the file itself")
    return await fetch_for_client(request, context, SafeFetcher(max_bytes=context.max_upload_bytes), url, to)
