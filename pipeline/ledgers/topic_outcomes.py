"""The outbox of outcomes in Postgres: a trigger on the cases fills it, whoever sends empties it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import NotFound
from pipeline.ledgers.database import Database
from pipeline.topic_contract.outcome_outbox import OutcomeBatch, PendingOutcome

# Locked first: an append that moves the case in this moment comes before, and is seen, or after, and sees this row.
_LOCK = "SELECT revision FROM cases WHERE id = %s FOR UPDATE"
_FOLLOW = """
INSERT INTO topic_requests (case_id, request, account, topic) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_QUEUE = "INSERT INTO topic_outcomes (case_id, revision) VALUES (%s, %s)"

# One sender at a time: two could overtake each other with two outcomes of one case.
_ONE_SENDER = "SELECT pg_try_advisory_xact_lock(hashtextextended('assay.topic_outcomes', 0))"
_OLDEST = """
SELECT o.id, o.case_id, o.revision, r.request, r.account, r.topic
FROM topic_outcomes o JOIN topic_requests r USING (case_id) ORDER BY o.id LIMIT %s
"""
_FIELDS = ("case_id", "revision", "request", "account", "topic")
_FORGET = "DELETE FROM topic_outcomes WHERE id = ANY(%s)"


class PostgresOutcomeOutbox:
    """An OutcomeOutbox over Postgres. Any number of processes may share one."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def follow(self, case_id: str, *, request: str, account: str, topic: str) -> bool:
        """See OutcomeOutbox. Raises NotFound, Unavailable."""
        with self._database.connection() as connection:
            row = connection.execute(_LOCK, [case_id]).fetchone()
            if row is None:
                raise NotFound
            if connection.execute(_FOLLOW, [case_id, request, account, topic]).rowcount == 0:
                return False
            connection.execute(_QUEUE, [case_id, row[0]])
        return True

    @contextmanager
    def take(self, limit: int) -> Iterator[OutcomeBatch]:
        """See OutcomeOutbox. Nothing where another process is sending. Raises Unavailable."""
        with self._database.connection() as connection:
            mine = connection.execute(_ONE_SENDER).fetchone()
            rows = connection.execute(_OLDEST, [limit]).fetchall() if mine and mine[0] else []
            ids = {PendingOutcome(**dict(zip(_FIELDS, values, strict=True))): row_id for row_id, *values in rows}
            batch = OutcomeBatch(tuple(ids))
            yield batch
            connection.execute(_FORGET, [[row_id for one, row_id in ids.items() if one not in batch.kept]])
