"""`python -m evals.stream --cases 300 [--procrastinate SITE-PACKAGES]`: writes evals/results/stream.json and its page.

The same cases through the same stages, ledger and Postgres; only what carries the tickets differs. procrastinate is no
dependency of Assay: install it into a venv of its own and name that venv's site-packages.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import psutil
import psycopg

from core.case import Phase, new_case
from core.events import Submitted
from core.ports import Bus, Ledger, Ticket
from evals.bench.machine_info import machine_info
from evals.faults.servers import StruckBroker
from evals.stream import report
from evals.stream.carriers import PREFIX, NoBus, ProcrastinateBus
from evals.stream.empty_route import open_ledger
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.kafka_topics import create_topics
from pipeline.runners.topics import Topics

RESULTS = Path(__file__).parents[1] / "results" / "stream.json"
WORKERS = (1, 2, 4)
_LONGEST = 300.0
_IDLE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierRun:
    """So many cases over so many workers. CPU in milliseconds a case, after the workers have started; bytes a case."""

    carrier: str
    workers: int
    cases: int
    published: int
    cases_a_second: float
    worker_cpu: float
    postgres_cpu: float
    broker_cpu: float
    database_bytes: int
    broker_bytes: int
    idle_cpu_a_second: float
    """Milliseconds of CPU a second of all processes together, while nothing is to be done."""


def main(cases: int, procrastinate: str) -> None:
    """Measure and write."""
    carriers = ("polling", *(["procrastinate"] if procrastinate else []), "kafka")
    command = f"python -m evals.stream --cases {cases}" + (" --procrastinate …" if procrastinate else "")
    told: dict[str, Any] = {"machine": machine_info(), "command": command, "runs": []}
    for workers, carrier in product(WORKERS, carriers):
        with tempfile.TemporaryDirectory(prefix="assay-stream-") as folder:
            run = _measure(Path(folder), carrier, workers, cases, procrastinate)
        sys.stderr.write(f"{run}\n")
        told["runs"].append(asdict(run))
        RESULTS.write_text(json.dumps(told, indent=1) + "\n")
    report.main()


def _measure(folder: Path, carrier: str, workers: int, cases: int, procrastinate: str) -> CarrierRun:
    server = EmbeddedPostgres(folder / "home")
    dsn = server.start()
    broker = StruckBroker(folder) if carrier == "kafka" else None
    try:
        ledger = open_ledger(dsn)
        more = [broker.address] if broker else [procrastinate]
        with _bus(carrier, dsn, broker, procrastinate) as bus, _workers([carrier, dsn, *more], workers) as crew:
            _carry(ledger, bus, 3 * workers)  # until all of them are at work
            started, idle = _cpu(crew, server, broker), time.perf_counter()
            time.sleep(_IDLE)
            rested, passed = _cpu(crew, server, broker), time.perf_counter() - idle
            size, sent = _database_size(dsn), broker.proxy.bytes if broker else 0
            began = time.perf_counter()
            published = _carry(ledger, bus, cases)
            took, spent = time.perf_counter() - began, _cpu(crew, server, broker)
            used = [1000 * (after - before) / cases for before, after in zip(rested, spent, strict=True)]
            return CarrierRun(
                carrier=carrier,
                workers=workers,
                cases=cases,
                published=published,
                cases_a_second=round(published / took, 1),
                worker_cpu=round(used[0], 1),
                postgres_cpu=round(used[1], 1),
                broker_cpu=round(used[2], 1),
                database_bytes=round((_database_size(dsn) - size) / cases),
                broker_bytes=round((broker.proxy.bytes - sent) / cases) if broker else 0,
                idle_cpu_a_second=round(1000 * (sum(rested) - sum(started)) / passed, 1),
            )
    finally:
        if broker:
            broker.close()
        server.stop()


def _carry(ledger: Ledger, bus: Bus, cases: int) -> int:
    """Order so many at once and wait for the last; returns how many were published."""
    ids = []
    for _ in range(cases):
        case = ledger.append(new_case(), [Submitted(author="a", prompt="p")])
        bus.send(Ticket(case_id=case.id, revision=case.revision, phase=case.phase))
        ids.append(case.id)
    end = time.monotonic() + _LONGEST
    while (left := [i for i in ids if ledger.load(i).phase is not Phase.PUBLISHED]) and time.monotonic() < end:
        ids = left
        time.sleep(0.2)
    return cases - len(left)


@contextmanager
def _bus(carrier: str, dsn: str, broker: StruckBroker | None, procrastinate: str) -> Iterator[Bus]:
    if carrier == "polling":
        yield NoBus()
    elif broker is not None:
        connection, topics = KafkaConnection(servers=broker.address), Topics(prefix=PREFIX)
        create_topics(connection, topics, partitions=4)
        bus = KafkaBus(connection, topics)
        yield bus
        bus.close()
    else:
        sys.path.append(procrastinate)
        import procrastinate as package

        app = package.App(connector=package.SyncPsycopgConnector(conninfo=dsn))
        with app.open():
            app.schema_manager.apply_schema()
            yield ProcrastinateBus(app)


@contextmanager
def _workers(arguments: list[str], count: int) -> Iterator[list[psutil.Process]]:
    command = [sys.executable, "-m", "evals.stream.carriers", *arguments]
    root = Path(__file__).parents[2]
    crew = [
        subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(count)
    ]
    try:
        yield [psutil.Process(process.pid) for process in crew]
    finally:
        for process in crew:
            process.kill()
            process.wait()


def _cpu(
    crew: list[psutil.Process], server: EmbeddedPostgres, broker: StruckBroker | None
) -> tuple[float, float, float]:
    """Seconds so far: of the workers, of Postgres (backends that ended included), of the broker."""
    postmaster = psutil.Process(int((server.hba_file.parent / "postmaster.pid").read_text().split()[0]))
    return (
        sum(_seconds(process) for process in crew),
        sum(_seconds(process) for process in [postmaster, *postmaster.children()]),
        _seconds(psutil.Process(broker.pid)) if broker else 0.0,
    )


def _seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def _database_size(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What carrying tickets costs.")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--procrastinate", default="", help="site-packages of a venv that has procrastinate")
    given = parser.parse_args()
    main(given.cases, given.procrastinate)
