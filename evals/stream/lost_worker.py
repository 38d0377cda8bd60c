"""From `kill -9` of a worker until another one is at its case: `python -m evals.stream.lost_worker --rounds 10`.

Two workers over the empty route, whose stage after `rendered` is at work until it is killed, once for each case. What
is waited for is what an installation waits for: settings are the defaults (a session and a sweep of thirty seconds).
Writes evals/results/stream_lost_worker.json; the page: `python -m evals.stream.report`.
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
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event as Flag
from typing import Any

from core.case import Case, Phase
from core.events import Event
from core.ports import Bus, Ledger
from evals.bench.machine_info import machine_info
from evals.faults.servers import StruckBroker
from evals.stream.carriers import PREFIX, NoBus
from evals.stream.empty_route import EMPTY_ROUTE, empty_context, open_ledger
from evals.stream.measured_parts import end_programs, open_kafka_bus, order_case, start_program
from pipeline.advance import PipelineContext
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.runners.faust_worker import WorkerConfig, run_worker
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.local_bus import LocalBus
from pipeline.runners.local_runner import LocalRunner
from pipeline.runners.topics import WORKER_ROLES, Topics

RESULTS = Path(__file__).parents[1] / "results" / "stream_lost_worker.json"
WAYS = ("local", "kafka")
_LONGEST = 180.0


@dataclass(frozen=True, slots=True)
class _UntilKilled:
    """The stage: whoever comes first to a case writes its process into `folder` and stays; the next one goes on."""

    folder: Path

    def __call__(self, case: Case) -> Sequence[Event]:
        first = self.folder / f"{case.id}.first"
        try:
            with first.open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            (self.folder / f"{case.id}.next").write_text(str(time.time()))
            return EMPTY_ROUTE[Phase.RENDERED](case)
        time.sleep(_LONGEST)
        raise RuntimeError("nobody killed this worker")


def run_doomed_worker(way: str, folder: Path, dsn: str, broker: str) -> None:
    """A worker of either kind, until it is killed."""
    route = EMPTY_ROUTE | {Phase.RENDERED: _UntilKilled(folder)}
    if way == "local":
        LocalRunner(replace(empty_context(open_ledger(dsn), LocalBus()), route=route)).run_forever(Flag())
    connection, topics = KafkaConnection(servers=broker), Topics(prefix=PREFIX)

    def build() -> PipelineContext:
        return replace(empty_context(open_ledger(dsn), KafkaBus(connection, topics)), route=route)

    run_worker(WorkerConfig(connection=connection, roles=tuple(WORKER_ROLES), topics=topics, sweeps=True), build)


def measure_losses(way: str, rounds: int) -> list[float]:
    """Seconds, for each of so many workers."""
    with tempfile.TemporaryDirectory(prefix="assay-lost-") as name:
        folder = Path(name)
        server = EmbeddedPostgres(folder / "home")
        dsn = server.start()
        broker = StruckBroker(folder) if way == "kafka" else None
        crew: list[subprocess.Popen[bytes]] = []
        try:
            work = ("--work", way, str(folder), dsn, broker.address if broker else "")
            start = partial(start_program, "evals.stream.lost_worker", *work)
            crew += [start(), start()]
            ledger, bus = open_ledger(dsn), open_kafka_bus(broker.address) if broker else NoBus()
            return [_lose_one(ledger, bus, folder, crew, start) for _ in range(rounds)]
        finally:
            end_programs(crew)
            if broker:
                broker.close()
            server.stop()


def _lose_one(
    ledger: Ledger,
    bus: Bus,
    folder: Path,
    crew: list[subprocess.Popen[bytes]],
    start: Callable[[], subprocess.Popen[bytes]],
) -> float:
    case = order_case(ledger, bus)
    first, following = folder / f"{case.id}.first", folder / f"{case.id}.next"
    _wait_for(first)
    time.sleep(1.0)
    [lost] = [process for process in crew if process.pid == int(first.read_text())]
    lost.kill()
    lost.wait()
    killed = time.time()
    crew.remove(lost)
    _wait_for(following)
    took = float(following.read_text()) - killed
    crew.append(start())
    time.sleep(15.0)  # until the new one has joined
    return round(took, 2)


def _wait_for(file: Path) -> None:
    end = time.monotonic() + _LONGEST
    while not file.exists() or not file.read_text():
        if time.monotonic() > end:
            raise RuntimeError(f"{file.name} did not come")
        time.sleep(0.02)


def main(rounds: int) -> None:
    """Measure both kinds and write."""
    told: dict[str, Any] = {
        "command": f"python -m evals.stream.lost_worker --rounds {rounds}",
        "machine": machine_info(),
        "ways": {},
    }
    for way in WAYS:
        seconds = sorted(measure_losses(way, rounds))
        sys.stderr.write(f"{way}: {seconds}\n")
        told["ways"][way] = {"seconds": seconds, "median": statistics.median(seconds)}
        RESULTS.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="From a lost worker to a resumed case.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--work", nargs=4, default=None, metavar=("WAY", "FOLDER", "DSN", "BROKER"))
    given = parser.parse_args()
    if given.work:
        sys.argv[1:] = []
        run_doomed_worker(given.work[0], Path(given.work[1]), *given.work[2:])
    else:
        main(given.rounds)
