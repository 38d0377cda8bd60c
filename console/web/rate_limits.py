"""Counts by address and by range of addresses, bounded in number and in time, so that neither guessing nor flooding
pays.

Who has one address often has its neighbours too: a range (the /24 of an IPv4 address, the /48 of an IPv6 one) may do a
few times what one address may, and no more.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from starlette.requests import Request

from console.web.http_errors import TooMany

_MAX_ADDRESSES = 10_000  # some 12 MiB, and a flood of a million addresses adds nothing to it

RANGE_FACTOR = 8
"""How many times as much as one address a whole range of addresses may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCount:
    """What somebody did in their window, and how many seconds of it are left."""

    number: int
    seconds_left: float


class WindowCounts:
    """What each of many did in a window of so many seconds, which begins with the first of it. Safe between threads.

    Beyond `max_known` of them the longest unseen is forgotten.
    """

    def __init__(self, window: float, max_known: int, clock: Callable[[], float]) -> None:
        self._window, self._known, self._clock = window, max_known, clock
        self._counts: OrderedDict[str, tuple[int, float]] = (
            OrderedDict()
        )  # number and beginning, the longest unseen first
        self._lock = Lock()

    def add(self, key: str, number: int) -> WindowCount:
        """The window of this one, with `number` more."""
        with self._lock:
            now = self._clock()
            count, since = self._at(key, now)
            self._counts[key] = count + number, since
            self._counts.move_to_end(key)
            while len(self._counts) > self._known:
                self._counts.popitem(last=False)
        return WindowCount(number=count + number, seconds_left=since + self._window - now)

    def of(self, key: str) -> int:
        """What this one did in the window so far."""
        with self._lock:
            return self._at(key, self._clock())[0]

    def _at(self, key: str, now: float) -> tuple[int, float]:
        count, since = self._counts.get(key, (0, now))
        return (count, since) if now - since < self._window else (0, now)


class RateLimiter:
    """At most `max_requests` requests in `window` seconds an address, and eight times as many a range of addresses;
    beyond `max_addresses` addresses the oldest is forgotten.
    """

    def __init__(
        self,
        *,
        max_requests: int = 120,
        window: float = 60.0,
        max_addresses: int = _MAX_ADDRESSES,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._counts = max_requests, WindowCounts(window, max_addresses, clock)
        self._ranges = WindowCounts(window, max_addresses, clock)

    def consume(self, address: str, *, cost: int = 1) -> None:
        """Count a request. Raises TooMany for an address, or a range, that asks too often."""
        own = self._counts.add(client_network(address), cost).number > self._most
        if own or self._ranges.add(client_range(address), cost).number > RANGE_FACTOR * self._most:
            raise TooMany("You ask faster than is allowed here: wait a minute.")


class FailureLimiter:
    """At most `max_failures` failures in `window` seconds an address, and eight times as many a range of addresses.
    Beyond `max_addresses` addresses the oldest is forgotten.
    """

    def __init__(
        self,
        *,
        max_failures: int = 10,
        window: float = 900.0,
        max_addresses: int = _MAX_ADDRESSES,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._counts = max_failures, WindowCounts(window, max_addresses, clock)
        self._ranges = WindowCounts(window, max_addresses, clock)

    def check(self, address: str) -> None:
        """Raises TooMany for an address, or a range, that has failed too often."""
        own = self._counts.of(client_network(address)) >= self._most
        if own or self._ranges.of(client_range(address)) >= RANGE_FACTOR * self._most:
            raise TooMany

    def record_failure(self, address: str) -> None:
        """Count a failure."""
        self._counts.add(client_network(address), 1)
        self._ranges.add(client_range(address), 1)


class ConcurrencyLimiter:
    """How many may be served at once: `total` in all, `per_address` for one address, `per_range` for one range."""

    def __init__(self, *, total: int = 16, per_address: int = 4, per_range: int = 8) -> None:
        self._total, self._each, self._range = total, per_address, per_range
        self._in_use: dict[str, int] = {}
        self._lock = Lock()

    @contextmanager
    def slot(self, address: str) -> Iterator[None]:
        """A seat for as long as the context lasts. Raises TooMany when none is free."""
        key, neighbours = client_network(address), client_range(address)
        with self._lock:
            near = sum(number for other, number in self._in_use.items() if client_range(other) == neighbours)
            own = self._in_use.get(key, 0)
            if sum(self._in_use.values()) >= self._total or own >= self._each or near >= self._range:
                raise TooMany("Many files are being looked at just now: try again in a minute.")
            self._in_use[key] = own + 1
        try:
            yield
        finally:
            with self._lock:
                self._in_use[key] -= 1
                if not self._in_use[key]:
                    del self._in_use[key]


def client_of(request: Request) -> str:
    """Where a request comes from, as far as the server knows."""
    return request.client.host if request.client else "unknown"


def client_network(address: str) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 of an IPv6 one, which is what a household is given."""
    return _network(address, 32, 64)


def client_range(address: str) -> str:
    """What counts as one range of visitors: the /24 of an IPv4 address, or the /48 of an IPv6 one, which is what an
    organisation is given. Takes what `client_network` gives, too.
    """
    return _network(address, 24, 48)


def _network(address: str, bits_v4: int, bits_v6: int) -> str:
    try:
        parsed = ipaddress.ip_interface(address).ip
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed) if bits_v4 == 32 else str(ipaddress.ip_network((parsed, bits_v4), strict=False))
    return str(ipaddress.ip_network((parsed, bits_v6), strict=False))
