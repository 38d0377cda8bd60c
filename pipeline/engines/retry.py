"""Asking again: how often, how long after, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
)

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
    """Up to `tries` tries (at least one) within `seconds`, with pauses doubling from `first_delay` seconds."""

    tries: int = 4
    seconds: float = 60.0
    first_delay: float = 0.25
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ValueError("an engine is asked at least once")

    def call(self, once: Callable[[], T]) -> T:
        """What `once` returns, asked again for as long as it raises RetryableError; in the end its cause is raised."""
        retrying = Retrying(
            retry=retry_if_exception_type(RetryableError),
            wait=self._pause,
            stop=stop_after_attempt(self.tries) | stop_before_delay(self.seconds),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(once)
        except RetryableError as last:
            raise last.cause from None

    def _pause(self, state: RetryCallState) -> float:
        """Doubling, or what the server asked for if that is longer."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.delay if isinstance(error, RetryableError) else 0.0
        return max(asked, wait_exponential(multiplier=self.first_delay)(state))


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
