"""What policy asks about an author: how often refused, how busy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from core.case import Case, Phase
from core.events import Judged, Submitted
from core.ports import RecordedEvent
from core.verdicts import Decision
from pipeline.ledgers.database import Database
from pipeline.ledgers.memory_ledger import MemoryLedger

STRIKE_WINDOW = timedelta(days=30)
RECENT_WINDOW = timedelta(hours=1)
DAY_WINDOW = timedelta(days=1)
_NAMES = (
    "author_strikes",
    "author_refused_day",
    "author_refused_hour",
    "author_recent",
    "author_day",
    "author_waiting",
)

MAX_COUNTED_SUBMISSIONS = (
    10_000  # submissions are counted so far and no further: quotas are lower, and counting stays fast
)
MAX_REFUSED_CASES = 100  # likewise cases that were refused, the last to move first

# Of several verdicts at one gate of one case the last counts: a refusal that was lifted is no strike.
_REFUSED = """
WITH theirs AS MATERIALIZED (
    SELECT id FROM cases
    WHERE author = %(author)s AND moved > %(month)s AND refused
      AND (%(end_user)s = '' OR end_user = %(end_user)s)
    ORDER BY moved DESC LIMIT %(looked_at)s
)
SELECT count(*) FILTER (WHERE e.at > %(month)s),
       count(*) FILTER (WHERE e.at > %(day)s),
       count(*) FILTER (WHERE e.at > %(hour)s)
FROM theirs CROSS JOIN LATERAL (
    SELECT * FROM events WHERE case_id = theirs.id OFFSET 0  -- few cases: each by its key, never all events of a month
) AS e
WHERE e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' = '2'
  AND e.at > %(month)s AND e.at <= %(now)s
  AND NOT EXISTS (
    SELECT FROM events later
    WHERE later.case_id = e.case_id AND later.revision > e.revision AND later.at <= %(now)s
      AND later.body ->> 'type' = 'Judged' AND later.body #>> '{verdict,gate}' = e.body #>> '{verdict,gate}'
  )
"""

_SUBMITTED = """
SELECT (SELECT count(*) FROM (SELECT FROM cases WHERE author = %(author)s AND submitted > %(hour)s
                              AND submitted <= %(now)s LIMIT %(most)s) AS h),
       (SELECT count(*) FROM (SELECT FROM cases WHERE author = %(author)s AND submitted > %(day)s
                              AND submitted <= %(now)s LIMIT %(most)s) AS d),
       (SELECT count(*) FROM (SELECT FROM cases WHERE author = %(author)s AND phase = 'held' LIMIT %(most)s) AS w)
"""


class PostgresAuthorFacts:
    """Facts from the ledger in Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def author_facts(self, author: str, end_user: str = "", *, at: datetime | None = None) -> dict[str, int]:
        """What policy.vocabulary says of the facts that begin with `author_`.

        author_strikes: gates that refused within 30 days and stood by it; author_refused_day and _hour likewise.
        These are of one `end_user` where one is named, else of the account; the rest is always of the account.
        author_recent, author_day: submissions within an hour, a day. author_waiting: cases that are held, always as of
        now. `at` is the moment to look from, now if None. The case that is being judged counts among the submissions.
        """
        if not author:  # an opinion about a prompt that is no case
            return dict.fromkeys(_NAMES, 0)
        at = at or datetime.now(UTC)
        asked = {
            "author": author,
            "now": at,
            "month": at - STRIKE_WINDOW,
            "most": MAX_COUNTED_SUBMISSIONS,
            "looked_at": MAX_REFUSED_CASES,
        }
        asked |= {"end_user": end_user, "hour": at - RECENT_WINDOW, "day": at - DAY_WINDOW}
        with self._database.connection() as connection:
            refused = connection.execute(_REFUSED, asked).fetchone() or (0, 0, 0)
            submitted = connection.execute(_SUBMITTED, asked).fetchone() or (0, 0, 0)
        return dict(zip(_NAMES, (*refused, *submitted), strict=True))


class MemoryAuthorFacts:
    """The same facts from a ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def author_facts(self, author: str, end_user: str = "", *, at: datetime | None = None) -> dict[str, int]:
        """As PostgresAuthorFacts.author_facts."""
        at = at or datetime.now(UTC)
        stories = [_until(at, self._ledger.history(case.id)) for case in self._theirs(author)]
        theirs = [story for story in stories if not end_user or _for_whom(story) == end_user]
        refused = [entry.at for story in theirs for entry in _last_verdicts(story) if _refused(entry)]
        submitted = [story[0].at for story in stories if story]
        waiting = sum(case.phase is Phase.HELD for case in self._theirs(author))
        counts = [_since(refused, at - window) for window in (STRIKE_WINDOW, DAY_WINDOW, RECENT_WINDOW)]
        counts += [
            min(MAX_COUNTED_SUBMISSIONS, _since(submitted, at - window)) for window in (RECENT_WINDOW, DAY_WINDOW)
        ]
        return dict(zip(_NAMES, (*counts, min(MAX_COUNTED_SUBMISSIONS, waiting)), strict=True))

    def _theirs(self, author: str) -> Sequence[Case]:
        return self._ledger.list(author=author, limit=1_000_000)


def _since(moments: Sequence[datetime], start: datetime) -> int:
    return sum(moment > start for moment in moments)


def _until(at: datetime, story: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    return [entry for entry in story if entry.at <= at]


def _last_verdicts(story: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    by_gate = {entry.event.verdict.gate: entry for entry in story if isinstance(entry.event, Judged)}
    return list(by_gate.values())


def _for_whom(story: Sequence[RecordedEvent]) -> str:
    return next((entry.event.end_user for entry in story if isinstance(entry.event, Submitted)), "")


def _refused(entry: RecordedEvent) -> bool:
    return isinstance(entry.event, Judged) and entry.event.verdict.decision is Decision.REFUSE
