"""Appends the same events to many cases at once, as `append` would to each: whoever moved meanwhile is left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from psycopg.types.json import Jsonb

from core.case import Case, Phase
from core.codec import dump
from core.events import Event
from core.transitions import check
from pipeline.ledgers.database import Database, DatabaseConnection
from pipeline.ledgers.event_rows import event_rows, readable_case

_PHASES = "SELECT id, phase FROM cases WHERE id = ANY(%s) ORDER BY id"
# Without its signals, which nothing here looks at and which are most of a case.
_READ = """
SELECT id, body || '{"signals": []}' FROM cases WHERE id = ANY(%s) AND phase = ANY(%s) ORDER BY id
"""
_APPEND = """
INSERT INTO events (case_id, revision, body)
SELECT e ->> 'id', (e ->> 'revision')::int, e -> 'body' FROM jsonb_array_elements(%s) e
ON CONFLICT DO NOTHING RETURNING case_id
"""
_MOVE = """
UPDATE cases c SET phase = n ->> 'phase', revision = (n ->> 'revision')::int, moved = clock_timestamp(),
                   due_at = clock_timestamp(),
                   body = n || jsonb_build_object('signals', c.body -> 'signals')
FROM jsonb_array_elements(%s) n WHERE c.id = n ->> 'id' AND c.revision = (n ->> 'revision')::int - %s
"""
_LOCK = 0x42554C4B  # "BULK": one batch at a time, or two of them could wait for each other

InSameTransaction = Callable[[DatabaseConnection, Sequence[Case]], None]


class PostgresBulkAppend:
    """Over the tables of PostgresLedger. For events that add neither bytes nor signals."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def phases(self, ids: Sequence[str]) -> Sequence[tuple[str, Phase]]:
        """The phase of each case, in the order of their ids."""
        with self._database.connection() as connection:
            return [(case_id, Phase(phase)) for case_id, phase in connection.execute(_PHASES, [list(ids)]).fetchall()]

    def append(
        self, ids: Sequence[str], events: Sequence[Event], *, only: Sequence[Phase], in_transaction: InSameTransaction
    ) -> int:
        """Append the events to those cases that are in a phase of `only`, all or none; to how many.

        Whom somebody moved at the same moment is left alone. `in_transaction` is called with the cases as they were,
        in the
        same transaction. Raises Unavailable, and IllegalTransition where `only` lets a case through to which these
        events may not happen; then nothing is stored.
        """
        if not ids:
            return 0
        with self._database.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            found = connection.execute(_READ, [list(ids), [phase.value for phase in only]]).fetchall()
            cases = [case for case_id, body in found if (case := readable_case(case_id, body)) is not None]
            after = {case.id: check(case, events) for case in cases}
            won = _appended(connection, cases, events)
            mine = [case for case in cases if case.id in won]
            if mine:
                _move(connection, [after[case.id] for case in mine], len(events))
                in_transaction(connection, mine)
        return len(mine)


def _appended(connection: DatabaseConnection, cases: Sequence[Case], events: Sequence[Event]) -> frozenset[str]:
    """The cases whose next revision was still free."""
    records = [
        {"id": case.id, "revision": case.revision + number, "body": body}
        for case in cases
        for number, body in enumerate(event_rows(events), 1)
    ]
    if not records:
        return frozenset()
    # One document and no array of documents: those are escaped a second time, which takes longer than all the rest.
    case_ids = [row[0] for row in connection.execute(_APPEND, [Jsonb(records)]).fetchall()]
    lost = (
        {case_id for case_id in case_ids if case_ids.count(case_id) < len(events)}
        if len(case_ids) < len(records)
        else set()
    )
    if lost:  # cannot be: whoever has the first of these revisions has the next
        raise RuntimeError("a revision was taken out of turn")
    return frozenset(case_ids)


def _move(connection: DatabaseConnection, after: Sequence[Case], by: int) -> None:
    connection.execute(_MOVE, [Jsonb([dump(case) for case in after]), by])
