"""How long each panel of the dashboards asks a database of two million events: `python -m evals.bench reports`.

The events are those of cases as they go (evals.dashboards.event_seed), with their cases.
They are written straight into the table over seven days; panels ask for the last day in steps of five minutes, as the
dashboard does when it is opened. Summing five minutes of a full day is measured too.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from evals.bench.machine_info import BenchFigures, Spread, min_median_max
from evals.dashboards.event_seed import seed_events
from evals.dashboards.panel_queries import dashboards, expand_macros
from evals.pages import EVALS_FOLDER
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres

_ROOT = EVALS_FOLDER.parent
EVENTS = 2_000_000
_DAYS = 7
_TIMES = 5


def measure_report_queries(events: int = EVENTS) -> BenchFigures:
    """Milliseconds of each panel's query, and how long the views' minutes take to be summed."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        database = open_database(Path(name))
        began = time.perf_counter()
        with psycopg.connect(EmbeddedPostgres(Path(name)).dsn, autocommit=True) as owner:
            written = seed_events(owner, events, days=_DAYS)
            figures: BenchFigures = {"events": written, "seconds to write them": round(time.perf_counter() - began)}
            owner.execute((_ROOT / "pipeline" / "ledgers" / "reports.sql").read_bytes())
            figures["a pass of summing, ms"] = _sum_everything(owner)
            for panel in (panel for dashboard in dashboards() for panel in dashboard.panels):
                for target in panel["targets"]:
                    figures[f"{panel['title']}, ms"] = min_median_max(_times(owner, expand_macros(target["rawSql"])))
        database.close()
    return figures


def _sum_everything(connection: psycopg.Connection[tuple[object, ...]]) -> Spread:
    """Until all is summed; the passes of five minutes that follow once it is."""
    while _summed_until(connection) < datetime.now(UTC) - timedelta(minutes=1):
        pass
    for _ in range(_DAYS * 4 + 2):
        connection.execute("SELECT sum_cost_minutes('7 hours')")
    connection.execute("VACUUM ANALYZE report_minutes")
    return min_median_max(_times(connection, "SELECT sum_report_minutes('10 minutes')"))


def _summed_until(connection: psycopg.Connection[tuple[object, ...]]) -> datetime:
    row = connection.execute("SELECT sum_report_minutes('6 hours')").fetchone()
    if row is None or not isinstance(row[0], datetime):
        raise AssertionError("nobody else sums here")
    return row[0]


def _times(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> list[float]:
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        connection.execute(sql.encode()).fetchall()
        taken.append(round((time.perf_counter() - began) * 1000, 1))
    return taken
