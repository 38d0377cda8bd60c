"""Bounds the body of every request that is not an upload; uploads bound themselves as they are read."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1024**2
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
)


class BodyLimitMiddleware:
    """Answers 413 to a body of more than a megabyte."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http" or scope["path"] in UPLOAD_PATHS:
            await self._app(scope, receive, send)
            return
        received = 0
        declared_length = int(Headers(scope=scope).get("content-length") or 0)

        async def receiving() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if max(received, declared_length) > MAX_BODY_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, receiving, send)
