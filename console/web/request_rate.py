"""How often one visitor may ask: counted by address over a minute, and forgotten after it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

from console.web.http_errors import TooMany
from console.web.rate_limits import client_network


class RateLimiter:
    """At most `max_requests` questions in `window` seconds an address; beyond `max_addresses` addresses the oldest
    is forgotten.
    """

    def __init__(
        self,
        *,
        max_requests: int = 120,
        window: float = 60.0,
        max_addresses: int = 10_000,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most, self._window, self._known, self._clock = max_requests, window, max_addresses, clock
        self._asked: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = Lock()

    def consume(self, address: str, *, cost: int = 1) -> None:
        """Count a question. Raises TooMany for an address that asks too often."""
        key, now = client_network(address), self._clock()
        with self._lock:
            count, since = self._asked.pop(key, (0, now))
            if now - since >= self._window:
                count, since = 0, now
            self._asked[key] = (count + cost, since)
            while len(self._asked) > self._known:
                self._asked.popitem(last=False)
        if count + cost > self._most:
            raise TooMany("You ask faster than is allowed here: wait a minute.")
