"""Which names this server answers to, and the address that it states of itself: the Host header decides neither."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.access.public_address import accepted_hosts, host_of_address, is_loopback
from pipeline.settings import Settings

_MESSAGE = (
    "this server does not answer to this name: web_address says under which it is public, allowed_hosts which others"
    " it has (docs/reference/settings.md)"
)


class AllowedHostsMiddleware:
    """Answers 421 to a request for a name that is neither loopback's nor among those of the settings.

    Starlette's TrustedHostMiddleware takes `[::1]:8080` for the name `[`, and answers in plain text.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._accepted = app, accepted_hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and not self._is_accepted(Headers(scope=scope).getlist("host")):
            error: dict[str, object] = {"code": "misdirected_request", "message": _MESSAGE}
            if scope["path"].startswith("/v1/"):
                error |= {"type": "invalid_request_error", "param": None}
            await JSONResponse({"error": error}, status_code=421)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_accepted(self, hosts: list[str]) -> bool:
        if len(hosts) != 1:
            return False
        name = host_of_address(hosts[0])
        return bool(name) and (is_loopback(name) or name in self._accepted)


def stated_address(request: Request, settings: Settings) -> str:
    """The address of this server in what it says to others: the setting's; without one that of an accepted request."""
    return settings.web_address or str(request.base_url).rstrip("/")
