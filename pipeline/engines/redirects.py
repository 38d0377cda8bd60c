"""Where an engine may send Assay for a video: to its own origin, and to the hosts that the operator names.

Anywhere else could be an address inside the operator's network that the engine wants to have read.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

import httpx

from core.errors import BadInput, RenderFailed

log = logging.getLogger("assay.engine")

MAX_REDIRECTS = 5
_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_redirect_hosts(listed: str) -> frozenset[str]:
    """Hosts as `host` or `host:port`, separated by commas. Raises BadInput for what is no host."""
    hosts = frozenset(host.strip().lower() for host in listed.split(",") if host.strip())
    for host in hosts:
        name, _, port = host.partition(":")
        if not name or "/" in host or "@" in host or not (port.isdecimal() or not port):
            raise BadInput(f"engine_redirect_hosts: {host[:80]!r} is not a host, as cdn.example or cdn.example:8443")
    return hosts


def redirect_target(response: httpx.Response, allowed: Collection[str]) -> httpx.URL:
    """The address that a redirect leads to. Raises RenderFailed for one that may not be followed."""
    try:
        target = response.url.join(response.headers.get("location", ""))
    except (httpx.InvalidURL, ValueError):
        raise RenderFailed("engine_error", "the engine sent us to something that is not an address") from None
    if is_same_origin(target, response.url) or _is_allowed(target, response.url, allowed):
        return target
    log.warning("an engine sent us to %r, which engine_redirect_hosts does not name", target.host[:200])
    raise RenderFailed("engine_error", "the engine sent us to an address from which no video may be fetched")


def is_fetchable(target: httpx.URL, engine: httpx.URL, allowed: Collection[str]) -> bool:
    """Whether an address that an engine names is its own, or one of these hosts."""
    return is_same_origin(target, engine) or _is_allowed(target, engine, allowed)


def is_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Whether scheme, host and port are the same."""
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))


def _is_allowed(target: httpx.URL, source: httpx.URL, allowed: Collection[str]) -> bool:
    if target.scheme not in _DEFAULT_PORTS or target.userinfo:
        return False
    if source.scheme == "https" and target.scheme != "https":
        return False
    at_default_port = _port(target) == _DEFAULT_PORTS[target.scheme]
    return f"{target.host}:{_port(target)}" in allowed or (at_default_port and target.host in allowed)


def _port(url: httpx.URL) -> int | None:
    return url.port or _DEFAULT_PORTS.get(url.scheme)
