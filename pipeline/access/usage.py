"""How much an account and its keys use, and what they may: videos a day, seconds of video a month, both in UTC.

An account's limits hold for all its keys together, so that nobody gets more by making more keys; a key may have
narrower ones. These counts survive a restart; requests a minute are counted in the memory of the web (console.web).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from core.errors import AssayError
from core.roles import NO_LIMITS, Principal, UsageLimits

ASSUMED_SECONDS = 4.0
"""What an order counts that does not say how long the video is to be: the default of OpenAI's Videos API."""


class InsufficientQuota(AssayError):
    """The quota is used up."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds until the next period begins
        self.worth_retrying = False


class Measure(StrEnum):
    """What is counted."""

    VIDEOS = "videos_per_day"
    SECONDS = "video_seconds_per_month"


_NAMES = {Measure.VIDEOS: "videos a day", Measure.SECONDS: "seconds of video a month"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """So much more of a measure for an account or a key in a period, if it stays within `most` (None: no limit)."""

    subject: str
    measure: Measure
    period: str
    amount: int
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureUsage:
    """What was used of a measure in this period, and when the next one begins. `limit` is None where there is none."""

    measure: Measure
    used: int
    limit: int | None
    resets: datetime


class UsageStore(Protocol):
    """Where counts are kept."""

    def charge(self, charges: Sequence[Charge]) -> Charge | None:
        """Count all of them, or none and return the first that does not fit."""

    def refund(self, charges: Sequence[Charge]) -> None:
        """Take them back. Nothing falls below 0."""

    def used(self, subject: str, measure: Measure, period: str) -> int:
        """How much was used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageMeter:
    """Counts what is ordered. `defaults` hold for accounts that have no limits of their own."""

    store: UsageStore
    defaults: UsageLimits = NO_LIMITS

    @contextmanager
    def charged(self, who: Principal, seconds: float | None) -> Iterator[None]:
        """Count a video for as long as the block does not raise. Raises InsufficientQuota, and then counts nothing.

        Who acts without a key is not counted. A process that dies within the block has counted the video.
        """
        charges = self._charges(who, ASSUMED_SECONDS if seconds is None else seconds)
        over = self.store.charge(charges) if charges else None
        if over is not None:
            raise _exceeded(over)
        try:
            yield
        except BaseException:
            self.store.refund(charges)
            raise

    def account_usage(self, account: str, limits: UsageLimits) -> Sequence[MeasureUsage]:
        """What all keys of an account have used."""
        return self._usage(f"account:{account}", limits, self.defaults)

    def key_usage(self, key: str, limits: UsageLimits) -> Sequence[MeasureUsage]:
        """What one key has used; its limit is None where it has none of its own."""
        return self._usage(f"key:{key}", limits, NO_LIMITS)

    def _charges(self, who: Principal, seconds: float) -> Sequence[Charge]:
        if not who.key:
            return ()
        now = datetime.now(UTC)
        amounts = {Measure.VIDEOS: 1, Measure.SECONDS: max(0, math.ceil(seconds))}
        subjects = (
            (f"account:{who.id}", who.account_limits, self.defaults),
            (f"key:{who.key}", who.key_limits, NO_LIMITS),
        )
        return tuple(
            Charge(
                subject=subject,
                measure=measure,
                period=_period(measure, now),
                amount=amount,
                most=limit_of(limits, defaults, measure),
            )
            for subject, limits, defaults in subjects
            for measure, amount in amounts.items()
        )

    def _usage(self, subject: str, limits: UsageLimits, defaults: UsageLimits) -> Sequence[MeasureUsage]:
        now = datetime.now(UTC)
        return tuple(
            MeasureUsage(
                measure=measure,
                used=self.store.used(subject, measure, _period(measure, now)),
                limit=limit_of(limits, defaults, measure),
                resets=_next_period(measure, now),
            )
            for measure in Measure
        )


def limit_of(limits: UsageLimits, defaults: UsageLimits, name: str) -> int | None:
    """The limit that holds, by the name of its field: one's own, else the default; None for no limit."""
    own: int | None = getattr(limits, name)
    default: int | None = getattr(defaults, name)
    return (own if own is not None else default) or None


def _period(measure: Measure, now: datetime) -> str:
    return now.strftime("%Y-%m-%d" if measure is Measure.VIDEOS else "%Y-%m")


def _next_period(measure: Measure, now: datetime) -> datetime:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if measure is Measure.VIDEOS:
        return today + timedelta(days=1)
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


def _exceeded(over: Charge) -> InsufficientQuota:
    now = datetime.now(UTC)
    resets = _next_period(over.measure, now)
    whose = "this key" if over.subject.startswith("key:") else "your account"
    return InsufficientQuota(
        f"{whose} may have {over.most} {_NAMES[over.measure]}, and this would be more;"
        f" counted anew from {resets:%Y-%m-%d} 00:00 UTC",
        retry_after=(resets - now).total_seconds(),
    )
