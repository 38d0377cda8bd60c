"""The queue of held cases over Postgres: pages by keyset, leases by one statement each."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.case import Case
from pipeline.ledgers.database import Database
from pipeline.ledgers.event_rows import readable_case
from pipeline.moderation.review_queue import LEASE_TIME, HeldCase

_HELD = """
SELECT c.id, c.body, c.moved, coalesce(l.reviewer, ''), s.case_id IS NOT NULL
FROM cases c
LEFT JOIN case_leases l ON l.case_id = c.id AND l.until > clock_timestamp()
LEFT JOIN case_skips s ON s.case_id = c.id AND s.reviewer = %(reviewer)s AND s.revision = c.revision
WHERE c.phase = 'held' AND (%(rule)s::text = '' OR c.body #> '{verdicts,-1,rules}' ? %(rule)s::text)
  AND (%(after)s::text = '' OR (c.moved, c.id) > (SELECT moved, id FROM cases WHERE id = %(after)s::text))
ORDER BY c.moved, c.id LIMIT %(limit)s
"""

_COUNT = """
SELECT count(*) FROM cases c
WHERE c.phase = 'held' AND (%(rule)s::text = '' OR c.body #> '{verdicts,-1,rules}' ? %(rule)s::text)
"""

_BY_RULE = """
SELECT rule, count(*) FROM cases c, jsonb_array_elements_text(c.body #> '{verdicts,-1,rules}') AS rule
WHERE c.phase = 'held' AND jsonb_typeof(c.body #> '{verdicts,-1,rules}') = 'array'
GROUP BY rule ORDER BY count(*) DESC, rule
"""

_LEASE = """
INSERT INTO case_leases AS l (case_id, reviewer, until)
SELECT id, %(reviewer)s, clock_timestamp() + %(time)s FROM {chosen}
ON CONFLICT (case_id) DO UPDATE SET reviewer = excluded.reviewer, until = excluded.until
WHERE l.until <= clock_timestamp() OR l.reviewer = excluded.reviewer
RETURNING case_id
"""

_TAKE = _LEASE.format(chosen="(SELECT %(case)s::text AS id) AS chosen")

# The row is locked until this is committed, so that of two who ask at once the second passes over it.
_TAKE_NEXT = _LEASE.format(
    chosen="""(
    SELECT c.id FROM cases c
    WHERE c.phase = 'held' AND (%(rule)s::text = '' OR c.body #> '{verdicts,-1,rules}' ? %(rule)s::text)
      AND (%(own)s OR c.author <> %(reviewer)s) AND c.id <> ALL(%(passing)s)
      AND NOT EXISTS (SELECT FROM case_leases o WHERE o.case_id = c.id AND o.until > clock_timestamp()
                                                  AND o.reviewer <> %(reviewer)s)
      AND NOT EXISTS (SELECT FROM case_skips s WHERE s.case_id = c.id AND s.reviewer = %(reviewer)s
                                                 AND s.revision = c.revision)
    ORDER BY c.moved, c.id LIMIT 1 FOR UPDATE OF c SKIP LOCKED
) AS chosen"""
)

_HOLDER = "SELECT reviewer FROM case_leases WHERE case_id = %s AND until > clock_timestamp()"
_RELEASE = """
DELETE FROM case_leases
WHERE (case_id = %s AND reviewer = %s) OR until < clock_timestamp() - interval '1 day'
"""
_SKIP = """
INSERT INTO case_skips (case_id, reviewer, revision, code) VALUES (%s, %s, %s, %s)
ON CONFLICT (case_id, reviewer) DO UPDATE
SET revision = excluded.revision, code = excluded.code, at = clock_timestamp()
"""


class PostgresReviewQueue:
    """ReviewQueue over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def held(self, reviewer: str, *, rule: str = "", after: str = "", limit: int = 50) -> Sequence[HeldCase]:
        """As ReviewQueue.held. What a newer Assay wrote and we cannot read is left out and logged."""
        wanted = {"reviewer": reviewer, "rule": rule, "after": after, "limit": limit}
        with self._database.statements() as connection:
            rows = connection.execute(_HELD, wanted).fetchall()
        return tuple(
            HeldCase(case=case, since=moved, reviewer=holder, skipped=skipped)
            for case_id, body, moved, holder, skipped in rows
            if (case := readable_case(case_id, body)) is not None
        )

    def count(self, *, rule: str = "") -> int:
        """As ReviewQueue.count."""
        with self._database.statements() as connection:
            row = connection.execute(_COUNT, {"rule": rule}).fetchone()
        return int(row[0]) if row else 0

    def by_rule(self) -> dict[str, int]:
        """As ReviewQueue.by_rule."""
        with self._database.statements() as connection:
            return dict(connection.execute(_BY_RULE).fetchall())

    def take(self, reviewer: str, case_id: str) -> str:
        """As ReviewQueue.take."""
        wanted = {"reviewer": reviewer, "case": case_id, "time": LEASE_TIME}
        with self._database.statements() as connection:
            if connection.execute(_TAKE, wanted).fetchone():
                return reviewer
            row = connection.execute(_HOLDER, [case_id]).fetchone()
        return str(row[0]) if row else ""

    def take_next(
        self, reviewer: str, *, rule: str = "", passing: Collection[str] = (), own: bool = False
    ) -> str | None:
        """As ReviewQueue.take_next."""
        wanted = {
            "reviewer": reviewer,
            "rule": rule,
            "passing": list(passing),
            "own": own,
            "time": LEASE_TIME,
        }
        with self._database.statements() as connection:
            row = connection.execute(_TAKE_NEXT, wanted).fetchone()
        return str(row[0]) if row else None

    def release(self, reviewer: str, case_id: str) -> None:
        """As ReviewQueue.release. Leases that ran out a day ago go as well."""
        with self._database.statements() as connection:
            connection.execute(_RELEASE, [case_id, reviewer])

    def skip(self, reviewer: str, case: Case, *, code: str) -> None:
        """As ReviewQueue.skip."""
        with self._database.statements() as connection:
            connection.execute(_SKIP, [case.id, reviewer, case.revision, code])
