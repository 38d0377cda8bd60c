"""Answers of the verifier that were shared, until they expire; and what people said of answers, for half a year."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.types.json import Jsonb

from core.errors import BadInput, NotFound
from registry.table_cache import ConnectionProvider

SHARED_LIFETIME = timedelta(days=30)
FEEDBACK_OPINIONS = ("right", "wrong", "unclear")
_KEPT = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Feedback about a verifier's answer. It names neither a person nor a file."""

    verdict: str
    opinion: str
    note: str
    at: datetime


class PostgresSharedResults:
    """Kept in Postgres; what has expired is removed whenever something is added."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def share(self, body: dict[str, object], *, lifetime: timedelta = SHARED_LIFETIME) -> str:
        """Keep an answer; returns its id of 128 random bits."""
        name, now = secrets.token_urlsafe(16), datetime.now(UTC)
        with self._connections.connection() as connection:
            connection.execute("DELETE FROM shared_answers WHERE expires <= %s", [now])
            values = [name, Jsonb(body), now + lifetime]
            connection.execute("INSERT INTO shared_answers (id, body, expires) VALUES (%s, %s, %s)", values)
        return name

    def get_shared(self, name: str) -> tuple[dict[str, object], datetime]:
        """A shared answer, and until when it can be had. Raises NotFound, also for one that has expired."""
        query = "SELECT body, expires FROM shared_answers WHERE id = %s AND expires > %s"
        with self._connections.connection() as connection:
            row = connection.execute(query, [name[:64], datetime.now(UTC)]).fetchone()
        if row is None:
            raise NotFound("this link leads nowhere, or its answer has expired")
        return row[0], row[1]

    def add_feedback(self, verdict: str, opinion: str, note: str) -> None:
        """Store feedback about an answer. Raises BadInput."""
        if opinion not in FEEDBACK_OPINIONS:
            raise BadInput(f"an answer is {', '.join(FEEDBACK_OPINIONS)}")
        with self._connections.connection() as connection:
            connection.execute("DELETE FROM feedback WHERE at <= %s", [datetime.now(UTC) - _KEPT])
            values = [verdict[:64], opinion, note[:2000]]
            connection.execute("INSERT INTO feedback (verdict, opinion, note) VALUES (%s, %s, %s)", values)

    def said(self, *, limit: int = 100) -> Sequence[Feedback]:
        """All feedback, the newest first."""
        query = "SELECT verdict, opinion, note, at FROM feedback ORDER BY key DESC LIMIT %s"
        with self._connections.connection() as connection:
            rows = connection.execute(query, [limit]).fetchall()
        return [Feedback(verdict=verdict, opinion=opinion, note=note, at=at) for verdict, opinion, note, at in rows]
