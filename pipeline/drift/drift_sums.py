"""Measures drift beside the sweeps."""

from __future__ import annotations

from time import monotonic

from pipeline.ledgers.database import Database

_EVERY_SECONDS = 120.0


class DriftSums:
    """A MaintenanceTask (pipeline.advance): the ledger measures once in ten minutes, whichever process asks first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked = float("-inf")

    def run_maintenance(self) -> None:
        """Measure what is due. Safe to interrupt: all of it is one transaction. Raises Unavailable."""
        if monotonic() - self._asked < _EVERY_SECONDS:
            return
        with self._database.connection() as connection:
            connection.execute("SELECT sum_score_drift()")
        self._asked = monotonic()
