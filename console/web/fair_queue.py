"""Whose turn it is where few files are looked at at a time: those first who have had the least of it.

Who sends heavy files from a few ranges of addresses waits behind everybody else, and not the other way round.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

_HALF_LIFE_SECONDS = 300.0
"""After so long, what somebody has had counts half."""
_MAX_REMEMBERED = 10_000
"""Ranges whose use is remembered; of more, those who had least are forgotten."""


@dataclass(slots=True, eq=False)
class _Waiter:
    client: str
    number: int
    admitted: anyio.Event = field(default_factory=anyio.Event)


class FairQueue:
    """`places` at a time. Of those who wait, next is whose range of addresses holds the fewest places now, then who had
    the fewest seconds lately, then who came first. For one event loop.
    """

    def __init__(self, places: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._free, self._clock, self._arrivals = places, clock, 0
        self._waiting: list[_Waiter] = []
        self._held: dict[str, int] = {}
        self._used: dict[str, tuple[float, float]] = {}

    async def acquire(self, client: str) -> None:
        """Wait for a place. Whoever is cancelled meanwhile holds none."""
        self._arrivals += 1
        waiter = _Waiter(client, self._arrivals)
        self._waiting.append(waiter)
        self._admit()
        try:
            await waiter.admitted.wait()
        except BaseException:
            if waiter.admitted.is_set():
                self.release(client, 0.0)
            else:
                self._waiting.remove(waiter)
            raise

    def release(self, client: str, seconds: float) -> None:
        """Give the place back that was held for so long."""
        self._held[client] -= 1
        if not self._held[client]:
            del self._held[client]
        self._used[client] = (self._seconds_used(client) + seconds, self._clock())
        if len(self._used) > _MAX_REMEMBERED:
            del self._used[min(self._used, key=self._seconds_used)]
        self._free += 1
        self._admit()

    def _admit(self) -> None:
        while self._free and self._waiting:
            following = min(self._waiting, key=self._rank)
            self._waiting.remove(following)
            self._held[following.client] = self._held.get(following.client, 0) + 1
            self._free -= 1
            following.admitted.set()

    def _rank(self, waiter: _Waiter) -> tuple[int, float, int]:
        return self._held.get(waiter.client, 0), self._seconds_used(waiter.client), waiter.number

    def _seconds_used(self, client: str) -> float:
        seconds, when = self._used.get(client, (0.0, 0.0))
        return float(seconds * 0.5 ** ((self._clock() - when) / _HALF_LIFE_SECONDS))
