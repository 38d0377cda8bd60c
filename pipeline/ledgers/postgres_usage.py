"""Counts of usage in Postgres: they survive a restart, and all processes count together."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Rollback

from pipeline.access.usage import Charge, Measure
from pipeline.ledgers.database import Database

# A row that would go over its limit is not written: then fewer rows come back than were asked for. Rows are taken in
# one order, so that of two processes none waits for the other for ever.
_CHARGE = """
WITH wanted AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[])
        AS w (subject, measure, period, amount, most)
)
INSERT INTO account_usage AS u (subject, measure, period, used)
SELECT subject, measure, period, amount FROM wanted WHERE amount <= most ORDER BY subject, measure, period
ON CONFLICT (subject, measure, period) DO UPDATE SET used = u.used + excluded.used
WHERE u.used + excluded.used <= (SELECT most FROM wanted w
                                 WHERE (w.subject, w.measure, w.period) = (u.subject, u.measure, u.period))
RETURNING subject, measure, period
"""

_REFUND = """
UPDATE account_usage u SET used = greatest(0, u.used - w.amount)
FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[]) AS w (subject, measure, period, amount)
WHERE (w.subject, w.measure, w.period) = (u.subject, u.measure, u.period)
"""

_USED = "SELECT used FROM account_usage WHERE subject = %s AND measure = %s AND period = %s"

_NO_LIMIT = 2**62


class PostgresUsage:
    """The UsageStore over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def charge(self, charges: Sequence[Charge]) -> Charge | None:
        """Count all of them, or none and return the first that does not fit."""
        most = [_NO_LIMIT if one.most is None else one.most for one in charges]
        with self._database.statements() as connection, connection.transaction() as transaction:
            counted = set(connection.execute(_CHARGE, [*_columns(charges), most]).fetchall())
            over = next((one for one in charges if (one.subject, one.measure.value, one.period) not in counted), None)
            if over is not None:
                raise Rollback(transaction)
        return over

    def refund(self, charges: Sequence[Charge]) -> None:
        """Take them back. Nothing falls below 0."""
        with self._database.statements() as connection:
            connection.execute(_REFUND, _columns(charges))

    def used(self, subject: str, measure: Measure, period: str) -> int:
        """How much was used."""
        with self._database.statements() as connection:
            row = connection.execute(_USED, [subject, measure.value, period]).fetchone()
        return int(row[0]) if row else 0


def _columns(charges: Sequence[Charge]) -> list[list[str] | list[int]]:
    return [
        [one.subject for one in charges],
        [one.measure.value for one in charges],
        [one.period for one in charges],
        [one.amount for one in charges],
    ]
