"""Appends one event to many cases at once, as `append` would to each: whoever moved meanwhile is left alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from core.case import Case, Phase
from core.codec import dump, load
from core.events import Event
from pipeline.ledgers.database import Connection, Database
from pipeline.ledgers.records import rows

log = logging.getLogger("assay.ledger")

_READ = "SELECT id, body FROM cases WHERE id = ANY(%s) AND phase <> ALL(%s) ORDER BY id"
_APPEND = """
INSERT INTO events (case_id, revision, body)
SELECT * FROM unnest(%s::text[], %s::int[], %s::jsonb[]) ON CONFLICT DO NOTHING RETURNING case_id
"""
_MOVE = """
UPDATE cases c SET phase = n.phase, revision = n.revision, body = n.body, moved = clock_timestamp()
FROM unnest(%s::text[], %s::text[], %s::int[], %s::jsonb[]) AS n(id, phase, revision, body)
WHERE c.id = n.id AND c.revision = n.revision - 1
"""
_LOCK = 0x42554C4B  # "BULK": one batch at a time, or two of them could wait for each other

Beside = Callable[[Connection, Sequence[Case]], None]


class PostgresBulk:
    """Over the tables of PostgresLedger. For events that add no bytes."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def append(
        self, ids: Sequence[str], event: Event, *, but: Sequence[Phase], beside: Beside
    ) -> tuple[Sequence[Case], int]:
        """The cases, as they were, to which the event was appended, and how many others it should have been.

        Cases in the phases of `but` are left out. Those that somebody moved at the same moment are the others: ask
        again. `beside` is called in the same transaction. Raises Unavailable.
        """
        with self._database.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            found = connection.execute(_READ, [list(ids), [phase.value for phase in but]]).fetchall()
            cases = [case for case_id, body in found if (case := _readable(case_id, body)) is not None]
            moved = _appended(connection, cases, event)
            mine = [case for case in cases if case.id in moved]
            if mine:
                _move(connection, [case.after([event]) for case in mine])
                beside(connection, mine)
        return mine, len(cases) - len(mine)


def _readable(case_id: str, body: object) -> Case | None:
    try:
        case: Case = load(Case, body)
    except (TypeError, ValueError) as error:
        log.error("a case cannot be read and is left as it is: %s", error, extra={"case": case_id})
        return None
    return case


def _appended(connection: Connection, cases: Sequence[Case], event: Event) -> frozenset[str]:
    bodies: list[dict[str, Any]] = [rows(case, [event])[0] for case in cases]
    columns = [[case.id for case in cases], [case.revision + 1 for case in cases], [Jsonb(body) for body in bodies]]
    return frozenset(row[0] for row in connection.execute(_APPEND, columns).fetchall())


def _move(connection: Connection, after: Sequence[Case]) -> None:
    phases, revisions = [case.phase.value for case in after], [case.revision for case in after]
    bodies = [Jsonb(dump(case)) for case in after]
    connection.execute(_MOVE, [[case.id for case in after], phases, revisions, bodies])
