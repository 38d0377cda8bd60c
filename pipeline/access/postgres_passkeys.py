"""Passkeys in Postgres."""

from __future__ import annotations

from datetime import datetime

from pipeline.access.passkeys import Passkey
from pipeline.ledgers.database import Database

_PASSKEYS = "SELECT key, credential, public_key, sign_count FROM passkeys"


class PostgresPasskeys:
    """Passkeys over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def add(self, passkey: Passkey) -> bool:
        """See PasskeyStore."""
        query = "INSERT INTO passkeys VALUES (%s, %s, %s, %s) ON CONFLICT (credential) DO NOTHING RETURNING 1"
        values = [passkey.key, passkey.credential, passkey.public_key, passkey.sign_count]
        with self._database.connection() as connection:
            return connection.execute(query, values).fetchone() is not None

    def by_credential(self, credential: bytes) -> Passkey | None:
        """See PasskeyStore."""
        return self._find("credential = %s", credential)

    def of_key(self, key: str) -> Passkey | None:
        """See PasskeyStore."""
        return self._find("key = %s", key)

    def count(self, key: str, before: int, now: int) -> bool:
        """See PasskeyStore."""
        query = "UPDATE passkeys SET sign_count = %s WHERE key = %s AND sign_count = %s RETURNING 1"
        with self._database.connection() as connection:
            return connection.execute(query, [now, key, before]).fetchone() is not None

    def remove(self, key: str) -> None:
        """See PasskeyStore."""
        with self._database.connection() as connection:
            connection.execute("DELETE FROM passkeys WHERE key = %s", [key])

    def use_challenge(self, digest: str, until: datetime) -> bool:
        """See PasskeyStore. What nobody could answer any more is forgotten."""
        query = "INSERT INTO used_challenges VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING 1"
        with self._database.connection() as connection:
            connection.execute("DELETE FROM used_challenges WHERE until < clock_timestamp()")
            return connection.execute(query, [digest, until]).fetchone() is not None

    def _find(self, condition: str, value: str | bytes) -> Passkey | None:
        with self._database.connection() as connection:
            row = connection.execute(f"{_PASSKEYS} WHERE {condition}", [value]).fetchone()
        if row is None:
            return None
        key, credential, public_key, sign_count = row
        return Passkey(key=key, credential=bytes(credential), public_key=bytes(public_key), sign_count=sign_count)
