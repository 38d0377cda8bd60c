"""Posts one message to an address that a platform gave: to public machines over https only, in a bounded time.

The name is resolved anew for each delivery, and the connection goes to the address that was checked. A redirect is a
failure, and the body of an answer is not read. Networks that the operator names may be reached as well, also by http.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import anyio
import httpx
from anyio import to_thread

from core.errors import BadInput
from pipeline.safe_fetch import PinnedAddress, SafeFetcher, resolve_host
from pipeline.webhooks.networks import Network
from pipeline.webhooks.signing import WebhookMessage

_PUBLIC_PORTS = frozenset({443, 8443})
_ANY_PORT = frozenset(range(1, 65536))


@dataclass(frozen=True, kw_only=True)
class PostResult:
    """What came of an attempt. `status` is None where there was no answer; `retry_after` is in seconds."""

    status: int | None = None
    error: str = ""
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, kw_only=True)
class WebhookClient:
    """`timeout` is in seconds, for everything from the look-up of the name to the head of the answer."""

    networks: tuple[Network, ...] = ()
    timeout: float = 15.0
    resolve: Callable[[str, int], Sequence[str]] = field(default=resolve_host)

    def check(self, url: str) -> PinnedAddress:
        """Where this address leads now. Raises BadInput, saying why nothing is sent there."""
        if self.networks:
            private = replace(self._guard, allowed=self._is_named, ports=_ANY_PORT)
            try:
                return private.pin(url)
            except BadInput:
                pass  # then it has to be a public one
        if not url.lower().startswith("https:"):
            raise BadInput("the address of a webhook begins with https://")
        return self._guard.pin(url)

    async def post(self, url: str, message: WebhookMessage) -> PostResult:
        """Send once. Never raises for what a receiver does."""
        try:
            with anyio.fail_after(self.timeout):
                pinned = await to_thread.run_sync(self.check, url, abandon_on_cancel=True)
                return await self._send(pinned, message)
        except TimeoutError:
            return PostResult(error=f"no answer within {self.timeout:g} s")
        except BadInput as error:
            return PostResult(error=str(error))
        except (httpx.HTTPError, ssl.SSLError, OSError) as error:
            return PostResult(error=f"the connection failed ({type(error).__name__})")

    async def _send(self, pinned: PinnedAddress, message: WebhookMessage) -> PostResult:
        async with (
            httpx.AsyncClient(
                trust_env=False, follow_redirects=False, timeout=self.timeout, verify=self._tls
            ) as client,
            client.stream(
                "POST",
                pinned.url,
                content=message.body,
                headers=message.headers | pinned.headers,
                extensions=pinned.extensions,
            ) as answer,
        ):
            status = answer.status_code
            if 300 <= status < 400:
                return PostResult(status=status, error=f"it answered {status}: redirects are not followed")
            error = "" if 200 <= status < 300 else f"it answered {status}"
            return PostResult(status=status, error=error, retry_after=_seconds(answer.headers.get("retry-after", "")))

    def _is_named(self, address: str) -> bool:
        parsed = ipaddress.ip_address(address.partition("%")[0])
        return any(parsed.version == network.version and parsed in network for network in self.networks)

    @cached_property
    def _guard(self) -> SafeFetcher:
        return SafeFetcher(max_bytes=0, resolve=self.resolve, ports=_PUBLIC_PORTS)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()


def _seconds(header: str) -> float | None:
    """A Retry-After that is a number of seconds; a date is passed over."""
    return float(header) if header.isdigit() and len(header) < 10 else None
