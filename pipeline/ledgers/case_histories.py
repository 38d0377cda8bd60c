"""Every case's events, page by page in the order of case ids: for looking at all that ever was decided."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.errors import Unavailable
from core.events import Event
from core.verdicts import Decision
from pipeline.ledgers.database import Database
from pipeline.ledgers.event_rows import parse_events

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
        """As CaseHistories.count_verdicts."""
        with self._database.connection() as connection:
            rows = connection.execute(_DECIDED, [since]).fetchall()
        return {(policy, Decision(decision)): count for policy, decision, count in rows}


def _case_events(case_id: str, bodies: list[dict[str, object]]) -> CaseEvents:
    try:
        return CaseEvents(case_id=case_id, events=parse_events(case_id, bodies))
    except Unavailable as error:
        log.warning("%s", error)
        return CaseEvents(case_id=case_id, events=None)
