"""What rules did lately: how often each fired, day by day, and what people ruled about what it held."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from core.verdicts import Decision
from pipeline.ledgers.database import Database

_FINAL_AFTER = timedelta(hours=1)
"""A day's verdicts are all there so long after its end: an event's time is taken before its transaction ends."""

_CACHE_SECONDS = 60.0
"""The list of all rules counts the verdicts of today: at most once in so long."""

_COUNT = """
SELECT rule, count(*) FILTER (WHERE NOT shadow) AS hits, count(*) FILTER (WHERE shadow) AS shadow
FROM rule_firings WHERE at >= %(start)s AND at < %(end)s AND (%(rule)s = '' OR rule = %(rule)s) GROUP BY rule
"""
_KEEP_DAY = f"""
INSERT INTO rule_days (day, rule, hits, shadow)
SELECT %(day)s, rule, hits, shadow FROM ({_COUNT}) AS counted ON CONFLICT DO NOTHING
"""  # noqa: S608 - a query of ours
_SUMS = "SELECT rule, sum(hits)::bigint, sum(shadow)::bigint FROM rule_days WHERE day >= %s AND day < %s GROUP BY rule"
_DAYS = "SELECT day, hits, shadow FROM rule_days WHERE rule = %s AND day >= %s AND day < %s ORDER BY day"
_RULED = """
SELECT count(*) FILTER (WHERE decision > 0), count(*) FILTER (WHERE decision = 0) FROM (
    SELECT DISTINCT ON (case_id) decision FROM rule_rulings WHERE rule = %s AND at >= %s ORDER BY case_id, revision DESC
) AS latest
"""
_EXAMPLES = """
SELECT case_id, at, decision, shadow FROM rule_firings WHERE rule = %s AND at >= %s AND at < %s
ORDER BY at DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCounts:
    """How many verdicts a rule fired in, and in how many it would have, were it in force."""

    hits: int = 0
    shadow: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDay:
    """The counts of one day, in UTC."""

    day: date
    hits: int
    shadow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFiring:
    """A verdict in which a rule fired, or in `shadow` would have."""

    case_id: str
    at: datetime
    decision: Decision
    shadow: bool


class RuleActivity(Protocol):
    """What rules did."""

    def counts(self, since: datetime) -> Mapping[str, RuleCounts]:
        """How often each rule fired since the beginning of that day in UTC, by name; up to a minute old."""

    def by_day(self, rule: str, since: datetime) -> Sequence[RuleDay]:
        """The days on which a rule fired, in order."""

    def ruled(self, rule: str, since: datetime) -> tuple[int, int]:
        """Of the cases in which a person ruled about it: how many they refused, and how many they allowed.

        The last ruling about each case counts.
        """

    def examples(self, rule: str, since: datetime, limit: int) -> Sequence[RuleFiring]:
        """The latest verdicts in which it fired, the newest first."""


class PostgresRuleActivity:
    """RuleActivity over Postgres."""

    def __init__(self, database: Database) -> None:
        """The views are there: the migrations made them."""
        self._database = database
        self._cached: tuple[float, date, Mapping[str, RuleCounts]] | None = None

    def counts(self, since: datetime) -> Mapping[str, RuleCounts]:
        """As RuleActivity.counts."""
        now, first = time.monotonic(), _day_of(since)
        if self._cached and self._cached[1] == first and now - self._cached[0] < _CACHE_SECONDS:
            return self._cached[2]
        live = self._count_days_over(first)
        with self._database.connection() as connection:
            rows = connection.execute(_SUMS, [first, live]).fetchall()
            rows += connection.execute(_COUNT, {**_span(live, _after_today()), "rule": ""}).fetchall()
        counted: dict[str, RuleCounts] = {}
        for rule, hits, shadow in rows:
            before = counted.get(rule, RuleCounts())
            counted[rule] = RuleCounts(hits=before.hits + hits, shadow=before.shadow + shadow)
        self._cached = (now, first, counted)
        return counted

    def by_day(self, rule: str, since: datetime) -> Sequence[RuleDay]:
        """As RuleActivity.by_day."""
        live, rows = self._count_days_over(_day_of(since)), []
        with self._database.connection() as connection:
            rows = connection.execute(_DAYS, [rule, _day_of(since), live]).fetchall()
            for day in _days(max(live, _day_of(since)), _after_today()):
                found = connection.execute(_COUNT, {**_span(day, day + timedelta(days=1)), "rule": rule}).fetchall()
                rows += [(day, hits, shadow) for _, hits, shadow in found]
        return [RuleDay(day=day, hits=hits, shadow=shadow) for day, hits, shadow in rows]

    def ruled(self, rule: str, since: datetime) -> tuple[int, int]:
        """As RuleActivity.ruled."""
        with self._database.connection() as connection:
            row = connection.execute(_RULED, [rule, since]).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def examples(self, rule: str, since: datetime, limit: int) -> Sequence[RuleFiring]:
        """As RuleActivity.examples. Only days on which it fired are looked through."""
        rows: list[tuple[str, datetime, int, bool]] = []
        fired = [day.day for day in self.by_day(rule, since)]
        with self._database.connection() as connection:
            for day in reversed(fired):
                span = _span(day, day + timedelta(days=1))
                wanted = [rule, max(since, span["start"]), span["end"], limit - len(rows)]
                rows += connection.execute(_EXAMPLES, wanted).fetchall() if len(rows) < limit else []
        return [
            RuleFiring(case_id=case_id, at=at, decision=Decision(decision), shadow=shadow)
            for case_id, at, decision, shadow in rows
        ]

    def _count_days_over(self, first: date) -> date:
        """Count the days from `first` on that are over and were not counted yet; returns the first that is not over."""
        live = _day_of(datetime.now(UTC) - _FINAL_AFTER)
        with self._database.connection() as connection:
            counted = {
                row[0] for row in connection.execute("SELECT day FROM rule_days_counted WHERE day >= %s", [first])
            }
        for day in _days(first, live):
            if day not in counted:
                with self._database.connection() as connection:
                    connection.execute(_KEEP_DAY, {**_span(day, day + timedelta(days=1)), "day": day, "rule": ""})
                    connection.execute("INSERT INTO rule_days_counted VALUES (%s) ON CONFLICT DO NOTHING", [day])
        return live


def _day_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _after_today() -> date:
    return _day_of(datetime.now(UTC)) + timedelta(days=1)


def _days(first: date, end: date) -> Sequence[date]:
    return [first + timedelta(days=number) for number in range((end - first).days)]


def _span(first: date, end: date) -> dict[str, datetime]:
    start, stop = (datetime.combine(day, datetime.min.time(), UTC) for day in (first, end))
    return {"start": start, "end": stop}
