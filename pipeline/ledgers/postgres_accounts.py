"""Accounts in Postgres, so that every process knows the same people."""

from __future__ import annotations

from collections.abc import Sequence

from core.roles import Role
from pipeline.accounts import Account
from pipeline.ledgers.database import Database

_KEEP = """
INSERT INTO accounts (id, roles, digest, closed) VALUES (%s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET roles = excluded.roles, digest = excluded.digest, closed = excluded.closed
"""

_FIELDS = "SELECT id, roles, digest, closed FROM accounts"


class PostgresAccounts:
    """Accounts over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def save(self, account: Account) -> None:
        """Keep an account; one with the same id is replaced."""
        roles = sorted(role.value for role in account.roles)
        with self._database.connection() as connection:
            connection.execute(_KEEP, [account.id, roles, account.digest, account.closed])

    def by_digest(self, digest: str) -> Account | None:
        """The account whose token has this SHA-256."""
        with self._database.connection() as connection:
            row = connection.execute(f"{_FIELDS} WHERE digest = %s", [digest]).fetchone()
        return _account(*row) if row else None

    def all(self) -> Sequence[Account]:
        """Every account, in the order of their ids."""
        with self._database.connection() as connection:
            rows = connection.execute(f'{_FIELDS} ORDER BY id COLLATE "C"').fetchall()
        return tuple(_account(*row) for row in rows)


def _account(account_id: str, roles: Sequence[str], digest: str, closed: bool) -> Account:
    return Account(id=account_id, roles=frozenset(Role(role) for role in roles), digest=digest, closed=closed)
