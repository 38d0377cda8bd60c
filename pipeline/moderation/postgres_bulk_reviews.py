"""Bulk reviews and saved searches in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from core.errors import BadInput
from pipeline.ledgers.database import Database
from pipeline.moderation.review_stores import MOST_SEARCHES, BulkReview

_ADD = """
INSERT INTO bulk_reviews (id, account, action, code, to_whom, cases, due_at)
VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp() + %s)
"""
# Only as long as nobody has begun it.
_UNDO = """
UPDATE bulk_reviews SET state = 'undone' WHERE id = %s AND account = %s AND state = 'waiting' AND outcome = '{}'
"""
_RECENT = """
SELECT id, account, action, code, to_whom, cases, due_at, state, outcome FROM bulk_reviews
WHERE account = %s AND asked_at > clock_timestamp() - interval '10 minutes' ORDER BY asked_at DESC LIMIT 5
"""
# Whoever claims it marks it as begun, after which it cannot be undone.
_CLAIM = """
UPDATE bulk_reviews SET due_at = clock_timestamp() + %s, outcome = '{"": "begun"}'
WHERE id = (SELECT id FROM bulk_reviews WHERE state = 'waiting' AND due_at <= clock_timestamp()
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, account, action, code, to_whom, cases, due_at, state, outcome
"""
_FINISH = "UPDATE bulk_reviews SET state = 'done', outcome = %s WHERE id = %s"

_SAVE = """
INSERT INTO saved_searches (account, name, query)
SELECT %(account)s, %(name)s, %(query)s
WHERE (SELECT count(*) FROM saved_searches WHERE account = %(account)s AND name <> %(name)s) < %(most)s
ON CONFLICT (account, name) DO UPDATE SET query = excluded.query
"""


class PostgresBulkReviews:
    """BulkReviews over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def add(self, asked: BulkReview, delay: timedelta) -> None:
        """As BulkReviews.add."""
        values = [asked.id, asked.account, asked.action, asked.code, asked.to_whom, Jsonb(dict(asked.cases)), delay]
        with self._database.durable_statements() as connection:
            connection.execute(_ADD, values)

    def undo(self, account: str, bulk_id: str) -> bool:
        """As BulkReviews.undo."""
        with self._database.durable_statements() as connection:
            return bool(connection.execute(_UNDO, [bulk_id, account]).rowcount)

    def recent(self, account: str) -> Sequence[BulkReview]:
        """As BulkReviews.recent."""
        with self._database.statements() as connection:
            return tuple(_bulk(row) for row in connection.execute(_RECENT, [account]).fetchall())

    def claim(self, lease: timedelta) -> BulkReview | None:
        """As BulkReviews.claim."""
        with self._database.durable_statements() as connection:
            row = connection.execute(_CLAIM, [lease]).fetchone()
        return _bulk(row) if row else None

    def finish(self, bulk_id: str, outcome: Mapping[str, str]) -> None:
        """As BulkReviews.finish."""
        with self._database.durable_statements() as connection:
            connection.execute(_FINISH, [Jsonb(dict(outcome)), bulk_id])


class PostgresSavedSearches:
    """SavedSearches over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def save(self, account: str, name: str, query: str) -> None:
        """As SavedSearches.save."""
        values = {"account": account, "name": name, "query": query, "most": MOST_SEARCHES}
        with self._database.statements() as connection:
            if not connection.execute(_SAVE, values).rowcount:
                raise BadInput(f"{MOST_SEARCHES} searches can be kept: delete one first")

    def delete(self, account: str, name: str) -> None:
        """As SavedSearches.delete."""
        with self._database.statements() as connection:
            connection.execute("DELETE FROM saved_searches WHERE account = %s AND name = %s", [account, name])

    def of(self, account: str) -> Mapping[str, str]:
        """As SavedSearches.of."""
        query = "SELECT name, query FROM saved_searches WHERE account = %s ORDER BY name"
        with self._database.statements() as connection:
            return dict(connection.execute(query, [account]).fetchall())


def _bulk(row: tuple[Any, ...]) -> BulkReview:
    bulk_id, account, action, code, to_whom, cases, due_at, state, outcome = row
    return BulkReview(
        id=bulk_id,
        account=account,
        action=action,
        code=code,
        to_whom=to_whom,
        cases=cases,
        due_at=due_at,
        state=state,
        outcome=outcome,
    )
