"""Appeals of removals as leads count them: what the service took down by itself, and what a claim took down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pipeline.ledgers.database import Database
from policy.review_priority import APPEAL_CLOCK, review_clocks

_WAITING = """
SELECT count(*), count(*) FILTER (WHERE since < %(late)s), min(since) FROM (
    SELECT (SELECT max(d.at) FROM decisions d WHERE d.case_id = w.case_id AND d.kind = 'appealed') AS since
    FROM waiting_recall_appeals w
) AS waiting
"""

_ANSWERED = """
SELECT count(*), count(*) FILTER (WHERE kind = 'reversed') FROM decisions d
WHERE at > %(since)s AND ((kind = 'reversed' AND code = 'appeal_granted') OR (kind = 'ruled' AND answers AND (
    SELECT p.kind FROM decisions p
    WHERE p.case_id = d.case_id AND p.revision < d.revision AND p.kind IN ('recalled', 'reversed')
    ORDER BY p.revision DESC LIMIT 1) = 'recalled'))
"""

_CLAIMS_WAITING = """
SELECT count(*), count(*) FILTER (WHERE due_at < %(now)s), min(received_at)
FROM claims WHERE appeal_of IS NOT NULL AND by_author AND decided_at IS NULL
"""

_CLAIMS_ANSWERED = """
SELECT count(*), count(*) FILTER (WHERE decision = 'upheld')
FROM claims WHERE appeal_of IS NOT NULL AND by_author AND decided_at > %(since)s
"""


def appeal_time() -> timedelta:
    """How long an appeal may wait for its answer."""
    return timedelta(hours=review_clocks()[APPEAL_CLOCK])


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalAppealCount:
    """Appeals of creators. `by` is what took their videos down, `service` or `claim`; `answered` since a moment, of
    which `overturned` put the video back. `late` is of those that wait.
    """

    by: str
    waiting: int
    late: int
    oldest: datetime | None
    answered: int
    overturned: int


class RemovalAppealFigures(Protocol):
    """Counts them."""

    def counts(self, since: datetime, now: datetime) -> Sequence[RemovalAppealCount]:
        """What waits now, and what was answered since."""


class PostgresRemovalAppeals:
    """RemovalAppealFigures over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def counts(self, since: datetime, now: datetime) -> Sequence[RemovalAppealCount]:
        """As RemovalAppealFigures.counts."""
        values = {"since": since, "now": now, "late": now - appeal_time()}
        return (
            self._count("service", _WAITING, _ANSWERED, values),
            self._count("claim", _CLAIMS_WAITING, _CLAIMS_ANSWERED, values),
        )

    def _count(self, by: str, waiting: str, answered: str, values: dict[str, Any]) -> RemovalAppealCount:
        with self._database.statements() as connection:
            count, late, oldest = connection.execute(waiting, values).fetchone() or (0, 0, None)
            done, overturned = connection.execute(answered, values).fetchone() or (0, 0)
        return RemovalAppealCount(by=by, waiting=count, late=late, oldest=oldest, answered=done, overturned=overturned)
