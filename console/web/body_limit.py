"""Bounds the body of every request that is not an upload, in size and time; uploads bound themselves."""

from __future__ import annotations

import asyncio
import re
import time

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1024**2
MAX_BODY_SECONDS = 30.0
UPLOAD_PATHS = (
    "/verify",
    "/api/verify",
    "/api/cameos/take",
    "/api/cameos/estates",
    "/enrol/take",
    "/enrol/estate",
    "/api/likeness/compare",
    "/v1/videos",
    "/v1/videos/sync",
    "/v1/videos/edits",
    "/v1/videos/extensions",
    "/v1/videos/characters",
    "/c2pa/matches/byContent",
    "/c2pa/manifests",
    "/claims/new",
    "/api/claims",
)
_UPLOAD_PATTERN = re.compile(
    r"/works/[^/]+/(pictures|sounds)|/api/works/[^/]+/(images|sounds)"  # of one work each
    r"|/claims/(status|own)/[^/]+/proof|/api/claims/(status/)?[^/]+/proof"  # of one claim each
)


class BodyLimitMiddleware:
    """Answers 413 to a body of more than a megabyte, 408 to one that takes more than half a minute."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or _is_upload(scope["path"]):
            await self._app(scope, receive, send)
            return
        received, arriving, deadline = 0, True, 0.0
        declared_length = int(Headers(scope=scope).get("content-length") or 0)

        async def receiving() -> Message:
            nonlocal received, arriving, deadline
            deadline = deadline or time.monotonic() + MAX_BODY_SECONDS
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic()) if arriving else None):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            arriving = arriving and message.get("more_body", False)
            received += len(message.get("body", b""))
            if max(received, declared_length) > MAX_BODY_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, receiving, send)


def _is_upload(path: str) -> bool:
    return path in UPLOAD_PATHS or _UPLOAD_PATTERN.fullmatch(path) is not None
