"""Business days as United States law counts them: neither weekends nor federal holidays (5 U.S.C. 6103)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

_EASTERN = timezone(timedelta(hours=-5))
"""Whose days are counted: standard time all year, so that in summer they begin an hour early."""

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def after_business_days(moment: datetime, days: int) -> datetime:
    """The same time of day, so many business days later: of the days of Washington, and not those of UTC."""
    later = moment
    while days:
        later += timedelta(days=1)
        days -= is_business_day(later.astimezone(_EASTERN).date())
    return later


def is_business_day(day: date) -> bool:
    """Whether it is neither on a weekend nor a federal holiday, or the day on which one is observed."""
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def _holidays(year: int) -> frozenset[date]:
    fixed = [date(year, *day) for day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))]
    fixed.append(date(year + 1, 1, 1))  # observed on the last day of this year where it is a Saturday
    moving = [
        _nth(year, 1, _MONDAY, 3),  # Martin Luther King
        _nth(year, 2, _MONDAY, 3),  # Washington
        _nth(year, 6, _MONDAY, 1) - timedelta(days=7),  # Memorial Day: the last Monday of May
        _nth(year, 9, _MONDAY, 1),  # Labor Day
        _nth(year, 10, _MONDAY, 2),  # Columbus
        _nth(year, 11, _THURSDAY, 4),  # Thanksgiving
    ]
    return frozenset([*map(_observed, fixed), *moving])


def _observed(day: date) -> date:
    moved = {_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=moved)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
