"""The log of exposure over Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipeline.ledgers.database import Database
from pipeline.moderation.exposure import ExposureStep, Step

_RECORD = """
INSERT INTO exposure_steps (person, case_id, step, severity, hour)
VALUES (%s, %s, %s, %s, date_trunc('hour', clock_timestamp()))
ON CONFLICT DO NOTHING
"""
_SINCE = """
SELECT person, case_id, step, severity, at FROM exposure_steps
WHERE at > %(moment)s AND (%(person)s::text = '' OR person = %(person)s::text)
ORDER BY at
"""


class PostgresExposure:
    """ExposureLog over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def record(self, person: str, case_id: str, step: Step, severity: int) -> None:
        """As ExposureLog.record."""
        with self._database.statements() as connection:
            connection.execute(_RECORD, [person, case_id, step.value, severity])

    def since(self, moment: datetime, *, person: str = "") -> Sequence[ExposureStep]:
        """As ExposureLog.since. Steps that a newer Assay knows and we do not are left out."""
        with self._database.statements() as connection:
            rows = connection.execute(_SINCE, {"moment": moment, "person": person}).fetchall()
        return tuple(
            ExposureStep(person=who, case_id=case_id, step=Step(step), severity=severity, at=at)
            for who, case_id, step, severity, at in rows
            if step in list(Step)
        )

    def erase(self, person: str) -> int:
        """As ExposureLog.erase."""
        with self._database.statements() as connection:
            return connection.execute("DELETE FROM exposure_steps WHERE person = %s", [person]).rowcount

    def remove_before(self, moment: datetime) -> int:
        """As ExposureLog.remove_before."""
        with self._database.statements() as connection:
            return connection.execute("DELETE FROM exposure_steps WHERE at < %s", [moment]).rowcount
