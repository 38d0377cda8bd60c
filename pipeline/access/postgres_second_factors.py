"""Second factors in Postgres, so that all servers count attempts together and a code is accepted by one of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import psycopg

from pipeline.access.second_factors import SecondFactor
from pipeline.ledgers.database import Database

_BEGIN = """
INSERT INTO second_factors (account, secret, created) VALUES (%s, %s, %s)
ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, created = excluded.created
WHERE second_factors.confirmed IS NULL
RETURNING 1
"""

_COUNT = """
UPDATE second_factors SET
    attempts = CASE WHEN attempts_since < clock_timestamp() - %(window)s THEN 1 ELSE attempts + 1 END,
    attempts_since = CASE WHEN attempts_since < clock_timestamp() - %(window)s THEN clock_timestamp()
                          ELSE attempts_since END
WHERE account = %(account)s RETURNING attempts
"""


class PostgresSecondFactors:
    """Second factors over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def get(self, account: str) -> SecondFactor | None:
        """See SecondFactorStore."""
        query = "SELECT account, secret, created, confirmed, last_step FROM second_factors WHERE account = %s"
        with self._database.connection() as connection:
            row = connection.execute(query, [account]).fetchone()
        if row is None:
            return None
        owner, secret, created, confirmed, last_step = row
        return SecondFactor(
            account=owner, secret=bytes(secret), created=created, confirmed=confirmed, last_step=last_step
        )

    def begin(self, factor: SecondFactor) -> bool:
        """See SecondFactorStore."""
        with self._database.connection() as connection:
            return connection.execute(_BEGIN, [factor.account, factor.secret, factor.created]).fetchone() is not None

    def confirm(self, account: str, step: int, digests: Collection[str]) -> bool:
        """See SecondFactorStore."""
        query = (
            "UPDATE second_factors SET confirmed = clock_timestamp(), last_step = %s"
            " WHERE account = %s AND confirmed IS NULL RETURNING 1"
        )
        with self._database.connection() as connection, connection.transaction():
            if connection.execute(query, [step, account]).fetchone() is None:
                return False
            _put_codes(connection, account, digests)
        return True

    def accept_step(self, account: str, step: int) -> bool:
        """See SecondFactorStore."""
        query = "UPDATE second_factors SET last_step = %s WHERE account = %s AND last_step < %s RETURNING 1"
        with self._database.connection() as connection:
            return connection.execute(query, [step, account, step]).fetchone() is not None

    def use_recovery_code(self, account: str, digest: str) -> bool:
        """See SecondFactorStore."""
        query = "DELETE FROM recovery_codes WHERE account = %s AND digest = %s RETURNING 1"
        with self._database.connection() as connection:
            return connection.execute(query, [account, digest]).fetchone() is not None

    def replace_recovery_codes(self, account: str, digests: Collection[str]) -> None:
        """See SecondFactorStore."""
        with self._database.connection() as connection, connection.transaction():
            _put_codes(connection, account, digests)

    def recovery_codes_left(self, account: str) -> int:
        """See SecondFactorStore."""
        with self._database.connection() as connection:
            row = connection.execute("SELECT count(*) FROM recovery_codes WHERE account = %s", [account]).fetchone()
        return int(row[0]) if row else 0

    def count_attempt(self, account: str, window: timedelta) -> int:
        """See SecondFactorStore."""
        with self._database.connection() as connection:
            row = connection.execute(_COUNT, {"account": account, "window": window}).fetchone()
        return int(row[0]) if row else 0

    def clear_attempts(self, account: str) -> None:
        """See SecondFactorStore."""
        with self._database.connection() as connection:
            connection.execute("UPDATE second_factors SET attempts = 0 WHERE account = %s", [account])

    def remove(self, account: str) -> None:
        """See SecondFactorStore."""
        with self._database.connection() as connection:
            connection.execute("DELETE FROM second_factors WHERE account = %s", [account])


def _put_codes(connection: psycopg.Connection[Any], account: str, digests: Collection[str]) -> None:
    connection.execute("DELETE FROM recovery_codes WHERE account = %s", [account])
    for digest in digests:
        connection.execute("INSERT INTO recovery_codes VALUES (%s, %s)", [account, digest])
