"""Compresses pages, scripts, sheets and JSON; never pictures, sound and video, which are compressed already.

Compressing a secret beside words that a stranger chose tells the secret by the length of the answer (BREACH). So what
is secret is not repeated: the token of forms is masked anew in each page (`Sessions.csrf_token`), pages that show keys,
codes and tokens are not compressed at all, and no other site can make a browser ask for a page as its owner (its
session cookie is SameSite=Strict, and programs show a Bearer token, which no page can send).
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_LEVEL = 5
"""Half the time of 9 for a page, and a few per cent larger."""

_SECRET_PATHS = ("/login", "/security", "/platform", "/api/keys", "/v1/webhook_endpoints")
_BINARY = ("application/octet-stream", "application/cbor", "application/c2pa", "font/*", "multipart/*")


class CompressionMiddleware:
    """Compresses what whoever asks can read, where that is safe and worth it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(
            app, compresslevel=_LEVEL, exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *_BINARY)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        plain = scope["type"] != "http" or scope["path"].startswith(_SECRET_PATHS) or "range" in Headers(scope=scope)
        await (self._app if plain else self._compressed)(scope, receive, send)
