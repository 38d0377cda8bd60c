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
# Pictures of a file's history, which are nowhere but in the answer; and the reader's own file, shown by their browser.
_VERIFIER_POLICY = _CONTENT_SECURITY_POLICY.replace("img-src 'self'", "img-src 'self' data: blob:").replace(
    "media-src 'self'", "media-src 'self' blob:"
)
_READER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
_BADGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors *"
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


SECRET_PATHS = ("/my-video/", "/claims/status/", "/api/claims/status/")
"""What stands behind these opens something to whoever has it: no log holds it, and no search engine lists it."""
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
    if scope["path"].startswith("/verify"):
        headers["Content-Security-Policy"] = _VERIFIER_POLICY
    if scope["path"] == "/static/credentials_worker.js":  # runs C2PA's reader, and has no page and no cookie to reach
        headers["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
        )
    if scope["path"].startswith("/verify/badge/"):
        _let_anyone_frame(headers)
    if scope["path"].startswith(SECRET_PATHS):  # whoever has the link may read it, and a search engine is nobody's
        headers["X-Robots-Tag"] = "noindex, nofollow"
    static = scope["path"].startswith("/static/")
    if scope["path"].startswith("/static/card-"):  # the pictures that previews of links show elsewhere
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    headers["Cache-Control"] = "no-cache" if static else "no-store"
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"


def _let_anyone_frame(headers: MutableHeaders) -> None:
    """For the badge alone: it has no form, no script and nothing of whoever looks at it."""
    headers["Content-Security-Policy"] = _BADGE_POLICY
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    del headers["X-Frame-Options"]
