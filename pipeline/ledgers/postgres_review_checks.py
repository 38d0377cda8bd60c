"""Second reviews, golden items and checks over Postgres. Each method is one statement or two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from pipeline.ledgers.database import Database
from pipeline.moderation.quality.review_checks import (
    AnswerCount,
    CheckKind,
    Disagreement,
    GoldenAnswer,
    GoldenCount,
    GoldenItem,
    ReviewCheck,
    SecondReview,
)

_CHECK = (
    "k.id, k.kind, k.case_id, k.revision, k.reviewer, k.shown_since, k.dropped, k.decision, k.code, k.note, k.ruled"
)
_SECOND = "s.case_id, s.revision, s.rules, s.reviewer, s.decision, s.code"

_ANSWERED = "JOIN review_checks k ON k.kind = 'second' AND k.case_id = s.case_id AND k.revision = s.revision"


def _filled(statement: str) -> str:
    """The statement, with its columns and the join in their places."""
    return statement.replace("{check}", _CHECK).replace("{second}", _SECOND).replace("{answered}", _ANSWERED)


_ADD_SECOND = """
INSERT INTO second_reviews (case_id, revision, rules, reviewer, decision, code)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

_WAITING = _filled("""
SELECT {second} FROM second_reviews s
WHERE s.noted > clock_timestamp() - %(days)s AND NOT s.void AND s.reviewer <> %(reviewer)s
  AND NOT EXISTS (SELECT FROM review_checks k WHERE k.case_id = s.case_id AND k.revision = s.revision
                     AND ((k.kind = 'second' AND k.dropped = '') OR k.reviewer = %(reviewer)s))
ORDER BY s.noted LIMIT %(limit)s
""")

_DISAGREEMENTS = _filled("""
SELECT {second}, {check} FROM second_reviews s {answered} AND k.decision <> ''
WHERE s.differs AND s.settled = '' AND NOT s.void ORDER BY s.noted LIMIT %s
""")

_SETTLE = """
UPDATE second_reviews SET settled = %s, settled_by = %s
WHERE case_id = %s AND revision = %s AND settled = '' AND differs AND NOT void
"""

_ADD_GOLDEN = """
INSERT INTO golden_items (case_id, revision, rules, decision, reason, made_by)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""

_GOLDEN = """
SELECT g.case_id, g.revision, g.rules, g.decision, g.reason, g.made_by, g.made, g.retired,
       count(k.id) FILTER (WHERE k.decision <> ''), count(k.id) FILTER (WHERE k.decision = g.decision)
FROM golden_items g
LEFT JOIN review_checks k ON k.kind = 'golden' AND k.case_id = g.case_id AND k.revision = g.revision
WHERE {which} GROUP BY g.case_id, g.revision ORDER BY {order} LIMIT %(limit)s
"""

_ALL_GOLDEN = _GOLDEN.format(which="true", order="g.made DESC, g.case_id")
_UNSEEN_GOLDEN = _GOLDEN.format(
    which="""g.made > clock_timestamp() - %(days)s AND NOT g.retired AND g.made_by <> %(reviewer)s
  AND NOT EXISTS (SELECT FROM review_checks o WHERE o.case_id = g.case_id AND o.revision = g.revision
                     AND o.reviewer = %(reviewer)s)""",
    order="count(k.id), g.made, g.case_id",
)

_DROP_LEFT = """
UPDATE review_checks SET dropped = 'left'
WHERE reviewer = %s AND decision = '' AND dropped = '' AND dealt < clock_timestamp() - interval '1 day'
"""

_OPEN_CHECK = _filled(
    "SELECT {check} FROM review_checks k WHERE k.reviewer = %s AND k.decision = '' AND k.dropped = ''"
)
_CHECK_BY_ID = _filled("SELECT {check} FROM review_checks k WHERE k.id = %s")

_ASSIGN = """
INSERT INTO review_checks (id, kind, case_id, revision, reviewer, shown_since) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

_DECIDE = """
WITH decided AS (
    UPDATE review_checks SET decision = %s, code = %s, note = %s, ruled = clock_timestamp()
    WHERE id = %s AND decision = '' AND dropped = '' RETURNING kind, case_id, revision, decision
), compared AS (
    UPDATE second_reviews s SET differs = true FROM decided d
    WHERE d.kind = 'second' AND s.case_id = d.case_id AND s.revision = d.revision AND s.decision <> d.decision
)
SELECT FROM decided
"""

_TAKE_BACK = """
WITH back AS (
    UPDATE review_checks k SET decision = '', code = '', note = '', ruled = NULL
    WHERE k.id = %s AND k.decision <> '' AND k.dropped = ''
      AND NOT EXISTS (SELECT FROM second_reviews s WHERE k.kind = 'second' AND s.case_id = k.case_id
                         AND s.revision = k.revision AND s.settled <> '')
    RETURNING k.kind, k.case_id, k.revision
), alike AS (
    UPDATE second_reviews s SET differs = false FROM back b
    WHERE b.kind = 'second' AND s.case_id = b.case_id AND s.revision = b.revision
)
SELECT FROM back
"""

_PAIRS = _filled("""
SELECT s.reviewer, k.reviewer, s.decision, k.decision, s.settled, count(*)
FROM second_reviews s {answered} AND k.decision <> '' AND k.ruled > %s
GROUP BY s.reviewer, k.reviewer, s.decision, k.decision, s.settled ORDER BY 1, 2, 3, 4, 5
""")

_BY_RULE = _filled("""
WITH counted AS MATERIALIZED (
    SELECT s.rules, s.decision AS first, k.decision AS second, s.settled, count(*) AS n
    FROM second_reviews s {answered} AND k.decision <> '' AND k.ruled > %s
    GROUP BY s.rules, s.decision, k.decision, s.settled
)
SELECT rule, first, second, settled, sum(n)::bigint FROM counted CROSS JOIN LATERAL unnest(rules) AS rule
GROUP BY rule, first, second, settled ORDER BY 1, 2, 3, 4
""")

_GOLDEN_COUNTS = """
SELECT k.reviewer, count(*), count(*) FILTER (WHERE k.decision = g.decision)
FROM review_checks k JOIN golden_items g ON g.case_id = k.case_id AND g.revision = k.revision
WHERE k.kind = 'golden' AND k.decision <> '' AND k.ruled > %s GROUP BY k.reviewer ORDER BY k.reviewer
"""

_GOLDEN_ANSWERS = _filled("""
SELECT {check}, g.decision, g.reason
FROM review_checks k JOIN golden_items g ON g.case_id = k.case_id AND g.revision = k.revision
WHERE k.kind = 'golden' AND k.decision <> '' AND k.reviewer = %s ORDER BY k.ruled DESC LIMIT %s
""")


class PostgresReviewChecks:
    """ReviewChecks over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def add_second(self, review: SecondReview) -> None:
        """As ReviewChecks.add_second."""
        values = [review.case_id, review.revision, list(review.rules), review.reviewer, review.decision, review.code]
        self._do(_ADD_SECOND, values)

    def waiting_seconds(self, reviewer: str, *, days: int, limit: int) -> Sequence[SecondReview]:
        """As ReviewChecks.waiting_seconds."""
        wanted = {"reviewer": reviewer, "days": timedelta(days=days), "limit": limit}
        return tuple(_second(row) for row in self._rows(_WAITING, wanted))

    def void_second(self, case_id: str, revision: int) -> None:
        """As ReviewChecks.void_second."""
        self._do("UPDATE second_reviews SET void = true WHERE case_id = %s AND revision = %s", [case_id, revision])

    def disagreements(self, *, limit: int) -> Sequence[Disagreement]:
        """As ReviewChecks.disagreements."""
        rows = self._rows(_DISAGREEMENTS, [limit])
        return tuple(Disagreement(first=_second(row[:6]), second=_check(row[6:])) for row in rows)

    def settle(self, case_id: str, revision: int, *, by: str, decision: str) -> bool:
        """As ReviewChecks.settle."""
        return self._do(_SETTLE, [decision, by, case_id, revision]) == 1

    def add_golden(self, item: GoldenItem) -> bool:
        """As ReviewChecks.add_golden."""
        values = [item.case_id, item.revision, list(item.rules), item.decision, item.reason, item.made_by]
        return self._do(_ADD_GOLDEN, values) == 1

    def retire_golden(self, case_id: str, revision: int) -> bool:
        """As ReviewChecks.retire_golden."""
        statement = "UPDATE golden_items SET retired = true WHERE case_id = %s AND revision = %s"
        return self._do(statement, [case_id, revision]) == 1

    def golden_items(self, *, limit: int) -> Sequence[GoldenItem]:
        """As ReviewChecks.golden_items."""
        return tuple(_golden(row) for row in self._rows(_ALL_GOLDEN, {"limit": limit}))

    def unseen_golden(self, reviewer: str, *, days: int, limit: int) -> Sequence[GoldenItem]:
        """As ReviewChecks.unseen_golden."""
        wanted = {"reviewer": reviewer, "days": timedelta(days=days), "limit": limit}
        return tuple(_golden(row) for row in self._rows(_UNSEEN_GOLDEN, wanted))

    def open_check(self, reviewer: str) -> ReviewCheck | None:
        """As ReviewChecks.open_check."""
        self._do(_DROP_LEFT, [reviewer])
        rows = self._rows(_OPEN_CHECK, [reviewer])
        return _check(rows[0]) if rows else None

    def assign(self, check: ReviewCheck) -> bool:
        """As ReviewChecks.assign."""
        values = [check.id, check.kind.value, check.case_id, check.revision, check.reviewer, check.shown_since]
        return self._do(_ASSIGN, values) == 1

    def check(self, check_id: str) -> ReviewCheck | None:
        """As ReviewChecks.check."""
        rows = self._rows(_CHECK_BY_ID, [check_id])
        return _check(rows[0]) if rows else None

    def decide(self, check_id: str, *, decision: str, code: str, note: str) -> bool:
        """As ReviewChecks.decide."""
        return self._do(_DECIDE, [decision, code, note, check_id]) == 1

    def take_back(self, check_id: str) -> bool:
        """As ReviewChecks.take_back."""
        return self._do(_TAKE_BACK, [check_id]) == 1

    def drop(self, check_id: str, why: str) -> None:
        """As ReviewChecks.drop."""
        statement = "UPDATE review_checks SET dropped = %s WHERE id = %s AND decision = '' AND dropped = ''"
        self._do(statement, [why, check_id])

    def turn(self, reviewer: str) -> int:
        """As ReviewChecks.turn."""
        rows = self._rows("SELECT turns FROM review_turns WHERE reviewer = %s", [reviewer])
        return int(rows[0][0]) if rows else 0

    def next_turn(self, reviewer: str) -> None:
        """As ReviewChecks.next_turn."""
        statement = """
        INSERT INTO review_turns AS t (reviewer, turns) VALUES (%s, 1)
        ON CONFLICT (reviewer) DO UPDATE SET turns = t.turns + 1
        """
        self._do(statement, [reviewer])

    def pair_counts(self, since: datetime) -> Sequence[AnswerCount]:
        """As ReviewChecks.pair_counts."""
        return tuple(
            AnswerCount(
                first_reviewer=one, second_reviewer=other, first=first, second=second, settled=settled, count=count
            )
            for one, other, first, second, settled, count in self._rows(_PAIRS, [since])
        )

    def rule_counts(self, since: datetime) -> Sequence[AnswerCount]:
        """As ReviewChecks.rule_counts."""
        return tuple(
            AnswerCount(rule=rule, first=first, second=second, settled=settled, count=count)
            for rule, first, second, settled, count in self._rows(_BY_RULE, [since])
        )

    def golden_counts(self, since: datetime) -> Sequence[GoldenCount]:
        """As ReviewChecks.golden_counts."""
        rows = self._rows(_GOLDEN_COUNTS, [since])
        return tuple(GoldenCount(reviewer=reviewer, count=count, right=right) for reviewer, count, right in rows)

    def golden_answers(self, reviewer: str, *, limit: int) -> Sequence[GoldenAnswer]:
        """As ReviewChecks.golden_answers."""
        rows = self._rows(_GOLDEN_ANSWERS, [reviewer, limit])
        return tuple(GoldenAnswer(check=_check(row[:11]), decision=row[11], reason=row[12]) for row in rows)

    def _rows(self, statement: str, values: Any) -> list[tuple[Any, ...]]:
        with self._database.statements() as connection:
            return connection.execute(statement, values).fetchall()

    def _do(self, statement: str, values: Any) -> int:
        with self._database.durable_statements() as connection:
            try:
                return connection.execute(statement, values).rowcount
            except psycopg.errors.UniqueViolation:  # somebody else was a moment earlier
                return 0


def _second(row: tuple[Any, ...]) -> SecondReview:
    case_id, revision, rules, reviewer, decision, code = row
    return SecondReview(
        case_id=case_id, revision=revision, rules=tuple(rules), reviewer=reviewer, decision=decision, code=code
    )


def _check(row: tuple[Any, ...]) -> ReviewCheck:
    check_id, kind, case_id, revision, reviewer, shown_since, dropped, decision, code, note, ruled = row
    return ReviewCheck(
        id=check_id,
        kind=CheckKind(kind),
        case_id=case_id,
        revision=revision,
        reviewer=reviewer,
        shown_since=shown_since,
        dropped=dropped,
        decision=decision,
        code=code,
        note=note,
        ruled=ruled,
    )


def _golden(row: tuple[Any, ...]) -> GoldenItem:
    case_id, revision, rules, decision, reason, made_by, made, retired, shown, right = row
    return GoldenItem(
        case_id=case_id,
        revision=revision,
        rules=tuple(rules),
        decision=decision,
        reason=reason,
        made_by=made_by,
        made=made,
        retired=retired,
        shown=shown,
        right=right,
    )
