"""Counts by address, bounded in number and in time, so that neither guessing nor flooding pays."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from console.web.http_errors import TooMany


class FailureLimiter:
    """At most `max_failures` failures in `window` seconds an address. Beyond `max_addresses` addresses the oldest is
    forgotten.
    """

    def __init__(
        self,
        *,
        max_failures: int = 10,
        window: float = 900.0,
        max_addresses: int = 10_000,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._window, self._known, self._clock = max_failures, window, max_addresses, clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = Lock()

    def check(self, address: str) -> None:
        """Raises TooMany for an address that has failed too often."""
        with self._lock:
            count, since = self._failures.get(client_network(address), (0, 0.0))
            if count >= self._most and self._clock() - since < self._window:
                raise TooMany

    def record_failure(self, address: str) -> None:
        """Count a failure."""
        key, now = client_network(address), self._clock()
        with self._lock:
            count, since = self._failures.pop(key, (0, now))
            self._failures[key] = (count + 1, since) if now - since < self._window else (1, now)
            while len(self._failures) > self._known:
                self._failures.popitem(last=False)


class ConcurrencyLimiter:
    """How many may be served at once: `total` in all, `per_address` for one address."""

    def __init__(self, *, total: int = 16, per_address: int = 4) -> None:
        self._total, self._each = total, per_address
        self._in_use: dict[str, int] = {}
        self._lock = Lock()

    @contextmanager
    def slot(self, address: str) -> Iterator[None]:
        """A seat for as long as the context lasts. Raises TooMany when none is free."""
        key = client_network(address)
        with self._lock:
            if sum(self._in_use.values()) >= self._total or self._in_use.get(key, 0) >= self._each:
                raise TooMany("Many files are being looked at just now: try again in a minute.")
            self._in_use[key] = self._in_use.get(key, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._in_use[key] -= 1
                if not self._in_use[key]:
                    del self._in_use[key]


def client_network(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 of an IPv6 one, which is what a household is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
