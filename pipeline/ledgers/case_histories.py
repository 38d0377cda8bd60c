"""Every case's events, page by page in the order of case ids: for looking at all that ever was decided."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.errors import Unavailable
from core.events import Event, Judged
from core.verdicts import Decision
from pipeline.ledgers.database import Database
from pipeline.ledgers.event_rows import parse_events
from pipeline.ledgers.memory_ledger import MemoryLedger

log = logging.getLogger("assay.ledger")

_PAGE = """
SELECT e.case_id, array_agg(e.body ORDER BY e.revision)
FROM events e JOIN (
    SELECT id FROM cases WHERE id > %(after)s AND (%(since)s::timestamptz IS NULL OR submitted >= %(since)s)
    ORDER BY id LIMIT %(limit)s
) AS page ON page.id = e.case_id
GROUP BY e.case_id ORDER BY e.case_id
"""

_COUNT = """
SELECT count(*) FROM cases WHERE id > %(after)s AND (%(since)s::timestamptz IS NULL OR submitted >= %(since)s)
"""

_DECIDED = """
SELECT body #>> '{verdict,policy}', (body #>> '{verdict,decision}')::int, count(*)
FROM events WHERE body ->> 'type' = 'Judged' AND at >= %s GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvents:
    """A case's events in order; None where a newer Assay wrote what this one cannot read."""

    case_id: str
    events: Sequence[Event] | None


class CaseHistories(Protocol):
    """What was decided, for looking back."""

    def page(self, *, after: str = "", since: datetime | None = None, limit: int = 200) -> Sequence[CaseEvents]:
        """Cases by id, those after `after` and submitted since a moment."""

    def count(self, *, after: str = "", since: datetime | None = None) -> int:
        """How many there are."""

    def count_verdicts(self, since: datetime) -> dict[tuple[str, Decision], int]:
        """How many verdicts each policy gave since then, by digest and decision."""


class PostgresCaseHistories:
    """CaseHistories over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def page(self, *, after: str = "", since: datetime | None = None, limit: int = 200) -> Sequence[CaseEvents]:
        """As CaseHistories.page."""
        with self._database.connection() as connection:
            rows = connection.execute(_PAGE, {"after": after, "since": since, "limit": limit}).fetchall()
        return tuple(_case_events(case_id, bodies) for case_id, bodies in rows)

    def count(self, *, after: str = "", since: datetime | None = None) -> int:
        """As CaseHistories.count."""
        with self._database.connection() as connection:
            row = connection.execute(_COUNT, {"after": after, "since": since}).fetchone()
        return int(row[0]) if row else 0

    def count_verdicts(self, since: datetime) -> dict[tuple[str, Decision], int]:
        """As CaseHistories.decided."""
        with self._database.connection() as connection:
            rows = connection.execute(_DECIDED, [since]).fetchall()
        return {(policy, Decision(decision)): count for policy, decision, count in rows}


class MemoryCaseHistories:
    """CaseHistories of a ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def page(self, *, after: str = "", since: datetime | None = None, limit: int = 200) -> Sequence[CaseEvents]:
        """As CaseHistories.page."""
        histories = {name: self._ledger.history(name) for name in self._names() if name > after}
        later = [name for name, history in histories.items() if since is None or history[0].at >= since]
        return tuple(CaseEvents(case_id=n, events=tuple(e.event for e in histories[n])) for n in later[:limit])

    def count(self, *, after: str = "", since: datetime | None = None) -> int:
        """As CaseHistories.count."""
        return len(self.page(after=after, since=since, limit=1_000_000))

    def count_verdicts(self, since: datetime) -> dict[tuple[str, Decision], int]:
        """As CaseHistories.decided."""
        found: dict[tuple[str, Decision], int] = {}
        for name in self._names():
            for entry in self._ledger.history(name):
                if isinstance(entry.event, Judged) and entry.at >= since:
                    key = (entry.event.verdict.policy, entry.event.verdict.decision)
                    found[key] = found.get(key, 0) + 1
        return found

    def _names(self) -> list[str]:
        return sorted(case.id for case in self._ledger.list(limit=1_000_000))


def _case_events(case_id: str, bodies: list[dict[str, object]]) -> CaseEvents:
    try:
        return CaseEvents(case_id=case_id, events=parse_events(case_id, bodies))
    except Unavailable as error:
        log.warning("%s", error)
        return CaseEvents(case_id=case_id, events=None)
