"""Cases in Postgres: `events` is the truth, `cases` their fold kept for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

from psycopg.errors import RestrictViolation, UniqueViolation
from psycopg.types.json import Jsonb

from core.case import Case, Phase
from core.codec import dump
from core.errors import Conflict, NotFound, Unavailable
from core.events import Event
from core.ports import RecordedEvent, Ticket
from core.retries import FIRST_RETRY_DELAY, delay_after
from core.transitions import check
from pipeline.ledgers.connections.case_locks import CaseLocks
from pipeline.ledgers.database import Database
from pipeline.ledgers.event_rows import event_rows, parse_events, readable_case, referenced_digests

_HISTORY = "SELECT revision, at, body FROM events WHERE case_id = %s ORDER BY revision"

# One statement: the case moves, and only where it does are its events stored, in order: each is chained to the last.
_BEGIN = """
WITH moved AS (
    INSERT INTO cases (phase, revision, author, body, due_at, digests, id)
    VALUES (%(phase)s, %(revision)s, %(author)s, %(body)s, clock_timestamp() + %(rest)s, %(digests)s, %(id)s)
    RETURNING id, revision
)
INSERT INTO events (case_id, revision, body)
SELECT moved.id, moved.revision - %(count)s + e.number, e.body
FROM moved, jsonb_array_elements(%(events)s) WITH ORDINALITY AS e (body, number)
ORDER BY e.number
"""

_MOVE = """
WITH moved AS (
    UPDATE cases
    SET phase = %(phase)s, revision = %(revision)s, author = %(author)s, body = %(body)s, moved = clock_timestamp(),
        due_at = clock_timestamp() + %(rest)s,
        digests = ARRAY(SELECT unnest(digests) UNION SELECT unnest(%(digests)s::text[]))
    WHERE id = %(id)s AND revision = %(revision)s - %(count)s
    RETURNING id, revision
)
INSERT INTO events (case_id, revision, body)
SELECT moved.id, moved.revision - %(count)s + e.number, e.body
FROM moved, jsonb_array_elements(%(events)s) WITH ORDINALITY AS e (body, number)
ORDER BY e.number
"""

# By statement_timestamp(), which stays the same: so the index ends at what is due, and what waits is not read.
# Phase by phase: hundreds that are stuck in one hide no other.
DUE = """
SELECT c.id, c.revision, c.phase FROM unnest(%(phases)s::text[]) AS wanted (phase) CROSS JOIN LATERAL (
    SELECT id, revision, phase, due_at FROM cases
    WHERE phase = wanted.phase AND due_at <= statement_timestamp() AND moved <= statement_timestamp() - %(unmoved)s
    ORDER BY due_at, id LIMIT %(limit)s
) AS c ORDER BY c.due_at, c.id
"""

# Skips what another sweeper is about to lease at this moment. By an array of ids: in a join the planner expects
# thousands of each phase, and reads the table. A case that has lain for longer is leased for as long again, ten leases
# at most: its ticket may wait where it was sent, and each one more would only stand before those of others.
LEASE_DUE = """
WITH found AS MATERIALIZED (
    SELECT c.id, c.due_at FROM unnest(%(phases)s::text[]) AS wanted (phase) CROSS JOIN LATERAL (
        SELECT id, due_at FROM cases
        WHERE phase = wanted.phase AND due_at <= statement_timestamp() AND moved <= statement_timestamp() - %(unmoved)s
        ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) AS c
), leased AS (
    UPDATE cases SET due_at = clock_timestamp() + greatest(%(lease)s, least(clock_timestamp() - moved, 10 * %(lease)s))
    WHERE id = ANY(ARRAY(SELECT id FROM found))
    RETURNING id, revision, phase
)
SELECT id, revision, phase FROM leased JOIN found USING (id) ORDER BY found.due_at, id
"""

_POSTPONE = "UPDATE cases SET due_at = clock_timestamp() + %s WHERE id = %s AND revision = coalesce(%s, revision)"
_COUNT = "SELECT count(*) FROM cases WHERE phase = %s"

_LIST = """
SELECT id, body FROM cases
WHERE (%(phase)s::text IS NULL OR phase = %(phase)s) AND (%(author)s::text IS NULL OR author = %(author)s)
ORDER BY moved DESC, id DESC LIMIT %(limit)s
"""

_CURSOR = "SELECT submitted FROM cases WHERE id = %s AND author = %s"

_CREATED_BY = """
SELECT id, body FROM cases
WHERE author = %(author)s AND (%(after)s::text = '' OR (submitted, id) < (%(created)s::timestamptz, %(after)s))
ORDER BY submitted DESC, id DESC LIMIT %(limit)s
"""

_CREATED_BY_ASCENDING = _CREATED_BY.replace("DESC", "ASC").replace("<", ">")

_OLDEST = _LIST.replace("DESC", "ASC")

# Materialised, without LIMIT: else the planner hopes to meet one of the many rows it expects, and reads the table.
IS_REFERENCED = """
WITH referring AS MATERIALIZED (SELECT 1 FROM cases WHERE digests @> %s)
SELECT 1 FROM referring LIMIT 1
"""


class PostgresLedger:
    """The Ledger over Postgres. Any number of processes and threads may share one."""

    def __init__(self, database: Database, *, first_retry_delay: timedelta = FIRST_RETRY_DELAY) -> None:
        """The tables are there: `open_database` made them. A case rests `first_retry_delay` after its first failure."""
        self._database = database
        self._locks = CaseLocks(database)
        self._first_retry_delay = first_retry_delay

    def load(self, case_id: str) -> Case:
        """The case as its events tell it. Raises NotFound, or Unavailable where a newer Assay wrote the unknown."""
        return Case(id=case_id).apply(entry.event for entry in self.history(case_id))

    def append(self, case: Case, events: Sequence[Event], *, rest: timedelta = timedelta(0)) -> Case:
        """The case after these events, stored all or none; due once it has rested.

        Raises Conflict if it moved since it was read, IllegalTransition for an event that may not follow.
        """
        bodies = event_rows(events)
        stored = parse_events(case.id, bodies)
        if not stored:
            return case
        after = check(case, stored)
        values = {
            "id": case.id,
            "phase": after.phase.value,
            "revision": after.revision,
            "author": after.request.author,
            "body": Jsonb(dump(after)),
            "rest": max(rest, delay_after(after, stored, self._first_retry_delay)),
            "digests": referenced_digests(case, stored),
            "count": len(bodies),
            "events": Jsonb(bodies),
        }
        try:
            with self._database.durable_statements() as connection:
                count = connection.execute(_BEGIN if case.revision == 0 else _MOVE, values).rowcount
        except (UniqueViolation, RestrictViolation) as error:  # that revision is taken, or the one before is not there
            raise Conflict from error
        if count != len(bodies):
            raise Conflict
        return after

    def history(self, case_id: str) -> Sequence[RecordedEvent]:
        """All events of a case in order. Raises NotFound, or Unavailable as `load`."""
        with self._database.statements() as connection:
            rows = connection.execute(_HISTORY, [case_id]).fetchall()
        if not rows:
            raise NotFound
        events = parse_events(case_id, [body for _, _, body in rows])
        return tuple(
            RecordedEvent(revision=revision, at=recorded_at, event=event)
            for (revision, recorded_at, _), event in zip(rows, events, strict=True)
        )

    def due(
        self, phases: Sequence[Phase], *, unmoved_for: timedelta, limit: int = 100, lease: timedelta = timedelta(0)
    ) -> Sequence[Ticket]:
        """Tickets for cases in one of these phases that are due and have not moved for so long, the longest due first.

        At most `limit` of each phase. With a `lease`, what is returned is not due again before it ends; see Ledger.
        """
        named = [phase.value for phase in phases]
        asked = {"phases": named, "unmoved": unmoved_for, "limit": limit, "lease": lease}
        with self._database.statements() as connection:
            rows = connection.execute(LEASE_DUE if lease else DUE, asked)
            found = rows.fetchall()
        return tuple(
            Ticket(case_id=case_id, revision=revision, phase=Phase(phase)) for case_id, revision, phase in found
        )

    def postpone(self, case_id: str, *, pause: timedelta, revision: int | None = None) -> None:
        """The case is not due before so much time has passed, unless it moves; see Ledger."""
        with self._database.statements() as connection:
            connection.execute(_POSTPONE, [pause, case_id, revision])

    def now(self) -> datetime:
        """By the clock of the database's server."""
        with self._database.statements() as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        if row is None:
            raise Unavailable("the database does not say what time it is")
        return cast(datetime, row[0]).astimezone(UTC)

    def count(self, phase: Phase) -> int:
        """How many cases are in this phase."""
        with self._database.statements() as connection:
            row = connection.execute(_COUNT, [phase.value]).fetchone()
        return int(row[0]) if row else 0

    def list(
        self, *, phase: Phase | None = None, author: str | None = None, limit: int = 100, oldest: bool = False
    ) -> Sequence[Case]:
        """Cases, the one that moved last first, or with `oldest` last.

        What a newer Assay wrote and we cannot read is left out and logged.
        """
        wanted = {"phase": phase and phase.value, "author": author, "limit": limit}
        with self._database.statements() as connection:
            found = connection.execute(_OLDEST if oldest else _LIST, wanted).fetchall()
        return tuple(case for case_id, body in found if (case := readable_case(case_id, body)) is not None)

    def created_by(self, author: str, *, after: str = "", limit: int = 20, ascending: bool = False) -> Sequence[Case]:
        """An author's cases by when they were begun; see Ledger. What cannot be read is logged, and the next counts."""
        query, page = _CREATED_BY_ASCENDING if ascending else _CREATED_BY, list[Case]()
        with self._database.statements() as connection:
            while len(page) < limit:
                begun = connection.execute(_CURSOR, [after, author]).fetchone() if after else (None,)
                if begun is None:
                    raise NotFound
                wanted = {"author": author, "after": after, "created": begun[0], "limit": limit - len(page)}
                found = connection.execute(query, wanted).fetchall()
                page += [case for case_id, body in found if (case := readable_case(case_id, body)) is not None]
                if len(found) < wanted["limit"]:
                    break
                after = found[-1][0]
        return tuple(page)

    def is_referenced(self, digest: str) -> bool:
        """Whether any case refers to these bytes, or ever did."""
        with self._database.statements() as connection:
            return bool(connection.execute(IS_REFERENCED, [[digest]]).fetchone())

    @contextmanager
    def try_lock(self, case_id: str) -> Iterator[bool]:
        """Whether no one else works on the case. It dies with the process, whose locks are all on one connection."""
        with self._locks.try_lock(case_id) as acquired:
            yield acquired
