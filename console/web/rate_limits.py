"""Counts by address, bounded in number and in time, so that neither guessing nor flooding pays."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from console.web.http_errors import TooMany

_MAX_ADDRESSES = 10_000  # some 12 MiB, and a flood of a million addresses adds nothing to it


class RateLimiter:
    """At most `max_requests` requests in `window` seconds an address; beyond `max_addresses` addresses the oldest is
    forgotten.
    """

    def __init__(
        self,
        *,
        max_requests: int = 120,
        window: float = 60.0,
        max_addresses: int = _MAX_ADDRESSES,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._counts = max_requests, _WindowCounts(window, max_addresses, clock)

    def consume(self, address: str, *, cost: int = 1) -> None:
        """Count a request. Raises TooMany for an address that asks too often."""
        if self._counts.add(address, cost) > self._most:
            raise TooMany("You ask faster than is allowed here: wait a minute.")


class FailureLimiter:
    """At most `max_failures` failures in `window` seconds an address. Beyond `max_addresses` addresses the oldest is
    forgotten.
    """

    def __init__(
        self,
        *,
        max_failures: int = 10,
        window: float = 900.0,
        max_addresses: int = _MAX_ADDRESSES,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._counts = max_failures, _WindowCounts(window, max_addresses, clock)

    def check(self, address: str) -> None:
        """Raises TooMany for an address that has failed too often."""
        if self._counts.of(address) >= self._most:
            raise TooMany

    def record_failure(self, address: str) -> None:
        """Count a failure."""
        self._counts.add(address, 1)


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


class _WindowCounts:
    """What each visitor did in a window of so many seconds, which begins with the first of it. Safe between threads."""

    def __init__(self, window: float, max_addresses: int, clock: Callable[[], float]) -> None:
        self._window, self._known, self._clock = window, max_addresses, clock
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()  # the longest unseen first
        self._lock = Lock()

    def add(self, address: str, number: int) -> int:
        """The count of this visitor's window, with `number` more."""
        key = client_network(address)
        with self._lock:
            count, since = self._now(key)
            self._counts[key] = count + number, since
            self._counts.move_to_end(key)
            while len(self._counts) > self._known:
                self._counts.popitem(last=False)
            return count + number

    def of(self, address: str) -> int:
        """The count of this visitor's window."""
        with self._lock:
            return self._now(client_network(address))[0]

    def _now(self, key: str) -> tuple[int, float]:
        now = self._clock()
        count, since = self._counts.get(key, (0, now))
        return (count, since) if now - since < self._window else (0, now)
