"""The queue of held cases over Postgres: pages by keyset over `review_queue`, leases by one statement each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from core.case import Case
from pipeline.ledgers.database import Database
from pipeline.ledgers.event_rows import readable_case
from pipeline.ledgers.review_queue_rows import (
    ENTRY_COLUMNS,
    conditions,
    entry_of,
    filter_values,
    order_table,
    queue_source,
    rights_of,
    unheld_entry,
)
from pipeline.moderation.review_queue import (
    COUNTED_UP_TO,
    HAND_OVER_TIME,
    LEASE_TIME,
    WHOLE_QUEUE,
    HeldCase,
    Preparation,
    QueueFilter,
    Routing,
    Unprepared,
    read_cursor,
)
from pipeline.moderation.review_rights import EVERYTHING, ReviewRights, review_subject

# The page is found first, by the index of its order; who has what open is asked of its rows alone.
_HELD = """
SELECT {columns}, coalesce(l.reviewer, ''), s.case_id IS NOT NULL
FROM (
    SELECT q.* FROM {source}
    WHERE {conditions} AND {behind}
    ORDER BY {order}.order_at, {order}.case_id LIMIT %(limit)s
) q
LEFT JOIN case_leases l ON l.case_id = q.case_id AND l.until > clock_timestamp()
LEFT JOIN case_skips s ON s.case_id = q.case_id AND s.reviewer = %(reviewer)s AND s.revision = q.revision
ORDER BY q.order_at, q.case_id
"""
_BEHIND = "({order}.order_at, {order}.case_id) > (%(at)s::timestamptz, %(id)s::text)"
_ENTRY = "SELECT {columns}, '', false FROM review_queue q WHERE q.case_id = %s"
_AS_IF_HELD = """
SELECT p.severity, p.clock, p.due_at, p.order_at, made.reach FROM (SELECT review_reach(%(author)s) AS reach) made,
       review_placement(%(since)s, %(rules)s::text[], %(subject)s, made.reach, false) p
"""
_CASES = "SELECT id, body FROM cases WHERE id = ANY(%s)"

_COUNT = "SELECT count(*) FROM (SELECT FROM {source} WHERE {conditions} LIMIT %(most)s) found"
_SUM = """
SELECT coalesce(sum(n), 0) FROM (
    SELECT n FROM review_counts WHERE kind = %(kind)s AND value = %(value)s
    UNION ALL SELECT n FROM review_count_changes WHERE kind = %(kind)s AND value = %(value)s
) counted
"""
_COUNTS = """
SELECT kind, value, sum(n) FROM (
    SELECT kind, value, n FROM review_counts WHERE kind <> 'author'
    UNION ALL (SELECT kind, value, n FROM review_counts WHERE kind = 'author' ORDER BY n DESC LIMIT 12)
    UNION ALL SELECT kind, value, n FROM review_count_changes
) counted
GROUP BY kind, value HAVING sum(n) > 0 ORDER BY kind, sum(n) DESC, value
"""
# One summer at a time; what is added meanwhile is summed the next time.
_TIDY = """
WITH alone AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtextextended('assay.review_counts', 0)) AS mine),
gone AS (
    DELETE FROM review_count_changes
    WHERE (SELECT mine FROM alone) AND id IN (SELECT id FROM review_count_changes ORDER BY id LIMIT 50000)
    RETURNING kind, value, n
)
INSERT INTO review_counts (kind, value, n) SELECT kind, value, sum(n) FROM gone GROUP BY kind, value
ON CONFLICT (kind, value) DO UPDATE SET n = review_counts.n + excluded.n
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
_TAKE_NEXT = _LEASE.replace(
    "{chosen}",
    """(
    SELECT q.case_id AS id FROM {source}
    WHERE {conditions} AND {whose}
      AND (%(own)s OR q.author <> %(reviewer)s) AND q.case_id <> ALL(%(passing)s)
      AND NOT EXISTS (SELECT FROM case_leases o WHERE o.case_id = q.case_id AND o.until > clock_timestamp()
                                                  AND o.reviewer <> %(reviewer)s)
      AND NOT EXISTS (SELECT FROM case_skips s WHERE s.case_id = q.case_id AND s.reviewer = %(reviewer)s
                                                 AND s.revision = q.revision)
    ORDER BY {order}.order_at, {order}.case_id LIMIT 1 FOR UPDATE OF q SKIP LOCKED
) AS chosen""",
)
_MINE = "q.assignee = %(reviewer)s"
_ANYBODYS = "(q.assignee = '' OR q.assigned_at < clock_timestamp() - %(handed)s::interval)"

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
_ROUTE = """
UPDATE review_queue SET assignee = %(assignee)s, expert = expert OR %(expert)s, routed_by = %(by)s, note = %(note)s,
                        assigned_at = clock_timestamp()
WHERE case_id = %(case)s
"""
_PLACE = """
UPDATE review_queue q SET flagged = {flagged}, (severity, clock, due_at, order_at) =
    (SELECT p.severity, p.clock, p.due_at, p.order_at
     FROM review_placement(q.since, q.rules, q.subject, q.reach, {flagged}) p)
"""
_FLAG = _PLACE.format(flagged="true") + " WHERE q.case_id = %s"
_PLACE_SOME = """
WITH batch AS MATERIALIZED (
    SELECT case_id, rules FROM review_queue WHERE case_id > %(after)s ORDER BY case_id LIMIT 5000
), moved AS (:place FROM batch WHERE q.case_id = batch.case_id AND batch.rules && %(rules)s RETURNING 1)
SELECT (SELECT max(case_id) FROM batch), (SELECT count(*) FROM moved)
""".replace(":place", _PLACE.format(flagged="q.flagged"))

_RIGHTS = "SELECT account, subjects, languages, regions, authors, rules, max_severity, expert FROM review_rights"
_SET_RIGHTS = """
INSERT INTO review_rights (account, subjects, languages, regions, authors, rules, max_severity, expert)
VALUES (%(account)s, %(subjects)s, %(languages)s, %(regions)s, %(authors)s, %(rules)s, %(max_severity)s, %(expert)s)
ON CONFLICT (account) DO UPDATE
SET subjects = excluded.subjects, languages = excluded.languages, regions = excluded.regions,
    authors = excluded.authors, rules = excluded.rules, max_severity = excluded.max_severity, expert = excluded.expert
"""
_CLOCKS = """
INSERT INTO review_clocks (name, hours) SELECT key, value::float FROM jsonb_each_text(%s)
ON CONFLICT (name) DO UPDATE SET hours = excluded.hours WHERE review_clocks.hours <> excluded.hours
RETURNING name
"""
_PRIORITIES = """
INSERT INTO review_priorities AS p (rule, severity, clock)
SELECT key, (value ->> 0)::smallint, value ->> 1 FROM jsonb_each(%s)
ON CONFLICT (rule) DO UPDATE SET severity = excluded.severity, clock = excluded.clock
WHERE (p.severity, p.clock) <> (excluded.severity, excluded.clock)
RETURNING rule
"""
_RULES_BY_CLOCK = "SELECT rule FROM review_priorities WHERE clock = ANY(%s)"
_UNPREPARED = """
SELECT case_id, prompt, (held ->> 'rendered')::boolean FROM review_queue
WHERE NOT prepared ORDER BY order_at, case_id LIMIT %s
"""
# Not the words of a prompt that was erased while they were read.
_PREPARE = """
UPDATE review_queue q SET prepared = true, poster = %(poster)s,
    words = CASE WHEN erased.one THEN '{}' ELSE %(words)s::bigint[] END,
    looks = CASE WHEN erased.one THEN NULL ELSE %(looks)s::bigint::bit(64) END
FROM (SELECT EXISTS (SELECT FROM texts WHERE case_id = %(case)s AND erased_at IS NOT NULL) AS one) erased
WHERE q.case_id = %(case)s
"""


class PostgresReviewQueue:
    """ReviewQueue over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def held(
        self, reviewer: str, wanted: QueueFilter = WHOLE_QUEUE, *, after: str = "", limit: int = 50
    ) -> Sequence[HeldCase]:
        """As ReviewQueue.held."""
        at, case_id = read_cursor(after)
        behind = _BEHIND.format(order=order_table(wanted)) if case_id else "true"
        query = _text(_HELD, wanted).format(columns=ENTRY_COLUMNS, behind=behind)
        rows = self._rows(
            query, filter_values(wanted) | {"reviewer": reviewer, "at": at, "id": case_id, "limit": limit}
        )
        return tuple(entry_of(row) for row in rows)

    def entry(self, case_id: str) -> HeldCase | None:
        """As ReviewQueue.entry."""
        rows = self._rows(_ENTRY.format(columns=ENTRY_COLUMNS), [case_id])
        return entry_of(rows[0]) if rows else None

    def entry_as_if_held(self, case: Case, since: datetime) -> HeldCase:
        """As ReviewQueue.entry_as_if_held."""
        subject, rules = review_subject(case), list(case.verdict.rules if case.verdict else ())
        values = {"author": case.request.author, "since": since, "rules": rules, "subject": subject}
        return unheld_entry(case, since, self._rows(_AS_IF_HELD, values)[0])

    def cases(self, case_ids: Sequence[str]) -> Sequence[Case]:
        """As ReviewQueue.cases."""
        bodies = dict(self._rows(_CASES, [list(case_ids)]))
        return tuple(
            case
            for case_id in case_ids
            if case_id in bodies and (case := readable_case(case_id, bodies[case_id])) is not None
        )

    def count(self, wanted: QueueFilter = WHOLE_QUEUE) -> int:
        """As ReviewQueue.count."""
        if wanted.needs_counting:
            values = filter_values(wanted) | {"most": COUNTED_UP_TO + 1}
            return int(self._rows(_text(_COUNT, wanted), values)[0][0])
        kind, value = (*wanted.dimensions(), ("all", ""))[0]
        return int(self._rows(_SUM, {"kind": kind, "value": value})[0][0])

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """As ReviewQueue.counts."""
        found: dict[str, dict[str, int]] = {}
        for kind, value, count in self._rows(_COUNTS, None):
            found.setdefault(kind, {})[value] = int(count)
        return found

    def take(self, reviewer: str, case_id: str) -> str:
        """As ReviewQueue.take."""
        if self._rows(_TAKE, {"reviewer": reviewer, "case": case_id, "time": LEASE_TIME}):
            return reviewer
        rows = self._rows(_HOLDER, [case_id])
        return str(rows[0][0]) if rows else ""

    def take_next(
        self,
        reviewer: str,
        wanted: QueueFilter = WHOLE_QUEUE,
        *,
        passing: Collection[str] = (),
        own: bool = False,
    ) -> str | None:
        """As ReviewQueue.take_next."""
        values = filter_values(wanted) | {
            "reviewer": reviewer,
            "passing": list(passing),
            "own": own,
            "time": LEASE_TIME,
            "handed": HAND_OVER_TIME,
        }
        for whose in (_MINE, _ANYBODYS):
            if rows := self._rows(_text(_TAKE_NEXT, wanted).format(whose=whose), values):
                return str(rows[0][0])
        return None

    def release(self, reviewer: str, case_id: str) -> None:
        """As ReviewQueue.release. Leases that ran out a day ago go as well."""
        self._write(_RELEASE, [case_id, reviewer])

    def skip(self, reviewer: str, case_id: str, revision: int, *, code: str) -> None:
        """As ReviewQueue.skip."""
        self._write(_SKIP, [case_id, reviewer, revision, code])

    def route(self, case_id: str, to: Routing) -> bool:
        """As ReviewQueue.route."""
        return bool(self._keep(_ROUTE, asdict(to) | {"case": case_id}))

    def flag(self, case_id: str) -> bool:
        """As ReviewQueue.flag."""
        return bool(self._keep(_FLAG, [case_id]))

    def rights(self, account: str) -> ReviewRights:
        """As ReviewQueue.rights."""
        rows = self._rows(_RIGHTS + " WHERE account = %s", [account])
        return rights_of(rows[0]) if rows else EVERYTHING

    def set_rights(self, account: str, rights: ReviewRights) -> None:
        """As ReviewQueue.set_rights."""
        listed = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(rights).items()}
        self._keep(_SET_RIGHTS, listed | {"account": account})

    def all_rights(self) -> Mapping[str, ReviewRights]:
        """As ReviewQueue.all_rights."""
        return {row[0]: rights_of(row) for row in self._rows(_RIGHTS + " ORDER BY account", None)}

    def set_priorities(self, clocks: Mapping[str, float], priorities: Mapping[str, tuple[int, str]]) -> int:
        """As ReviewQueue.set_priorities. What waits is placed anew a few thousand at a time."""
        with self._database.connection() as connection:
            changed_clocks = [name for (name,) in connection.execute(_CLOCKS, [Jsonb(dict(clocks))]).fetchall()]
            rows = connection.execute(_PRIORITIES, [Jsonb(dict(priorities))]).fetchall()
            rows += connection.execute(_RULES_BY_CLOCK, [changed_clocks]).fetchall()
        changed, after, moved = [rule for (rule,) in rows], "", 0
        while changed:
            last, some = self._rows(_PLACE_SOME, {"after": after, "rules": changed})[0]
            if last is None:
                break
            after, moved = last, moved + some
        return moved

    def unprepared(self, limit: int) -> Sequence[Unprepared]:
        """As ReviewQueue.unprepared."""
        rows = self._rows(_UNPREPARED, [limit])
        return tuple(Unprepared(case_id=one, prompt=prompt, rendered=bool(made)) for one, prompt, made in rows)

    def prepare(self, case_id: str, made: Preparation) -> None:
        """As ReviewQueue.prepare."""
        values = {"case": case_id, "words": list(made.words), "poster": made.poster, "looks": made.looks}
        self._write(_PREPARE, values)

    def tidy(self) -> None:
        """As ReviewQueue.tidy."""
        self._write(_TIDY, None)

    def _rows(self, query: str, values: Mapping[str, Any] | Sequence[Any] | None) -> list[tuple[Any, ...]]:
        with self._database.statements() as connection:
            return connection.execute(query, values, prepare=False).fetchall()  # planned for these very values

    def _keep(self, query: str, values: Mapping[str, Any] | Sequence[Any]) -> int:
        """What a person decided, kept once it is answered."""
        with self._database.durable_statements() as connection:
            return connection.execute(query, values).rowcount

    def _write(self, query: str, values: Mapping[str, Any] | Sequence[Any] | None) -> int:
        with self._database.statements() as connection:
            return connection.execute(query, values).rowcount


def _text(query: str, wanted: QueueFilter) -> str:
    """With the tables, conditions and order of this filter; other slots are left."""
    slots = {"source": queue_source(wanted), "conditions": conditions(wanted), "order": order_table(wanted)}
    for name, text in slots.items():
        query = query.replace(f"{{{name}}}", text)
    return query
