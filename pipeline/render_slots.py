"""How many renders may be under way at once, counted in the ledger, so that all processes count the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from core.case import Phase
from core.ports import Ledger

_COUNT_SECONDS = 0.25  # how long a count is good for: a thousand cases that wait do not ask a thousand times
_MIN_WAIT, _WAIT_EACH, _MAX_WAIT = 0.5, 0.01, 10.0
"""Seconds after which a case asks again: the more of them wait, the later."""


class LedgerRenderSlots:
    """At most so many cases in the phase `commissioned`. Other processes may exceed it by what they order right now."""

    def __init__(self, ledger: Ledger, most: int) -> None:
        """`most` is at least 1."""
        self._ledger = ledger
        self._most = most
        self._lock = Lock()
        self._ordering = 0
        self._rendering = self._waiting = 0
        self._counted_at = float("-inf")

    @contextmanager
    def reserve(self) -> Iterator[float]:
        """Zero where another render may begin, held until the context ends; else seconds after which to ask again."""
        seconds = self._take()
        try:
            yield seconds
        finally:
            if not seconds:
                self._give_back()

    def _take(self) -> float:
        with self._lock:
            if monotonic() - self._counted_at > _COUNT_SECONDS:
                self._rendering = self._ledger.count(Phase.COMMISSIONED)
                self._waiting = self._ledger.count(Phase.ADMITTED)
                self._counted_at = monotonic()
            if self._rendering + self._ordering < self._most:
                self._ordering += 1
                return 0.0
            return min(_MIN_WAIT + _WAIT_EACH * self._waiting, _MAX_WAIT)

    def _give_back(self) -> None:
        with self._lock:
            self._ordering -= 1
            self._rendering += 1  # until the next count: most orders are taken
