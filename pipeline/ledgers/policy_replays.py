"""Replays of policies over past cases: how far each is and what it found, for every process to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from psycopg.types.json import Jsonb

from core.errors import NotFound
from pipeline.ledgers.database import Database

STALLED_AFTER = timedelta(minutes=2)
"""One that has not got on for so long was interrupted, as by a restart."""

_FIELDS = "SELECT id, policy, by, started, touched, total, state, tally FROM policy_replays"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRecord:
    """A replay: running, done or failed. `tally` is a ReplayTally as JSON; `total` cases are to be looked at."""

    id: str
    policy: str
    by: str
    started: datetime
    touched: datetime
    total: int
    state: str
    tally: Mapping[str, Any]

    @property
    def status(self) -> str:
        """running, done, failed, or interrupted where it has not got on for a while."""
        stalled = self.state == "running" and datetime.now(UTC) - self.touched > STALLED_AFTER
        return "interrupted" if stalled else self.state

    @property
    def cases(self) -> int:
        """How many cases were looked at."""
        return int(self.tally.get("cases", 0))


class PolicyReplays(Protocol):
    """Stores replays."""

    def begin(self, name: str, policy: str, by: str, total: int) -> None:
        """Note that a replay begins."""

    def update(self, name: str, tally: Mapping[str, object], state: str) -> None:
        """Note how far it is."""

    def get(self, name: str) -> ReplayRecord:
        """One by its id. Raises NotFound."""

    def latest(self, limit: int) -> Sequence[ReplayRecord]:
        """The newest, the newest first."""


class PostgresPolicyReplays:
    """PolicyReplays over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: the migrations made them."""
        self._database = database

    def begin(self, name: str, policy: str, by: str, total: int) -> None:
        """As PolicyReplays.begin."""
        query = "INSERT INTO policy_replays (id, policy, by, total, state) VALUES (%s, %s, %s, %s, 'running')"
        with self._database.connection() as connection:
            connection.execute(query, [name, policy, by, total])

    def update(self, name: str, tally: Mapping[str, object], state: str) -> None:
        """As PolicyReplays.update."""
        query = "UPDATE policy_replays SET tally = %s, state = %s, touched = clock_timestamp() WHERE id = %s"
        with self._database.connection() as connection:
            connection.execute(query, [Jsonb(dict(tally)), state, name])

    def get(self, name: str) -> ReplayRecord:
        """As PolicyReplays.get."""
        with self._database.connection() as connection:
            row = connection.execute(f"{_FIELDS} WHERE id = %s", [name]).fetchone()
        if row is None:
            raise NotFound("there is no such replay")
        return _record(row)

    def latest(self, limit: int) -> Sequence[ReplayRecord]:
        """As PolicyReplays.latest."""
        with self._database.connection() as connection:
            rows = connection.execute(f"{_FIELDS} ORDER BY started DESC LIMIT %s", [limit]).fetchall()
        return [_record(row) for row in rows]


def _record(row: Sequence[Any]) -> ReplayRecord:
    return ReplayRecord(**dict(zip(ReplayRecord.__slots__, row, strict=True)))
