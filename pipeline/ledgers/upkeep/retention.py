"""What was counted or worked out from events goes once it is older than the settings want; events stay for ever.

Nothing here is part of the chain of events, of the audit log or of what is anchored: nobody can delete from those.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

from pipeline.ledgers.database import Database

_EVERY_SECONDS = 3600.0
_BATCH = 5_000  # rows in a transaction: whoever counts at the same time waits for no more than that
_MOST_BATCHES = 20  # at once; what is left goes the next time

# What is older than %(before)s. Days of usage go and months stay; of replays those that are over.
OLD_ROWS = {
    "report_minutes": "at < %(before)s",
    "account_usage": "length(period) = 10 AND period < to_char(%(before)s::timestamptz, 'YYYY-MM-DD')",
    "policy_replays": "state <> 'running' AND started < %(before)s",
}
_DELETE = "DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {old} LIMIT %(most)s))"
_BEFORE = "SELECT clock_timestamp() - %s::interval"


class Retention:
    """A MaintenanceTask (pipeline.advance): at most once an hour in this process, so many rows at a time."""

    def __init__(self, database: Database, *, keep: timedelta) -> None:
        self._database, self._keep = database, keep
        self._done = float("-inf")

    def run_maintenance(self) -> None:
        """Delete what is due. Safe to interrupt, and to run in several processes. Raises Unavailable."""
        if monotonic() - self._done < _EVERY_SECONDS:
            return
        delete_old_rows(self._database, keep=self._keep)
        self._done = monotonic()


def delete_old_rows(database: Database, *, keep: timedelta, batch: int = _BATCH) -> dict[str, int]:
    """Delete what is older, batch by batch; returns how many rows of each table went. Raises Unavailable."""
    with database.statements() as connection:
        row = connection.execute(_BEFORE, [keep]).fetchone()
        deleted = dict.fromkeys(OLD_ROWS, 0)
        for table, old in OLD_ROWS.items():
            query = _DELETE.format(table=table, old=old)
            for _ in range(_MOST_BATCHES):
                count = connection.execute(query.encode(), {"before": row and row[0], "most": batch}).rowcount
                deleted[table] += count
                if count < batch:
                    break
    return deleted
