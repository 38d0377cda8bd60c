"""Identities of OpenID providers in Postgres."""

from __future__ import annotations

from pipeline.ledgers.database import Database


class PostgresIdentities:
    """Which key an identity opens, over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def key_of(self, issuer: str, subject: str) -> str | None:
        """See IdentityStore."""
        query = "SELECT key FROM oidc_identities WHERE issuer = %s AND subject = %s"
        with self._database.connection() as connection:
            row = connection.execute(query, [issuer, subject]).fetchone()
        return row[0] if row else None

    def add(self, issuer: str, subject: str, key: str) -> bool:
        """See IdentityStore."""
        query = "INSERT INTO oidc_identities VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING 1"
        with self._database.connection() as connection:
            return connection.execute(query, [issuer, subject, key]).fetchone() is not None
