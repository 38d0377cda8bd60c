"""Rebuilds the table of cases from the events: after an update that folds them differently, or a restored backup."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from psycopg.types.json import Jsonb

from core.case import Case
from core.codec import dump
from core.errors import Unavailable
from core.events import Event
from pipeline.ledgers.database import DatabaseConnection
from pipeline.ledgers.event_rows import parse_events, referenced_digests

log = logging.getLogger("assay.ledger")

_EVENTS = "SELECT array_agg(body ORDER BY revision) FROM events WHERE case_id = %s"

_REPAIR = """
UPDATE cases SET phase = %(phase)s, revision = %(revision)s, author = %(author)s, body = %(body)s, digests = %(digests)s
WHERE id = %(id)s
  AND ((phase, revision, author, body) IS DISTINCT FROM (%(phase)s, %(revision)s, %(author)s, %(body)s::jsonb)
       OR NOT (digests @> %(digests)s::text[] AND digests <@ %(digests)s::text[]))  -- in whatever order
"""


def rebuild_cases(connection: DatabaseConnection) -> list[str]:
    """Correct every case that differs from the fold of its events; returns their ids. Their last change keeps its time.

    All within the connection's transaction; meanwhile no case moves. A case of a newer Assay is left as it is.
    """
    connection.execute("LOCK TABLE cases IN SHARE ROW EXCLUSIVE MODE")
    mended = []
    for (case_id,) in connection.execute("SELECT id FROM cases ORDER BY id").fetchall():
        row = connection.execute(_EVENTS, [case_id]).fetchone()
        try:
            events = parse_events(case_id, row[0] if row and row[0] else [])
        except Unavailable as error:
            log.warning("%s", error)
            continue
        if events and connection.execute(_REPAIR, _fields(case_id, events)).rowcount:
            mended.append(case_id)
    return mended


def _fields(case_id: str, events: Sequence[Event]) -> dict[str, object]:
    case = Case(id=case_id).apply(events)
    return {
        "id": case_id,
        "phase": case.phase.value,
        "revision": case.revision,
        "author": case.request.author,
        "body": Jsonb(dump(case)),
        "digests": referenced_digests(Case(id=case_id), events),
    }
