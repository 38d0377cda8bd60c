"""Cases a second by workers and by how many videos an engine makes at once: `python -m evals.stream.engine_slots`.

The empty route over Kafka, with an engine that takes two seconds a video and has so many places. They are counted in
the ledger, as `max_renders` is; an order that finds none is put off, and a job under way is asked after as the render
stage does. Writes evals/results/stream_engine_slots.json; the page: `python -m evals.stream.report`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.case import Case, Phase
from core.errors import NotYet
from core.events import Commissioned, Event
from core.ports import Ledger
from evals.bench.machine_info import machine_info
from evals.faults.servers import StruckBroker
from evals.stream.carriers import PREFIX
from evals.stream.empty_route import EMPTY_ROUTE, empty_context, open_ledger
from evals.stream.measured_parts import carry_cases, end_programs, open_kafka_bus, start_program
from pipeline.advance import PipelineContext
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.render_slots import LedgerRenderSlots
from pipeline.runners.faust_worker import WorkerConfig, run_worker
from pipeline.runners.kafka_bus import KafkaBus
from pipeline.runners.kafka_connection import KafkaConnection
from pipeline.runners.topics import WORKER_ROLES, Topics

RESULTS = Path(__file__).parents[1] / "results" / "stream_engine_slots.json"
RENDER_SECONDS = 2.0
_MIN_POLL = 0.2
_ROUNDS = 5
"""Each place makes so many videos in a run."""
_LONGEST = 240.0


@dataclass(frozen=True, slots=True)
class _SlowEngine:
    """Orders and looks after jobs, by the ledger's clock."""

    ledger: Ledger
    slots: LedgerRenderSlots

    def order(self, _case: Case) -> Sequence[Event]:
        with self.slots.reserve() as seconds:
            if seconds:
                raise NotYet(seconds)
            return [Commissioned(engine="none", engine_version="1", job="j", at=self.ledger.now())]

    def look(self, case: Case) -> Sequence[Event]:
        if case.commissioned is None or case.commissioned.at is None:
            raise RuntimeError("nothing was ordered")
        age = (self.ledger.now() - case.commissioned.at).total_seconds()
        if age < RENDER_SECONDS:
            raise NotYet(max(age / 10, _MIN_POLL))
        return EMPTY_ROUTE[Phase.COMMISSIONED](case)


def run_slot_worker(dsn: str, broker: str, places: int) -> None:
    """A worker of all roles. Does not return."""
    connection, topics = KafkaConnection(servers=broker), Topics(prefix=PREFIX)

    def build() -> PipelineContext:
        ledger = open_ledger(dsn)
        engine = _SlowEngine(ledger, LedgerRenderSlots(ledger, places))
        route = EMPTY_ROUTE | {Phase.ADMITTED: engine.order, Phase.COMMISSIONED: engine.look}
        return replace(empty_context(ledger, KafkaBus(connection, topics)), route=route)

    run_worker(WorkerConfig(connection=connection, roles=tuple(WORKER_ROLES), topics=topics), build)


def measure_slots(workers: int, places: int) -> dict[str, Any]:
    """Cases a second, once all workers are at work."""
    with tempfile.TemporaryDirectory(prefix="assay-slots-") as name:
        folder = Path(name)
        server = EmbeddedPostgres(folder / "home")
        dsn, broker = server.start(), StruckBroker(folder)
        ledger, bus = open_ledger(dsn), open_kafka_bus(broker.address)
        work = ("--work", dsn, broker.address, str(places))
        crew = [start_program("evals.stream.engine_slots", *work) for _ in range(workers)]
        try:
            carry_cases(ledger, bus, 2 * workers, _LONGEST)
            cases, began = max(_ROUNDS * places, 10), time.monotonic()
            published = carry_cases(ledger, bus, cases, _LONGEST)
            took = time.monotonic() - began
            ideal = places / RENDER_SECONDS
            return {
                "workers": workers,
                "places": places,
                "cases": cases,
                "published": published,
                "cases_a_second": round(published / took, 2),
                "ideal": ideal,
            }
        finally:
            end_programs(crew)
            bus.close()
            broker.close()
            server.stop()


def main(workers: Sequence[int], places: Sequence[int]) -> None:
    """Measure and write."""
    command = f"python -m evals.stream.engine_slots --workers {_words(workers)} --places {_words(places)}"
    told: dict[str, Any] = {"command": command, "machine": machine_info(), "render_seconds": RENDER_SECONDS, "runs": []}
    for number in workers:
        for place in places:
            told["runs"].append(measure_slots(number, place))
            sys.stderr.write(f"{told['runs'][-1]}\n")
            RESULTS.write_text(json.dumps(told, indent=1) + "\n")


def _words(numbers: Sequence[int]) -> str:
    return " ".join(str(number) for number in numbers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Cases a second by engine concurrency.")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--places", type=int, nargs="+", default=[2, 8, 32])
    parser.add_argument("--work", nargs=3, default=None, metavar=("DSN", "BROKER", "PLACES"))
    given = parser.parse_args()
    if given.work:
        sys.argv[1:] = []
        run_slot_worker(given.work[0], given.work[1], int(given.work[2]))
    else:
        main(given.workers, given.places)
