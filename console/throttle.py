"""Counts by address, bounded in number and in time, so that neither guessing nor flooding pays."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from console.refusals import TooMany


class Throttle:
    """At most `most` failures in `window` seconds an address. Beyond `known` addresses the oldest is forgotten."""

    def __init__(
        self, *, most: int = 10, window: float = 900.0, known: int = 10_000, clock: Callable[[], float] = monotonic
    ) -> None:
        self._most, self._window, self._known, self._clock = most, window, known, clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = Lock()

    def check(self, address: str) -> None:
        """Raises TooMany for an address that has failed too often."""
        with self._lock:
            count, since = self._failures.get(network(address), (0, 0.0))
            if count >= self._most and self._clock() - since < self._window:
                raise TooMany

    def failed(self, address: str) -> None:
        """Count a failure."""
        key, now = network(address), self._clock()
        with self._lock:
            count, since = self._failures.pop(key, (0, now))
            self._failures[key] = (count + 1, since) if now - since < self._window else (1, now)
            while len(self._failures) > self._known:
                self._failures.popitem(last=False)


class Seats:
    """How many may be served at once: `total` in all, `each` for one address."""

    def __init__(self, *, total: int = 16, each: int = 4) -> None:
        self._total, self._each = total, each
        self._taken: dict[str, int] = {}
        self._lock = Lock()

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """A seat for as long as the context lasts. Raises TooMany when none is free."""
        key = network(address)
        with self._lock:
            if sum(self._taken.values()) >= self._total or self._taken.get(key, 0) >= self._each:
                raise TooMany("Many files are being looked at just now: try again in a minute.")
            self._taken[key] = self._taken.get(key, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[key] -= 1
                if not self._taken[key]:
                    del self._taken[key]


def network(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 of an IPv6 one, which is what a household is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))
