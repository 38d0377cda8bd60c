"""Headers that every answer carries: nothing from elsewhere runs here, nobody frames us, nothing private is cached."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_DEFAULT_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


_CAMERA_HEADERS = {"Permissions-Policy": "camera=(self), microphone=(self), geolocation=()"}
"""Only the enrolment pages may ask the browser for a camera."""


class SecurityHeadersMiddleware:
    """Adds them. Only /static may be cached: everything else is personal."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, sending)


def _add(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in (_DEFAULT_HEADERS | (_CAMERA_HEADERS if scope["path"].startswith("/enrol/") else {})).items():
        headers[name] = value
    if scope["path"].startswith("/verify"):  # pictures of a file's history, which are nowhere but in the answer
        headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY.replace("img-src 'self'", "img-src 'self' data:")
    static = scope["path"].startswith("/static/")
    headers["Cache-Control"] = "no-cache" if static else "no-store"
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"
