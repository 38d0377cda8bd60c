"""A day of a million cases, as fast as they go, through a ledger that has a million already.

`python -m evals.stream.day_replay --cases 1000000 --stored 1000000`: some processes order cases and carry each through
every phase of the empty route: what is measured is Postgres, the ledger and `advance`. Beside them a sweep is asked for
each second, as a worker asks. Writes evals/results/stream_day.json after each tenth; the page:
`python -m evals.stream.report`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from core.case import new_case
from core.events import Submitted
from core.ports import Ticket
from evals.bench.ledger_scale import seed_ledger
from evals.bench.machine_info import machine_info
from evals.stream.carriers import NoBus
from evals.stream.empty_route import EMPTY_ROUTE, empty_context, open_ledger
from evals.stream.measured_parts import database_size, end_programs, postgres_seconds, start_program
from pipeline.advance import advance
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres

RESULTS = Path(__file__).parents[1] / "results" / "stream_day.json"
PROCESSES = 6
"""More than cores: one waits for the disk, or for its turn beside other work, while another goes on."""
_A_DAY = 1_000_000 / 86_400
"""Cases a second of a day of a million."""
_STEPS = 10
"""Parts of the day of which each has its own figures: what grows with the ledger is seen."""
_SAID_EVERY = 200  # cases, after which a process says how far it is
_ON_EMPTY = 10_000  # cases that are carried into an empty ledger, to compare with


def carry(dsn: str, cases: int, told: Path) -> None:
    """Order so many and carry each to its end; `told` says how many in how many seconds of CPU of this process."""
    works = empty_context(open_ledger(dsn), NoBus())
    began = time.process_time()
    for done in range(1, cases + 1):
        case = works.ledger.append(new_case(), [Submitted(author="a", prompt="p")])
        advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), works)
        if done % _SAID_EVERY == 0 or done == cases:
            fresh = told.with_suffix(".new")
            fresh.write_text(json.dumps([done, time.process_time() - began]))
            fresh.replace(told)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent so far: cases, seconds by the clock, seconds of CPU of the workers and of Postgres, bytes."""

    cases: int
    clock: float
    worker: float
    postgres: float
    size: int


def replay(cases: int, stored: int, steps: int, write: Callable[[list[dict[str, object]]], None]) -> None:
    """Carry them, and hand on the figures so far after each step, in seconds, milliseconds and bytes."""
    with tempfile.TemporaryDirectory(prefix="assay-day-", dir="/tmp") as name:
        folder = Path(name)
        database, server = open_database(folder / "home"), EmbeddedPostgres(folder / "home")
        if stored:
            with psycopg.connect(server.dsn, autocommit=True) as owner:
                seed_ledger(owner, stored, seconds=1)
                owner.execute("CHECKPOINT")
        told = [folder / f"told-{number}" for number in range(PROCESSES)]
        crew = [
            start_program("evals.stream.day_replay", "--carry", server.dsn, str(cases // PROCESSES), str(one))
            for one in told
        ]
        try:
            _follow(server, crew, told, cases=cases, stored=stored, steps=steps, write=write)
        finally:
            end_programs(crew)
            database.close()


def _follow(
    server: EmbeddedPostgres,
    crew: Sequence[subprocess.Popen[bytes]],
    told: Sequence[Path],
    *,
    cases: int,
    stored: int,
    steps: int,
    write: Callable[[list[dict[str, object]]], None],
) -> None:
    """Sweep each second until all are carried, and count at each step. Raises RuntimeError for a process that broke."""
    ledger, sweeps, rows = open_ledger(server.dsn), list[float](), list[dict[str, object]]()
    before = _spent(server, told)
    while len(rows) < steps:
        time.sleep(1.0)
        ended = [process.poll() for process in crew]
        if any(ended):
            raise RuntimeError("a process that carries cases broke: run it with --carry to see why")
        began = time.perf_counter()
        ledger.due(tuple(EMPTY_ROUTE), unmoved_for=timedelta(seconds=30), limit=1000)
        sweeps.append(1000 * (time.perf_counter() - began))
        now = _spent(server, told)
        if now.cases >= cases * (len(rows) + 1) // steps or None not in ended:
            rows.append(_figures(before, now, sweeps, stored=stored))
            write(rows)
            before, sweeps = now, []


def _spent(server: EmbeddedPostgres, told: Sequence[Path]) -> Spent:
    said = [json.loads(one.read_text()) for one in told if one.exists()]
    return Spent(
        cases=sum(done for done, _ in said),
        clock=time.monotonic(),
        worker=sum(cpu for _, cpu in said),
        postgres=postgres_seconds(server),
        size=database_size(server.dsn),
    )


def _figures(before: Spent, now: Spent, sweeps: Sequence[float], *, stored: int) -> dict[str, object]:
    cases, seconds = now.cases - before.cases, now.clock - before.clock
    return {
        "stored": stored + before.cases,
        "cases": cases,
        "seconds": round(seconds, 1),
        "cases_a_second": round(cases / seconds, 1),
        "times_a_day": round(cases / seconds / _A_DAY, 1),
        "worker_cpu": round(1000 * (now.worker - before.worker) / cases, 2),
        "postgres_cpu": round(1000 * (now.postgres - before.postgres) / cases, 2),
        "bytes": round((now.size - before.size) / cases),
        "sweeps": len(sweeps),
        "sweep_median": round(statistics.median(sweeps), 1),
        "sweep_most": round(max(sweeps), 1),
        "load": round(os.getloadavg()[0], 1),
    }


def main(cases: int, stored: int) -> None:
    """Measure, beside it some on an empty ledger, and write."""
    told: dict[str, Any] = {
        "command": f"python -m evals.stream.day_replay --cases {cases} --stored {stored}",
        "machine": machine_info(),
        "processes": PROCESSES,
    }

    def write(name: str, rows: list[dict[str, object]]) -> None:
        told[name] = rows
        sys.stderr.write(f"{rows[-1]}\n")
        RESULTS.write_text(json.dumps(told, indent=1) + "\n")

    replay(min(cases, _ON_EMPTY), 0, 1, partial(write, "empty"))
    replay(cases, stored, _STEPS, partial(write, "steps"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A day of a million cases, at speed.")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--carry", nargs=3, default=None, metavar=("DSN", "CASES", "FILE"))
    given = parser.parse_args()
    if given.carry:
        carry(given.carry[0], int(given.carry[1]), Path(given.carry[2]))
    else:
        main(given.cases, given.stored)
