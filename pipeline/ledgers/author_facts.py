"""What policy asks about an author: how often refused, how busy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.ledgers.database import Database

STRIKE_WINDOW = timedelta(days=30)
RECENT_WINDOW = timedelta(hours=1)
DAY_WINDOW = timedelta(days=1)
MINUTE_WINDOW = timedelta(minutes=1)
AUTHOR_FACTS = (
    "author_strikes",
    "author_refused_day",
    "author_refused_hour",
    "author_recent",
    "author_day",
    "author_waiting",
    "account_refusals_last_minute",
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


# Whatever stood or fell of them since: somebody who tries is known by how often they try. Of a whole account.
_REFUSED_LATELY = """
SELECT count(*) FROM (SELECT id FROM cases WHERE author = %(author)s AND moved > %(minute)s AND refused
                      ORDER BY moved DESC LIMIT 1000) AS theirs
CROSS JOIN LATERAL (SELECT * FROM events WHERE case_id = theirs.id OFFSET 0) AS e
WHERE e.body ->> 'type' = 'Judged' AND e.body #>> '{verdict,decision}' = '2' AND e.at > %(minute)s AND e.at <= %(now)s
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
        account_refusals_last_minute: refusals of the account within a minute, whoever its end user is, lifted or not.
        author_recent, author_day: submissions within an hour, a day. author_waiting: cases that are held, always as of
        now. `at` is the moment to look from, now if None. The case that is being judged counts among the submissions.
        """
        if not author:  # an opinion about a prompt that is no case
            return dict.fromkeys(AUTHOR_FACTS, 0)
        at = at or datetime.now(UTC)
        asked = {
            "author": author,
            "now": at,
            "month": at - STRIKE_WINDOW,
            "most": MAX_COUNTED_SUBMISSIONS,
            "looked_at": MAX_REFUSED_CASES,
        }
        asked |= {"end_user": end_user, "hour": at - RECENT_WINDOW, "day": at - DAY_WINDOW}
        asked["minute"] = at - MINUTE_WINDOW
        with self._database.statements() as connection:
            refused = connection.execute(_REFUSED, asked).fetchone() or (0, 0, 0)
            submitted = connection.execute(_SUBMITTED, asked).fetchone() or (0, 0, 0)
            lately = connection.execute(_REFUSED_LATELY, asked).fetchone() or (0,)
        return dict(zip(AUTHOR_FACTS, (*refused, *submitted, *lately), strict=True))
