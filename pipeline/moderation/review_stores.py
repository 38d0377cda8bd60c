"""Where the desk keeps what is its own: the queue, what is done to many cases at once, and people's searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from pipeline.accounts import Accounts
from pipeline.moderation.review_queue import ReviewQueue

MOST_SEARCHES = 20
"""Searches that one person can keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkReview:
    """One thing to do to many cases. `cases`: the revision of each that was seen. `outcome`: why what was not done was
    not, by case; nothing for what was.
    """

    id: str
    account: str
    action: str
    code: str = ""
    to_whom: str = ""
    cases: Mapping[str, int]
    due_at: datetime | None = None
    state: str = "waiting"
    outcome: Mapping[str, str] = field(default_factory=dict)


class BulkReviews(Protocol):
    """Where they are kept. Times are the store's own."""

    def add(self, asked: BulkReview, delay: timedelta) -> None:
        """Keep it; it is due after so long."""

    def undo(self, account: str, bulk_id: str) -> bool:
        """Take back what waits; whether it still did."""

    def recent(self, account: str) -> Sequence[BulkReview]:
        """What this person asked for within the last ten minutes, the latest first."""

    def claim(self, lease: timedelta) -> BulkReview | None:
        """One that is due, and not due again for so long."""

    def finish(self, bulk_id: str, outcome: Mapping[str, str]) -> None:
        """It was carried out."""


class SavedSearches(Protocol):
    """Where they are kept."""

    def save(self, account: str, name: str, query: str) -> None:
        """Keep a search; one of the same name is replaced. Raises BadInput where there are too many."""

    def delete(self, account: str, name: str) -> None:
        """Keep it no longer."""

    def of(self, account: str) -> Mapping[str, str]:
        """This person's searches by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewStores:
    """All of them, with the accounts of moderators.

    `word_secret` gives what keys the words by which prompts are searched.
    """

    queue: ReviewQueue
    bulk: BulkReviews
    searches: SavedSearches
    accounts: Accounts
    word_secret: Callable[[], bytes]
