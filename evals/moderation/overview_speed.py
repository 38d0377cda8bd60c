"""How long the leads' pages take over a million cases: `python -m evals.moderation.overview_speed [CASES]`.

The rows are made by SQL (seed_decisions.sql) in a Postgres of its own, which is thrown away. Writes
evals/results/overview_speed.json and docs/reference/overview-speed.md. Each query is asked a few times, the first time
apart. CPU time is that of the whole server; wall time means little on a shared machine.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from evals.bench.machine_info import machine_info
from evals.moderation import report
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.postgres_decisions import PostgresDecisionLog, PostgresModerationFigures
from pipeline.ledgers.postgres_review_checks import PostgresReviewChecks
from pipeline.moderation.quality.decision_log import DecisionFilter

_SEED = Path(__file__).with_name("seed_decisions.sql")
_TIMES = 9


def main() -> None:
    """Seed, measure and write."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="overview-") as folder:
        server = EmbeddedPostgres(Path(folder))
        database = open_database(server.start())
        try:
            rows = _seed(server.start(), cases)
            figures = PostgresModerationFigures(database), PostgresReviewChecks(database), PostgresDecisionLog(database)
            measured = {name: _timed(ask, Path(folder)) for name, ask in _questions(*figures).items()}
        finally:
            database.close()
            server.stop()
    result = {
        "cases": cases,
        "rows": rows,
        "times": _TIMES,
        "milliseconds": measured,
        "command": "python -m evals.moderation.overview_speed",
        "machine": machine_info(),
    }
    report.RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    report.main()
    print(json.dumps(result, indent=1))


def _seed(dsn: str, cases: int) -> dict[str, int]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for statement in _SEED.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.execute((statement.replace("%(cases)s", str(cases)).replace("%%", "%")).encode())
        connection.execute("VACUUM cases, decisions, decision_rules, second_reviews, review_checks, golden_items")
        tables = ("cases", "decisions", "second_reviews", "review_checks", "golden_items")
        found = {}
        for table in tables:
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 - names above
            found[table] = int(row[0]) if row else 0
        return found


def _questions(
    figures: PostgresModerationFigures, checks: PostgresReviewChecks, log: PostgresDecisionLog
) -> dict[str, Callable[[], Any]]:
    """What the pages ask, by a name for people."""
    now = datetime.now(UTC)
    day, week, month, quarter = (now - timedelta(days=days) for days in (1, 7, 30, 90))
    deep = log.page(DecisionFilter(until=now - timedelta(days=60))).following
    return {
        "held, by age and rule, and appeals among it": figures.held,
        "rulings by hour, one day": lambda: figures.rulings(day, hourly=True),
        "rulings by day, 7 days": lambda: figures.rulings(week, hourly=False),
        "rulings by day, 30 days": lambda: figures.rulings(month, hourly=False),
        "one person's rulings by day, 30 days": lambda: figures.rulings(month, hourly=False, person="mod_7"),
        "decisions by kind, 7 days": lambda: figures.kinds(week),
        "decisions by kind, 30 days": lambda: figures.kinds(month),
        "rulings by wait, 7 days": lambda: figures.waits(week),
        "rulings by wait, 30 days": lambda: figures.waits(month),
        "rulings by person, 7 days": lambda: figures.people(week),
        "rulings by person, 30 days": lambda: figures.people(month),
        "answered appeals by rule, 90 days": lambda: figures.appeals(quarter),
        "second reviews by pair, 90 days": lambda: checks.pair_counts(quarter),
        "second reviews by rule, 90 days": lambda: checks.rule_counts(quarter),
        "golden items by person, 90 days": lambda: checks.golden_counts(quarter),
        "second reviews to settle": lambda: checks.disagreements(limit=100),
        "golden items, newest 100": lambda: checks.golden_items(limit=100),
        "golden items that somebody has not seen": lambda: checks.unseen_golden("mod_7", days=90, limit=10),
        "second reviews that wait for somebody": lambda: checks.waiting_seconds("mod_7", days=14, limit=10),
        "log, first page": lambda: log.page(DecisionFilter()),
        "log, a page from two months ago": lambda: log.page(DecisionFilter(), after=deep),
        "log of a rule": lambda: log.page(DecisionFilter(rule="rule_11")),
        "log of a rule that never fired": lambda: log.page(DecisionFilter(rule="rule_none")),
        "log of a person": lambda: log.page(DecisionFilter(person="mod_7")),
        "log of a person, refused, of a rule": lambda: log.page(
            DecisionFilter(person="mod_7", decision="refuse", rule="rule_11")
        ),
        "log of recalls": lambda: log.page(DecisionFilter(kind="recalled")),
        "log of a case": lambda: log.page(DecisionFilter(case_id="00000000000000c8")),
    }


def _timed(ask: Callable[[], Any], folder: Path) -> dict[str, float]:
    times, cpu = [], 0.0
    for number in range(_TIMES + 1):
        if number == 1:
            cpu = _server_cpu(folder)
        begin = time.perf_counter()
        ask()
        times.append((time.perf_counter() - begin) * 1000)
    cpu = (_server_cpu(folder) - cpu) / _TIMES * 1000
    first, *rest = times
    rest.sort()
    return {
        "cpu": round(cpu, 1),
        "first": round(first, 1),
        "median": round(rest[len(rest) // 2], 1),
        "max": round(rest[-1], 1),
    }


def _server_cpu(folder: Path) -> float:
    """CPU seconds of all processes that the server has and had: helpers of a query end with it, and count with it."""
    postmaster = int(next(folder.rglob("postmaster.pid")).read_text().splitlines()[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(stat.parent.name) == postmaster:
            ticks += sum(map(int, fields[11:15]))  # its own, and of children that ended
        elif int(fields[1]) == postmaster:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
