"""How far each classifier is from its week of reference, as the ledger last measured it (097_score_drift.sql, 102)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.ledgers.database import Database

DRIFT_ALARM = 0.25
"""From here on scores have moved: the customary bound of the population stability index. Below 0.1 nothing has."""

MAX_AGE = timedelta(hours=1)
"""What was measured longer ago says nothing of now: it is measured every ten minutes where anything sweeps."""

_LATEST = """
SELECT d.at, d.source, d.label, d.hours, d.measured, d.psi, r.since, r.until, r.collecting
FROM score_drift d JOIN score_references r USING (source, label)
WHERE d.at = (SELECT max(at) FROM score_drift) AND d.at > clock_timestamp() - %s
ORDER BY d.psi DESC NULLS LAST, d.source, d.label
"""
_CHOOSE = "SELECT choose_score_reference(%s, %s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDrift:
    """Of one label of one classifier. `psi` is None where too few were measured within `hours` to tell, or so far in a
    reference that is still `collecting`.
    """

    at: datetime
    source: str
    label: str
    hours: int
    measured: int
    psi: float | None
    since: datetime
    until: datetime
    collecting: bool = False

    @property
    def has_moved(self) -> bool:
        """Whether somebody should look."""
        return self.psi is not None and self.psi >= DRIFT_ALARM


class PostgresScoreDrift:
    """What the ledger's database knows of drift."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def latest(self) -> Sequence[ScoreDrift]:
        """Each classifier with a week of reference, what moved most first; empty if not measured lately. Raises
        Unavailable.
        """
        with self._database.statements() as connection:
            rows = connection.execute(_LATEST, [MAX_AGE]).fetchall()
        names = ("at", "source", "label", "hours", "measured", "psi", "since", "until", "collecting")
        return tuple(ScoreDrift(**dict(zip(names, row, strict=True))) for row in rows)

    def choose_reference(self, source: str, by: str) -> int:
        """Compare with how a classifier scores now: the last seven days, or where it changed within them what comes.

        Returns for how many labels that is something else than before.
        """
        with self._database.connection() as connection:
            row = connection.execute(_CHOOSE, [source, by]).fetchone()
        return int(row[0]) if row else 0
