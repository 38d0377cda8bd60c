"""How many cases lie in each phase, by the ledger's view of them."""

from __future__ import annotations

from collections.abc import Sequence

from core.case import Phase
from pipeline.ledgers.database import Database
from pipeline.observability.case_gauges import PhaseCount

_OPEN = [p.value for p in Phase if p not in {Phase.NEW, Phase.PUBLISHED, Phase.REFUSED, Phase.FAILED, Phase.WITHDRAWN}]
_COUNT = "SELECT phase, cases, extract(epoch FROM clock_timestamp() - since)::float8 FROM open_phases"


class PostgresPhaseCounts:
    """The PhaseCounts of an installation's database. Phases in which nothing lies are told as 0."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count_phases(self) -> Sequence[PhaseCount]:
        """Each phase in which something waits or is worked on. Raises Unavailable."""
        with self._database.connection() as connection:
            found = {phase: (cases, oldest) for phase, cases, oldest in connection.execute(_COUNT).fetchall()}
        return [
            PhaseCount(phase=phase, cases=found.get(phase, (0, 0.0))[0], oldest=found.get(phase, (0, 0.0))[1])
            for phase in _OPEN
        ]
