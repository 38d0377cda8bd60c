"""What policy asks about an author: how often refused, how busy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from core.case import Case
from core.events import Judged
from core.ports import Entry
from core.verdicts import Decision
from pipeline.ledgers.database import Database
from pipeline.ledgers.memory import MemoryLedger

STRIKES_WITHIN = timedelta(days=30)
RECENT_WITHIN = timedelta(hours=1)

# Of several verdicts at one gate of one case the last counts: a refusal that was lifted is no strike.
_STRIKES = """
SELECT count(*) FROM (
    SELECT DISTINCT ON (e.case_id, e.body #>> '{verdict,gate}') e.at, (e.body #>> '{verdict,decision}')::int AS decision
    FROM events e JOIN cases c ON c.id = e.case_id
    WHERE c.author = %s AND e.body ->> 'type' = 'Judged' AND e.at <= %s
    ORDER BY e.case_id, e.body #>> '{verdict,gate}', e.revision DESC
) AS last
WHERE decision = %s AND at > %s
"""

_RECENT = "SELECT count(*) FROM cases WHERE author = %s AND submitted > %s AND submitted <= %s"


class PostgresFacts:
    """Facts from the ledger in Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def author_facts(self, author: str, *, at: datetime | None = None) -> dict[str, int]:
        """author_strikes: gates that refused within 30 days and stood by it. author_recent: submissions within an hour.

        `at` is the moment to look from, now if None. The case that is being judged counts among the recent.
        """
        at = at or datetime.now(UTC)
        with self._database.connection() as connection:
            strikes = connection.execute(_STRIKES, [author, at, int(Decision.REFUSE), at - STRIKES_WITHIN]).fetchone()
            recent = connection.execute(_RECENT, [author, at - RECENT_WITHIN, at]).fetchone()
        return {"author_strikes": strikes[0] if strikes else 0, "author_recent": recent[0] if recent else 0}


class MemoryFacts:
    """The same facts from a ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def author_facts(self, author: str, *, at: datetime | None = None) -> dict[str, int]:
        """As PostgresFacts.author_facts."""
        at = at or datetime.now(UTC)
        stories = [_until(at, self._ledger.history(case.id)) for case in self._theirs(author)]
        last = [entry for story in stories for entry in _last_verdicts(story)]
        return {
            "author_strikes": sum(_refused(entry) and entry.at > at - STRIKES_WITHIN for entry in last),
            "author_recent": sum(bool(story) and story[0].at > at - RECENT_WITHIN for story in stories),
        }

    def _theirs(self, author: str) -> Sequence[Case]:
        return self._ledger.list(author=author, limit=1_000_000)


def _until(at: datetime, story: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in story if entry.at <= at]


def _last_verdicts(story: Sequence[Entry]) -> list[Entry]:
    by_gate = {entry.event.verdict.gate: entry for entry in story if isinstance(entry.event, Judged)}
    return list(by_gate.values())


def _refused(entry: Entry) -> bool:
    return isinstance(entry.event, Judged) and entry.event.verdict.decision is Decision.REFUSE
