"""Takedowns: consent that ended, and what came down because of it. A takedown is open until everything is down."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.errors import NotFound
from registry.table_cache import ConnectionProvider, RegistryConnection

_FIELDS = "SELECT id, cameo, lease, reason, case_id, asked, done, account FROM cascades"
# Nothing happens to a case after it was withdrawn: that is when it last moved.
_ITEMS = """
SELECT i.case_id, i.author, i.phase, i.recalled, c.changed_at
FROM cascade_items i LEFT JOIN case_requests c ON c.case_id = i.case_id AND c.phase = 'withdrawn'
WHERE i.cascade = %s ORDER BY i.recalled, i.case_id
"""


@dataclass(frozen=True, slots=True)
class Takedown:
    """Consent ended at `asked`; everything that rested on it was down at `done`.

    `account` is who was blocked, where that is the reason.
    """

    id: str
    cameo: str
    lease: str
    reason: str
    case_id: str
    asked: datetime
    done: datetime | None
    account: str = ""


@dataclass(frozen=True, slots=True)
class TakenDownCase:
    """One case that came down: the phase it was in, when it was recalled, when its public copy was gone."""

    case_id: str
    author: str
    phase: str
    recalled: datetime
    withdrawn: datetime | None


class PostgresTakedowns:
    """Takedowns in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def open(self) -> Sequence[Takedown]:
        """Those that are not done, the oldest first."""
        return self._where("done IS NULL ORDER BY asked, id")

    def of(self, cameo: str) -> Sequence[Takedown]:
        """Those of a cameo, the newest first."""
        return self._where("cameo = %s ORDER BY asked DESC, id", cameo)

    def get(self, name: str) -> Takedown:
        """By its id. Raises NotFound."""
        takedowns = self._where("id = %s", name)
        if not takedowns:
            raise NotFound("there is no such report")
        return takedowns[0]

    def items(self, name: str) -> Sequence[TakenDownCase]:
        """What came down because of it, in order."""
        with self._connections.connection() as connection:
            return tuple(TakenDownCase(*row) for row in connection.execute(_ITEMS, [name]).fetchall())

    def done(self, cascade: Takedown, owner: str) -> None:
        """Close it, since everything is down, and notify the owner; where nothing had been made they read that."""
        with self._connections.connection() as connection:
            query = "UPDATE cascades SET done = clock_timestamp() WHERE id = %s AND done IS NULL"
            if connection.execute(query, [cascade.id]).rowcount and owner:
                items = connection.execute("SELECT 1 FROM cascade_items WHERE cascade = %s LIMIT 1", [cascade.id])
                what = "down" if items.fetchone() else "nothing"
                add_notices(connection, [(owner, f"{what}_{cascade.reason}", cascade.id, cascade.cameo)])

    def _where(self, condition: str, *values: object) -> Sequence[Takedown]:
        with self._connections.connection() as connection:
            rows = connection.execute(f"{_FIELDS} WHERE {condition}", values).fetchall()
        return tuple(Takedown(*row) for row in rows)


def open_takedown(
    connection: RegistryConnection, cameo: str, reason: str, *, lease: str = "", case_id: str = "", account: str = ""
) -> str:
    """From now on what rested on a consent that ended is due, within the transaction; returns the takedown's id."""
    name = f"cascade_{secrets.token_hex(8)}"
    add = "INSERT INTO cascades (id, cameo, lease, reason, case_id, account) VALUES (%s, %s, %s, %s, %s, %s)"
    connection.execute(add, [name, cameo, lease, reason, case_id, account])
    return name


def add_notices(connection: RegistryConnection, notices: Sequence[tuple[str, str, str, str]]) -> None:
    """Add notices (account, code, case or report, cameo), within the transaction. The same notice is added once."""
    add = (
        "INSERT INTO notices (account, code, case_id, cameo)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING"
    )
    connection.execute(add, [list(column) for column in zip(*notices, strict=True)] or [[], [], [], []])
