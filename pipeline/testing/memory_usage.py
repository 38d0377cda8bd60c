"""Counts of what accounts and keys use, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from pipeline.access.usage import Charge, Measure


class MemoryUsage:
    """Counts for as long as the process lives."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, Measure, str], int] = {}
        self._lock = Lock()

    def charge(self, charges: Sequence[Charge]) -> Charge | None:
        """See UsageStore."""
        with self._lock:
            for one in charges:
                if one.most is not None and self._used.get(_key(one), 0) + one.amount > one.most:
                    return one
            for one in charges:
                self._used[_key(one)] = self._used.get(_key(one), 0) + one.amount
        return None

    def refund(self, charges: Sequence[Charge]) -> None:
        """See UsageStore."""
        with self._lock:
            for one in charges:
                self._used[_key(one)] = max(0, self._used.get(_key(one), 0) - one.amount)

    def used(self, subject: str, measure: Measure, period: str) -> int:
        """See UsageStore."""
        return self._used.get((subject, measure, period), 0)


def _key(charge: Charge) -> tuple[str, Measure, str]:
    return charge.subject, charge.measure, charge.period
