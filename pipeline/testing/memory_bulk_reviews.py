"""Bulk reviews and saved searches in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import RLock

from core.errors import BadInput
from pipeline.moderation.review_stores import MOST_SEARCHES, BulkReview

_RECENT = timedelta(minutes=10)


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryBulkReviews:
    """BulkReviews for one process. `clock` gives aware datetimes."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock, self._lock = clock, RLock()
        self._kept: dict[str, tuple[datetime, BulkReview]] = {}
        self._begun: set[str] = set()

    def add(self, asked: BulkReview, delay: timedelta) -> None:
        """As BulkReviews.add."""
        self._kept[asked.id] = self._clock(), replace(asked, due_at=self._clock() + delay)

    def undo(self, account: str, bulk_id: str) -> bool:
        """As BulkReviews.undo."""
        with self._lock:
            at, bulk = self._kept.get(bulk_id, (self._clock(), None))
            if bulk is None or bulk.account != account or bulk.state != "waiting" or bulk_id in self._begun:
                return False
            self._kept[bulk_id] = at, replace(bulk, state="undone")
            return True

    def recent(self, account: str) -> Sequence[BulkReview]:
        """As BulkReviews.recent."""
        since = self._clock() - _RECENT
        found = [bulk for at, bulk in self._kept.values() if bulk.account == account and at > since]
        return tuple(reversed(found))[:5]

    def claim(self, lease: timedelta) -> BulkReview | None:
        """As BulkReviews.claim."""
        with self._lock:
            for at, bulk in self._kept.values():
                if bulk.state == "waiting" and bulk.due_at is not None and bulk.due_at <= self._clock():
                    self._kept[bulk.id] = at, replace(bulk, due_at=self._clock() + lease)
                    self._begun.add(bulk.id)
                    return bulk
        return None

    def finish(self, bulk_id: str, outcome: Mapping[str, str]) -> None:
        """As BulkReviews.finish."""
        at, bulk = self._kept[bulk_id]
        self._kept[bulk_id] = at, replace(bulk, state="done", outcome=outcome)


class MemorySavedSearches:
    """SavedSearches for one process."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, str]] = {}

    def save(self, account: str, name: str, query: str) -> None:
        """As SavedSearches.save."""
        own = self._kept.setdefault(account, {})
        if name not in own and len(own) >= MOST_SEARCHES:
            raise BadInput(f"{MOST_SEARCHES} searches can be kept: delete one first")
        own[name] = query

    def delete(self, account: str, name: str) -> None:
        """As SavedSearches.delete."""
        self._kept.get(account, {}).pop(name, None)

    def of(self, account: str) -> Mapping[str, str]:
        """As SavedSearches.of."""
        return dict(sorted(self._kept.get(account, {}).items()))
