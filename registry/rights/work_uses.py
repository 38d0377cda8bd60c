"""Where registered works are asked for and shown: read off the ledger's view of cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.types.json import Jsonb

from registry.table_cache import ConnectionProvider

# What a holder is asked about: a draft that is held since nobody answered for a work in it, of a work about which they
# want to be asked, without an answer. What is held for something else only is nothing to them.
_WAITS = """
(c.phase = 'held' AND c.rendered_digest <> '' AND w.holder <> '' AND a.answer IS NULL
 AND coalesce(nullif(w.terms, ''), CASE w.kind WHEN 'character' THEN %(character)s ELSE %(other)s END) = 'ask'
 AND c.last_rules ?| ARRAY['video_work_unapproved', 'video_work_likeness', 'video_work_not_allowed'])
"""
_FROM = """
FROM case_works c JOIN works w ON (c.named ? w.id OR c.shown ? w.id) AND w.state = 'active'
LEFT JOIN work_answers a ON a.case_id = c.case_id AND a.work = w.id AND a.asset = c.rendered_digest
"""
_OF_WORK = f"""
SELECT c.case_id, w.id, c.phase, c.submitted_at, c.changed_at, c.purpose, c.named ? w.id, c.shown ? w.id, {_WAITS},
       coalesce(a.answer, '')
{_FROM}
WHERE w.id = %(work)s AND (c.named @> %(listed)s OR c.shown @> %(listed)s) AND %(case)s IN ('', c.case_id)
ORDER BY {_WAITS} DESC, c.submitted_at DESC, c.case_id LIMIT %(limit)s
"""
_WAITING = f"""
SELECT DISTINCT c.case_id, w.id, w.holder
FROM case_works c CROSS JOIN LATERAL jsonb_array_elements_text(c.named || c.shown) AS found (id)
JOIN works w ON w.id = found.id AND w.state = 'active'
LEFT JOIN work_answers a ON a.case_id = c.case_id AND a.work = w.id AND a.asset = c.rendered_digest
WHERE {_WAITS}
"""  # noqa: S608 - likewise
_BY_MONTH = """
WITH uses AS (
    SELECT date_trunc('month', c.submitted_at AT TIME ZONE 'UTC')::date AS month, c.*,
           EXISTS (SELECT FROM work_answers a WHERE a.case_id = c.case_id AND a.work = %(work)s
                   AND a.answer = 'approved') AS approved,
           EXISTS (SELECT FROM work_answers a WHERE a.case_id = c.case_id AND a.work = %(work)s
                   AND a.answer = 'refused') AS refused
    FROM case_works c WHERE c.named @> %(listed)s OR c.shown @> %(listed)s
)
SELECT month, count(*) FILTER (WHERE named @> %(listed)s), count(*) FILTER (WHERE shown @> %(listed)s),
       count(*) FILTER (WHERE approved), count(*) FILTER (WHERE refused),
       count(*) FILTER (WHERE purpose = 'parody'), count(*) FILTER (WHERE phase = 'published')
FROM uses GROUP BY month ORDER BY month
"""


@dataclass(frozen=True, slots=True)
class WorkUseRecord:
    """A case with a work, as its holder may know it: not who ordered it. `waits`: the holder is asked about its draft.

    `is_named`: its prompt names the work, and does not only describe something like it; `is_shown`: its video looks
    like the work. `answer` is what the holder said of its draft, approved or refused, or empty.
    """

    case_id: str
    work: str
    phase: str
    submitted: datetime
    moved: datetime
    purpose: str
    is_named: bool
    is_shown: bool
    waits: bool
    answer: str


@dataclass(frozen=True, slots=True)
class WorkMonth:
    """How often a work was asked for in a month: cases that name it, that look like it, that their holder approved or
    refused, that were ordered as parody, that are published."""

    month: date
    asked: int
    matched: int
    approved: int
    refused: int
    parody: int
    published: int


class PostgresWorkUses:
    """Uses in Postgres. `character` and `other` are the terms of works whose holders stated none."""

    def __init__(self, connections: ConnectionProvider, *, character: str, other: str) -> None:
        """The ledger's view is there: the migrations made it."""
        self._connections, self._unstated = connections, {"character": character, "other": other}

    def of(self, work: str, *, case_id: str = "", limit: int = 500) -> Sequence[WorkUseRecord]:
        """The cases with a work: those that wait for its holder first, then the newest; with `case_id` that one."""
        asked = {"work": work, "listed": Jsonb([work]), "case": case_id, "limit": limit} | self._unstated
        with self._connections.connection() as connection:
            return tuple(WorkUseRecord(*row) for row in connection.execute(_OF_WORK, asked).fetchall())

    def named_in(self, case_ids: Sequence[str]) -> frozenset[str]:
        """The works that these cases name in their prompts."""
        query = (
            "SELECT DISTINCT found.id FROM case_works c, jsonb_array_elements_text(c.named) AS found (id)"
            " WHERE c.case_id = ANY(%s)"
        )
        with self._connections.connection() as connection:
            return frozenset(row[0] for row in connection.execute(query, [list(case_ids)]).fetchall())

    def waiting(self) -> Sequence[tuple[str, str, str]]:
        """Drafts that wait for a holder: (case, work, its holder)."""
        with self._connections.connection() as connection:
            rows = connection.execute(_WAITING, self._unstated).fetchall()
        return [(case, work, holder) for case, work, holder in rows]

    def by_month(self, work: str) -> Sequence[WorkMonth]:
        """Figures of a work for each month (UTC) in which it was asked for or shown, the oldest first."""
        with self._connections.connection() as connection:
            rows = connection.execute(_BY_MONTH, {"work": work, "listed": Jsonb([work])}).fetchall()
        return tuple(WorkMonth(*row) for row in rows)
