"""Fetches a file from an address that a stranger gave: from public machines only, bounded in size and in time.

The name is resolved once, every address it has must be public, and the connection goes to the very address that was
checked: a name that answers differently the next time (DNS rebinding) leads nowhere. Redirects are followed by hand,
and each is checked like the first. No proxy of the environment is used, no cookie kept, no password sent.
The time limit is one for the whole of it: looking up names, connecting, headers, redirects and bodies.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import anyio
import httpx
from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from core.errors import BadInput

_PORTS = {"http": 80, "https": 443}
_IPV4_IN_IPV6_NETWORKS = tuple(
    ipaddress.ip_network(one)
    for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
)  # an IPv6 address of these holds an IPv4 one, or is local
_REDIRECTS = (301, 302, 303, 307, 308)
_STEP_SECONDS = 10.0
"""Seconds for one step of a visit: to connect, or for the next bytes."""
_MAX_LOOKUPS = 16
"""Names that are looked up at the same time: a resolver that does not answer holds a thread for a while."""

_limiter: RunVar[CapacityLimiter] = RunVar("assay_name_lookups")


def _lookups() -> CapacityLimiter:
    """Of this event loop: apart from the threads that requests need."""
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_MAX_LOOKUPS)
        _limiter.set(limiter)
        return limiter


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Every address of a name by the system's resolver; none for a name without one."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))


def is_public_address(address: str) -> bool:
    """Whether an address is of the public internet: no private, local, shared, reserved or tunnelled one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public_address(str(parsed.ipv4_mapped))
        if any(parsed in network for network in _IPV4_IN_IPV6_NETWORKS):
            return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedAddress:
    """A checked machine: the address with its number in place of its name, and what httpx needs to use it so."""

    url: httpx.URL
    headers: dict[str, str]
    extensions: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeFetcher:
    """How a file is fetched: at most so many bytes, in at most so many seconds, over at most so many redirects."""

    max_bytes: int
    seconds: float = 60.0
    redirects: int = 3
    resolve: Callable[[str, int], Sequence[str]] = resolve_host
    allowed: Callable[[str], bool] = is_public_address
    ports: frozenset[int] = frozenset(_PORTS.values())

    def fetch(self, url: str, to: Path) -> str:
        """As fetch_async, for callers in a thread without an event loop."""
        return anyio.run(self.fetch_async, url, to)

    async def fetch_async(self, url: str, to: Path) -> str:
        """Write the file at this address to `to`; returns its name by the address. Raises BadInput with the reason.

        Whoever cancels it closes the connection at once.
        """
        try:
            with anyio.fail_after(self.seconds):
                for _ in range(self.redirects + 1):
                    onward = await self._visit(url, to)
                    if not onward:
                        return Path(urlsplit(url).path).name[:200] or "file"
                    url = urljoin(url, onward)
        except TimeoutError:
            raise BadInput(f"this file takes more than {self.seconds:g} s to fetch") from None
        raise BadInput("this address leads from one redirect to the next")

    def pin(self, url: str) -> PinnedAddress:
        """The very machine that this address leads to now. Raises BadInput for one that nothing is sent to."""
        scheme, host, port = self._parts(url)
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            raise BadInput("this is no address of a web server") from None
        return PinnedAddress(
            url=parsed.copy_with(host=self._address(host, port), fragment=None),
            headers={"Host": parsed.netloc.decode()},
            extensions={"sni_hostname": host} if scheme == "https" else {},
        )

    async def _visit(self, url: str, to: Path) -> str:
        """Where it redirects to, or nothing once the file is written."""
        pinned = await to_thread.run_sync(self.pin, url, limiter=_lookups(), abandon_on_cancel=True)
        head = pinned.headers | {"Accept": "*/*", "Accept-Encoding": "identity"}
        try:
            async with (
                httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=_STEP_SECONDS) as client,
                client.stream("GET", pinned.url, headers=head, extensions=pinned.extensions) as answer,
            ):
                return await self._save_response(answer, to)
        except httpx.HTTPError as error:
            raise BadInput(f"nothing could be fetched from there ({type(error).__name__})") from None

    async def _save_response(self, answer: httpx.Response, to: Path) -> str:
        if answer.status_code in _REDIRECTS and (onward := answer.headers.get("location")):
            return str(onward)
        if answer.status_code != 200:
            raise BadInput(f"there is no file at this address (HTTP {answer.status_code})")
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise BadInput("this server sends files packed, which are not unpacked here")
        written = 0
        with to.open("wb") as file:
            async for chunk in answer.aiter_raw(1 << 16):
                written += file.write(chunk)
                if written > self.max_bytes:
                    raise BadInput(f"this file is larger than the {self.max_bytes >> 20} MB that are accepted here")
        return ""

    def _parts(self, url: str) -> tuple[str, str, int]:
        try:
            parts = urlsplit(url)
            scheme, host = parts.scheme.lower(), parts.hostname or ""
            port = parts.port or _PORTS.get(scheme, 0)
        except ValueError:
            raise BadInput("this is no address of a web server") from None
        if scheme not in _PORTS or not host or len(url) > 2048 or not url.isprintable():
            raise BadInput("an address begins with https:// or http://, and has at most 2048 characters")
        if parts.username or parts.password:
            raise BadInput("an address with a password in it is not fetched")
        if port not in self.ports:
            raise BadInput("only the usual ports of web servers are fetched from")
        return scheme, host, port

    def _address(self, host: str, port: int) -> str:
        addresses = self.resolve(host, port)
        if not addresses or not all(self.allowed(address) for address in addresses):
            raise BadInput("this address is not of a public web server")
        return addresses[0]
