"""Sums what the dashboards ask, five minutes at a time, beside the sweeps."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

from pipeline.ledgers.database import Database

_EVERY_SECONDS = 60.0
_MOST = timedelta(hours=6)  # of events at once, where there is much to make good


class ReportMinutes:
    """A MaintenanceTask (pipeline.advance): at most once a minute in this process, by one process at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._done = float("-inf")

    def run_maintenance(self) -> None:
        """Sum what is new. Safe to interrupt: what was not summed is summed next time. Raises Unavailable."""
        if monotonic() - self._done < _EVERY_SECONDS:
            return
        with self._database.connection() as connection:
            connection.execute("SELECT sum_report_minutes(%s)", (_MOST,))
            connection.execute("SELECT sum_cost_minutes(%s)", (_MOST,))
        self._done = monotonic()
