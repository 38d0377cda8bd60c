"""Cases of a day of a million, as fast as they go, through a ledger that has a million already.

`python -m evals.stream.day_replay --cases 10000 --stored 1000000`: some processes order cases and carry each through
every phase of the empty route: what is measured is Postgres, the ledger and `advance`. Beside them a sweep is asked for
each second, as a worker asks. Writes evals/results/stream_day.json; the page: `python -m evals.stream.report`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
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
from evals.stream.measured_parts import database_size, postgres_seconds, start_program
from pipeline.advance import advance
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres

RESULTS = Path(__file__).parents[1] / "results" / "stream_day.json"
PROCESSES = 2
A_DAY = 1_000_000 / 86_400
"""Cases a second of a day of a million."""
_LONGEST = 360.0


def carry(dsn: str, cases: int, seconds: float) -> None:
    """Order so many and carry each to its end; says how many in how many seconds of CPU of this process."""
    works = empty_context(open_ledger(dsn), NoBus())
    end, done, began = time.monotonic() + seconds, 0, time.process_time()
    while done < cases and time.monotonic() < end:
        case = works.ledger.append(new_case(), [Submitted(author="a", prompt="p")])
        advance(Ticket(case_id=case.id, revision=case.revision, phase=case.phase), works)
        done += 1
    sys.stdout.write(json.dumps({"cases": done, "cpu": time.process_time() - began}))


def replay(cases: int, stored: int) -> dict[str, object]:
    """The figures, in seconds, milliseconds and bytes."""
    with tempfile.TemporaryDirectory(prefix="assay-day-", dir="/tmp") as name:
        folder = Path(name)
        database, server = open_database(folder / "home"), EmbeddedPostgres(folder / "home")
        with psycopg.connect(server.dsn, autocommit=True) as owner:
            seed_ledger(owner, stored, seconds=1)
            owner.execute("CHECKPOINT")
        size, spent = database_size(server.dsn), postgres_seconds(server)
        work = ("--carry", server.dsn, str(cases // PROCESSES), str(_LONGEST))
        began = time.monotonic()
        crew = [start_program("evals.stream.day_replay", *work, stdout=subprocess.PIPE) for _ in range(PROCESSES)]
        sweeps = _sweep_meanwhile(server.dsn, crew)
        told = [json.loads(process.communicate()[0]) for process in crew]
        took, done = time.monotonic() - began, sum(one["cases"] for one in told)
        figures = {
            "cases": done,
            "stored": stored,
            "processes": PROCESSES,
            "seconds": round(took, 1),
            "cases_a_second": round(done / took, 1),
            "times_a_day": round(done / took / A_DAY, 2),
            "worker_cpu": round(1000 * sum(one["cpu"] for one in told) / done, 2),
            "postgres_cpu": round(1000 * (postgres_seconds(server) - spent) / done, 2),
            "bytes": round((database_size(server.dsn) - size) / done),
            "sweeps": len(sweeps),
            "sweep_median": round(statistics.median(sweeps), 1),
            "sweep_most": round(max(sweeps), 1),
        }
        database.close()
        return figures


def _sweep_meanwhile(dsn: str, crew: list[subprocess.Popen[bytes]]) -> list[float]:
    ledger, milliseconds = open_ledger(dsn), list[float]()
    while any(process.poll() is None for process in crew):
        began = time.perf_counter()
        ledger.due(tuple(EMPTY_ROUTE), unmoved_for=timedelta(seconds=30), limit=1000)
        milliseconds.append(1000 * (time.perf_counter() - began))
        time.sleep(1.0)
    return milliseconds


def main(cases: int, stored: int) -> None:
    """Measure, beside it the same on an empty ledger, and write."""
    command = f"python -m evals.stream.day_replay --cases {cases} --stored {stored}"
    told: dict[str, Any] = {"command": command, "machine": machine_info(), "runs": []}
    for depth, share in ((0, 5), (stored, 1)):
        told["runs"].append(replay(cases // share, depth))
        sys.stderr.write(f"{told['runs'][-1]}\n")
        RESULTS.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A day of a million cases, at speed.")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--carry", nargs=3, default=None, metavar=("DSN", "CASES", "SECONDS"))
    given = parser.parse_args()
    if given.carry:
        carry(given.carry[0], int(given.carry[1]), float(given.carry[2]))
    else:
        main(given.cases, given.stored)
