"""Held cases, and who reviews which: a case is one person's for ten minutes, so that no two open the same next one.

A lease keeps nobody from ruling: the revision that a ruling names does that. It says who is at work, and what the next
one is for everybody else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.case import Case

LEASE_TIME = timedelta(minutes=10)
SKIP_CODES = ("too_hard_to_view", "language", "needs_expert", "second_opinion", "know_the_person")
"""Why somebody leaves a case to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCase:
    """A held case in the queue. `since`: when it was held. `reviewer`: who has it open, or empty. `skipped`: whether
    the person who asks left it to others.
    """

    case: Case
    since: datetime
    reviewer: str = ""
    skipped: bool = False


class ReviewQueue(Protocol):
    """Held cases by how long they wait, with leases and skips. Times are the store's own."""

    def held(self, reviewer: str, *, rule: str = "", after: str = "", limit: int = 50) -> Sequence[HeldCase]:
        """Those held longest first, from behind the case `after` on; with `rule`, those that this rule holds."""

    def count(self, *, rule: str = "") -> int:
        """How many are held."""

    def by_rule(self) -> dict[str, int]:
        """How many held cases each rule has a part in, the commonest first."""

    def take(self, reviewer: str, case_id: str) -> str:
        """Who reviews the case now: this person, unless another does already. Prolongs a lease that is theirs."""

    def take_next(
        self, reviewer: str, *, rule: str = "", passing: Collection[str] = (), own: bool = False
    ) -> str | None:
        """The case held longest that nobody else reviews, and that this person neither skipped nor passes over nor (but
        for `own`) ordered; theirs from now on. None where there is no such case.
        """

    def release(self, reviewer: str, case_id: str) -> None:
        """End this person's lease, if there is one."""

    def skip(self, reviewer: str, case: Case, *, code: str) -> None:
        """Leave the case, as it is now, to others."""
