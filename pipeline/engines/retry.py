"""Asking again: how often, how long after, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from core.errors import Unavailable

T = TypeVar("T")


class OrderUnanswered(Unavailable):
    """An engine was sent an order and did not answer: it may have taken it, so no other may be asked."""


@dataclass(slots=True)
class RetryableError(Exception):
    """Worth asking again, `delay` seconds from now at the earliest; `cause` is raised when patience ends."""

    cause: Exception
    delay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Up to `tries` tries within `seconds`, with pauses doubling from `first_delay` seconds."""

    tries: int = 4
    seconds: float = 60.0
    first_delay: float = 0.25
    sleep: Callable[[float], None] = time.sleep

    def call(self, once: Callable[[], T]) -> T:
        """What `once` returns, asked again for as long as it raises Busy. Raises what it was busy because of."""
        end = time.monotonic() + self.seconds
        for turn in range(self.tries):
            try:
                return once()
            except RetryableError as busy:
                pause = max(busy.delay, self.first_delay * 2.0**turn)
                if turn + 1 == self.tries or time.monotonic() + pause > end:
                    raise busy.cause from None
                self.sleep(pause)
        raise Unavailable("the engine was asked no times: let it be tried at least once")


def retry_after_seconds(value: str | None) -> float:
    """Seconds that a Retry-After header asks to wait (RFC 9110, 10.2.3: a number or a date); 0 if it is neither."""
    if not value:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
