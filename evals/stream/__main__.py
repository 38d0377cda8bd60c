"""`python -m evals.stream --cases 300 [--procrastinate SITE-PACKAGES]`: writes evals/results/stream.json and its page.

The same cases through the same stages, ledger and Postgres; only what carries the tickets differs. procrastinate is no
dependency of Assay: install it into a venv of its own and name that venv's site-packages.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import psutil

from core.ports import Bus
from evals.bench.machine_info import machine_info
from evals.faults.servers import StruckBroker
from evals.stream import report
from evals.stream.carriers import NoBus, ProcrastinateBus
from evals.stream.empty_route import open_ledger
from evals.stream.measured_parts import (
    carry_cases,
    database_size,
    end_programs,
    open_kafka_bus,
    postgres_seconds,
    process_seconds,
    start_program,
)
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres

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
            carry_cases(ledger, bus, 3 * workers, _LONGEST)  # until all of them are at work
            started, idle = _cpu(crew, server, broker), time.perf_counter()
            time.sleep(_IDLE)
            rested, passed = _cpu(crew, server, broker), time.perf_counter() - idle
            size, sent = database_size(dsn), broker.proxy.bytes if broker else 0
            began = time.perf_counter()
            published = carry_cases(ledger, bus, cases, _LONGEST)
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
                database_bytes=round((database_size(dsn) - size) / cases),
                broker_bytes=round((broker.proxy.bytes - sent) / cases) if broker else 0,
                idle_cpu_a_second=round(1000 * (sum(rested) - sum(started)) / passed, 1),
            )
    finally:
        if broker:
            broker.close()
        server.stop()


@contextmanager
def _bus(carrier: str, dsn: str, broker: StruckBroker | None, procrastinate: str) -> Iterator[Bus]:
    if carrier == "polling":
        yield NoBus()
    elif broker is not None:
        bus = open_kafka_bus(broker.address)
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
    crew = [start_program("evals.stream.carriers", *arguments) for _ in range(count)]
    try:
        yield [psutil.Process(process.pid) for process in crew]
    finally:
        end_programs(crew)


def _cpu(
    crew: list[psutil.Process], server: EmbeddedPostgres, broker: StruckBroker | None
) -> tuple[float, float, float]:
    """Seconds so far: of the workers, of Postgres (backends that ended included), of the broker."""
    return (
        sum(process_seconds(process) for process in crew),
        postgres_seconds(server),
        process_seconds(psutil.Process(broker.pid)) if broker else 0.0,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What carrying tickets costs.")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--procrastinate", default="", help="site-packages of a venv that has procrastinate")
    given = parser.parse_args()
    main(given.cases, given.procrastinate)
