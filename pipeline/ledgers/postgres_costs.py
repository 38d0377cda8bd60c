"""Prices and costs in Postgres: the view `video_costs` over the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipeline.access.video_costs import CostLine, EnginePrice, SavedMeasuring
from pipeline.ledgers.database import Database

_LOCK = 0x434F5354  # "COST": of several processes that start at once one writes a list

_LAST = """
SELECT engine, models, cost_per_second FROM engine_prices
WHERE listed = (SELECT max(listed) FROM engine_prices) ORDER BY engine
"""

_LINES = """
SELECT outcome, engine, count(*), sum(seconds), coalesce(sum(amount), 0), count(*) FILTER (WHERE amount IS NULL)
FROM video_costs
WHERE at >= %(since)s AND at < %(until)s AND (%(author)s::text IS NULL OR author = %(author)s)
GROUP BY outcome, engine ORDER BY outcome, engine
"""


_SAVED = """
SELECT count(*), coalesce(sum(seconds), 0) FROM measuring_saved
WHERE at >= %(since)s AND at < %(until)s AND (%(author)s::text IS NULL OR author = %(author)s)
"""


class PostgresVideoCosts:
    """The VideoCosts over Postgres."""

    def __init__(self, database: Database) -> None:
        """The tables are there: `open_database` made them."""
        self._database = database

    def note_prices(self, prices: Sequence[EnginePrice]) -> bool:
        """See VideoCosts."""
        if all(one.cost_per_second is None for one in prices):
            return False
        wanted = sorted((one.engine, list(one.models), one.cost_per_second) for one in prices)
        with self._database.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            if [tuple(row) for row in connection.execute(_LAST).fetchall()] == wanted:
                return False
            for row in wanted:  # now() is the transaction's, and so the same for all
                connection.execute(
                    "INSERT INTO engine_prices (listed, engine, models, cost_per_second) VALUES (now(), %s, %s, %s)",
                    row,
                )
        return True

    def lines(self, since: datetime, until: datetime, *, author: str | None = None) -> Sequence[CostLine]:
        """See VideoCosts."""
        with self._database.connection() as connection:
            rows = connection.execute(_LINES, {"since": since, "until": until, "author": author}).fetchall()
        return tuple(
            CostLine(outcome=outcome, engine=engine, videos=videos, seconds=seconds, amount=amount, unpriced=unpriced)
            for outcome, engine, videos, seconds, amount, unpriced in rows
        )

    def saved_measuring(self, since: datetime, until: datetime, *, author: str | None = None) -> SavedMeasuring:
        """See VideoCosts."""
        with self._database.connection() as connection:
            [row] = connection.execute(_SAVED, {"since": since, "until": until, "author": author}).fetchall()
        return SavedMeasuring(videos=row[0], seconds=row[1])
