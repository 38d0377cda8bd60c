"""The outbox of statements over Postgres (078_statements.sql)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from psycopg.types.json import Jsonb

from pipeline.ledgers.database import Database
from pipeline.legal_record.restriction import Period
from pipeline.legal_record.statement import Payload
from pipeline.legal_record.statement_sending import Outcome, TakenStatement

_QUEUE = """
INSERT INTO statement_outbox (puid) SELECT puid FROM restrictions
WHERE at >= %(start)s AND at < %(end)s AND (public OR NOT %(published_only)s) ON CONFLICT DO NOTHING
"""
_TAKE = """
UPDATE statement_outbox SET attempts = attempts + 1, due = clock_timestamp() + %(lease)s WHERE puid IN (
    SELECT puid FROM statement_outbox WHERE state = 'waiting' AND due <= clock_timestamp()
    ORDER BY due LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING puid, attempts
"""
_SETTLE = """
UPDATE statement_outbox
SET state = %(state)s, settled = clock_timestamp(), payload = %(payload)s, remote = %(remote)s, error = %(error)s
WHERE puid = %(puid)s AND state = 'waiting'
"""
_PUT_OFF = "UPDATE statement_outbox SET due = clock_timestamp() + %s, error = %s WHERE puid = %s AND state = 'waiting'"
_LONGEST = 500


class PostgresStatementOutbox:
    """StatementOutbox over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def queue(self, period: Period, *, published_only: bool) -> int:
        """As StatementOutbox.queue."""
        values = {"start": period.start, "end": period.end, "published_only": published_only}
        with self._database.connection() as connection:
            return connection.execute(_QUEUE, values).rowcount

    def take(self, *, limit: int, lease: timedelta) -> Sequence[TakenStatement]:
        """As StatementOutbox.take."""
        with self._database.connection() as connection:
            rows = connection.execute(_TAKE, {"limit": limit, "lease": lease}).fetchall()
        return [TakenStatement(puid=puid, attempts=attempts) for puid, attempts in rows]

    def settle(self, puid: str, outcome: Outcome, payload: Payload) -> None:
        """As StatementOutbox.settle."""
        values = {
            "puid": puid,
            "state": outcome.state,
            "payload": Jsonb(payload),
            "remote": outcome.remote,
            "error": outcome.error[:_LONGEST],
        }
        with self._database.connection() as connection:
            connection.execute(_SETTLE, values)

    def put_off(self, puid: str, error: str, wait: timedelta) -> None:
        """As StatementOutbox.put_off."""
        with self._database.connection() as connection:
            connection.execute(_PUT_OFF, [wait, error[:_LONGEST], puid])

    def pending(self) -> Sequence[str]:
        """As StatementOutbox.pending."""
        statement = "SELECT puid FROM statement_outbox WHERE state = 'waiting' ORDER BY due"
        with self._database.statements() as connection:
            return [puid for (puid,) in connection.execute(statement).fetchall()]

    def counts(self) -> Mapping[str, int]:
        """As StatementOutbox.counts."""
        with self._database.statements() as connection:
            rows = connection.execute("SELECT state, count(*) FROM statement_outbox GROUP BY state").fetchall()
        return dict(rows)
