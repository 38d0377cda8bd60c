"""How long a case rests after a stage failed: one function, which every ledger applies as it stores the failure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from core.case import FAILURES_BEFORE_REVIEW, Case
from core.events import Event, StageFailed

FIRST_RETRY_DELAY = timedelta(seconds=30)
MAX_RETRY_DELAY = timedelta(hours=1)
MIN_DELAY_AFTER_REPEATED_FAILURE = timedelta(minutes=1)


def retry_delay(failures: int, first: timedelta = FIRST_RETRY_DELAY) -> timedelta:
    """How long a case rests after so many failures: doubling from `first`, an hour at most.

    Where a case goes on failing without a person being asked (a withdrawal is never given up), it
    rests a minute at least, whatever `first` is.
    """
    if failures == 0:
        return timedelta(0)
    grown = first * (1 << min(failures - 1, 12))
    least = MIN_DELAY_AFTER_REPEATED_FAILURE if failures >= FAILURES_BEFORE_REVIEW else timedelta(0)
    return min(max(grown, least), MAX_RETRY_DELAY)


def delay_after(case: Case, events: Sequence[Event], first: timedelta = FIRST_RETRY_DELAY) -> timedelta:
    """How long a case rests once these events have made it what it is: nothing, unless the last one is a failure."""
    return retry_delay(case.failures, first) if events and isinstance(events[-1], StageFailed) else timedelta(0)
