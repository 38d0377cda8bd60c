"""Windows of time over the ledger: what is due by role, what drifts, who is refused again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.drift.score_drift import PostgresScoreDrift, ScoreDrift
from pipeline.ledgers.database import Database
from pipeline.runners.topics import WORKER_ROLES

PROBING_REFUSALS = 20
"""An account that was refused more often than this within a minute is trying what passes."""

_DUE = "SELECT phase, cases, seconds FROM due_phases WHERE phase = ANY(%s)"
_PROBING = "SELECT count(*) FROM refusals_last_minute WHERE refusals > %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLag:
    """Cases that workers of a role could take now, and for how many seconds the longest of them could have been."""

    role: str
    cases: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerWindows:
    """What was counted. `probing`: accounts refused more than `PROBING_REFUSALS` times within a minute."""

    lags: Sequence[RoleLag]
    drift: Sequence[ScoreDrift]
    probing: int


class PostgresLedgerWindows:
    """The windows of an installation's database."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database
        self._drift = PostgresScoreDrift(database)

    def read_windows(self) -> LedgerWindows:
        """As they are now; a role for which nothing is due is told as 0. Raises Unavailable."""
        role_of = {phase.value: role for role, phases in WORKER_ROLES.items() for phase in phases}
        with self._database.connection() as connection:
            due = connection.execute(_DUE, [list(role_of)]).fetchall()
            probing = connection.execute(_PROBING, [PROBING_REFUSALS]).fetchone()
        found = {phase: (cases, seconds) for phase, cases, seconds in due}
        return LedgerWindows(
            lags=_by_role(role_of, found), drift=self._drift.latest(), probing=probing[0] if probing else 0
        )


def _by_role(role_of: Mapping[str, str], found: Mapping[str, tuple[int, float]]) -> Sequence[RoleLag]:
    lags = []
    for role in WORKER_ROLES:
        of_role = [found[phase] for phase in found if role_of[phase] == role]
        cases, seconds = sum(n for n, _ in of_role), max((s for _, s in of_role), default=0.0)
        lags.append(RoleLag(role=role, cases=cases, seconds=seconds))
    return lags
