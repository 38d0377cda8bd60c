"""What the audit reads of events and cases: rows as they are stored, in pages. `pipeline.audit` judges them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pipeline.ledgers.database import Database, DatabaseConnection

_BATCH = 5000
_FAULTS = 100  # of each kind are listed

_UNANCHORED = """
SELECT e.case_id, e.revision, event_record(coalesce(b.hash, decode(repeat('00', 32), 'hex')),
                                           e.body, e.revision, e.at, e.case_id), e.at
FROM events e
LEFT JOIN audit_log l ON l.case_id = e.case_id AND l.revision = e.revision
LEFT JOIN events b ON b.case_id = e.case_id AND b.revision = e.revision - 1
WHERE l.position IS NULL AND (%s::timestamptz IS NULL OR e.at >= %s)
ORDER BY e.at, e.case_id, e.revision LIMIT %s
"""
_EVENTS = """
SELECT e.case_id, e.revision, (extract(epoch FROM e.at) * 1000000)::bigint, e.body::text, e.hash, l.entry
FROM events e LEFT JOIN audit_log l ON l.case_id = e.case_id AND l.revision = e.revision
WHERE (e.case_id, e.revision) > (%s, %s) ORDER BY e.case_id, e.revision LIMIT %s
"""
_WITHOUT_EVENT = """
SELECT l.case_id, l.revision FROM audit_log l LEFT JOIN events e USING (case_id, revision)
WHERE e.case_id IS NULL ORDER BY l.case_id, l.revision LIMIT %s
"""
# In one statement: a case that is appended to meanwhile is seen with both or with neither.
_MISCOUNTED = """
SELECT coalesce(c.id, e.case_id), coalesce(c.revision, 0), coalesce(e.last, 0)
FROM cases c FULL JOIN (SELECT case_id, max(revision) AS last FROM events GROUP BY case_id) e ON e.case_id = c.id
WHERE c.revision IS DISTINCT FROM e.last ORDER BY 1 LIMIT %s
"""
_BODY = "SELECT body::text FROM events WHERE case_id = %s AND revision = %s"


class UnanchoredEvent(NamedTuple):
    """An event that is not in the audit log, and its record."""

    case_id: str
    revision: int
    record: str
    at: datetime


class EventRow(NamedTuple):
    """An event as it is stored. `at` in microseconds since 1970; `entry` its line in the audit log, if it has one."""

    case_id: str
    revision: int
    at: int
    body: str
    hash: bytes
    entry: str | None


def unanchored_events(connection: DatabaseConnection, *, since: datetime | None, limit: int) -> list[UnanchoredEvent]:
    """Events that are not in the audit log, the oldest first; those written since a moment, where one is given."""
    return [UnanchoredEvent(*row) for row in connection.execute(_UNANCHORED, [since, since, limit]).fetchall()]


def all_events(database: Database) -> Iterator[EventRow]:
    """Every event in the order of case and revision. Raises Unavailable."""
    after: tuple[str, int] = ("", 0)
    while True:
        with database.connection() as connection:
            rows = connection.execute(_EVENTS, [*after, _BATCH]).fetchall()
        for case_id, revision, at, body, digest, entry in rows:
            yield EventRow(case_id, revision, at, body, bytes(digest or b""), entry)
        if len(rows) < _BATCH:
            return
        after = rows[-1][0], rows[-1][1]


def entries_without_event(connection: DatabaseConnection) -> list[tuple[str, int]]:
    """Case and revision of entries in the audit log whose event is not there."""
    return [(row[0], row[1]) for row in connection.execute(_WITHOUT_EVENT, [_FAULTS]).fetchall()]


def miscounted_cases(connection: DatabaseConnection) -> list[tuple[str, int, int]]:
    """Cases that have other events than the table of cases knows: id, how many it knows, the last that is there."""
    return [(row[0], row[1], row[2]) for row in connection.execute(_MISCOUNTED, [_FAULTS]).fetchall()]


def event_body(connection: DatabaseConnection, case_id: str, revision: int) -> str | None:
    """An event's JSON as Postgres writes it; None where there is no such event."""
    row = connection.execute(_BODY, [case_id, revision]).fetchone()
    return str(row[0]) if row else None
