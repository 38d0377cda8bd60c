"""Whom an account knows and whom it blocks. Both are the account's own: nobody else is shown them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registry.consent.takedown_store import open_takedown
from registry.table_cache import ConnectionProvider, RegistryConnection

_KNOWN = """
SELECT a.other, EXISTS (SELECT 1 FROM acquaintances b WHERE b.account = a.other AND b.other = a.account)
FROM acquaintances a WHERE a.account = %s ORDER BY a.other
"""
_ARE_MUTUALS = """
SELECT 1 FROM acquaintances a JOIN acquaintances b ON b.account = a.other AND b.other = a.account
WHERE a.account = %s AND a.other = %s
"""
_CAMEOS_FOR_MUTUALS = """
SELECT id FROM cameos c WHERE owner = %s AND state <> 'erased' AND EXISTS (
    SELECT 1 FROM leases l WHERE l.handle = c.id AND l.holder = '~' AND l.revoked IS NULL
       AND (l.until IS NULL OR l.until > clock_timestamp()))
ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that somebody says they know. `mutual`: it says so too."""

    account: str
    mutual: bool


@dataclass(frozen=True, slots=True)
class BlockedAccount:
    """An account, or one end user of one, that no permission of this owner covers, and since when."""

    account: str
    at: datetime


class PostgresPeople:
    """Acquaintances and blocked accounts in Postgres, looked up each time."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def known(self, account: str) -> Sequence[KnownAccount]:
        """Whom this account says it knows."""
        with self._connections.connection() as connection:
            return tuple(KnownAccount(*row) for row in connection.execute(_KNOWN, [account]).fetchall())

    def blocked(self, account: str) -> Sequence[BlockedAccount]:
        """Whom this account blocks, the newest first."""
        query = "SELECT blocked, at FROM blocked_accounts WHERE account = %s ORDER BY at DESC, blocked"
        with self._connections.connection() as connection:
            return tuple(BlockedAccount(*row) for row in connection.execute(query, [account]).fetchall())

    def block(self, account: str, other: str) -> Sequence[str]:
        """From now on nothing covers this other account, or one end user of it, who is no acquaintance any more.

        In the same transaction what they made of this owner falls due, and what mutuals may no longer: the ids of the
        takedowns. None where they were blocked already.
        """
        add = "INSERT INTO blocked_accounts (account, blocked) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        own = "SELECT id FROM cameos WHERE owner = %s AND state <> 'erased' ORDER BY made, id"
        with self._connections.connection() as connection:
            is_new = connection.execute(add, [account, other]).rowcount == 1
            cameos = [row[0] for row in connection.execute(own, [account]).fetchall()] if is_new else []
            opened = [open_takedown(connection, cameo, "blocked", account=other) for cameo in cameos]
            return (*opened, *_part(connection, account, other))

    def forget(self, account: str, other: str) -> Sequence[str]:
        """This account knows the other no longer. Where they were mutuals, what either made under the other's
        permission for mutuals falls due in the same transaction: the ids of the takedowns."""
        with self._connections.connection() as connection:
            return _part(connection, account, other)

    def unblock(self, account: str, other: str) -> None:
        """Permissions count for this other account again, and its requests come. What came down stays down."""
        with self._connections.connection() as connection:
            connection.execute("DELETE FROM blocked_accounts WHERE account = %s AND blocked = %s", [account, other])
            connection.execute("DELETE FROM consent_request_blocks WHERE owner = %s AND asker = %s", [account, other])


def _part(connection: RegistryConnection, account: str, other: str) -> Sequence[str]:
    were_mutuals = connection.execute(_ARE_MUTUALS, [account, other]).fetchone() is not None
    connection.execute("DELETE FROM acquaintances WHERE account = %s AND other = %s", [account, other])
    return tuple(
        open_takedown(connection, row[0], "changed", account=maker)
        for owner, maker in ((account, other), (other, account))
        if were_mutuals
        for row in connection.execute(_CAMEOS_FOR_MUTUALS, [owner]).fetchall()
    )
