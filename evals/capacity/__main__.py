"""`python -m evals.capacity [--cases N]`: measures service times, simulates, holds that against real runs, plans days.

Writes evals/results/capacity.json, and docs/reference/capacity.md from it. The simulation knows of no other work: how
much of the machine that takes is measured while a run lasts (other_work.py), and what was simulated is so much slower.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import psycopg

from core.case import Phase
from evals.bench.machine_info import machine_info
from evals.capacity import report
from evals.capacity.other_work import OtherWork
from evals.capacity.real_run import run_at_once
from evals.capacity.scale_up import plan_day
from evals.capacity.service_times import ServiceTime, measure_service_times, measured_installation
from evals.capacity.simulate import Plant, SimulatedLane, simulate
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.runners.local_runner import DEFAULT_LANES
from pipeline.wiring import Installation

RESULTS = Path(__file__).parents[1] / "results" / "capacity.json"
_ROUNDS = 5
_GENERATIONS = (1_000, 100_000, 10_000_000)


def main(cases: int) -> None:
    """Measure, simulate, plan, and write it down."""
    machine = machine_info()
    with tempfile.TemporaryDirectory(dir="/tmp") as name, measured_installation(Path(name) / "home") as installation:
        sys.stderr.write("measuring service times\n")
        before = _stored(installation)
        services = measure_service_times(installation, _ROUNDS)
        real, predicted, slowed = [], [], []
        for number in (cases // 2, cases):
            sys.stderr.write(f"running {number} orders at once\n")
            with OtherWork() as others:
                real.append(run_at_once(installation, number))
            slowed.append(others.slowed)
            predicted.append(_predict(services, number) * others.slowed)
        count = _ROUNDS + cases // 2 + cases
        sizes = {name: round((after - before[name]) / count) for name, after in _stored(installation).items()}
    days = [plan_day(generations, services, **sizes) for generations in _GENERATIONS]
    told = {
        "machine": machine,
        "command": f"python -m evals.capacity --cases {cases}",
        "rounds": _ROUNDS,
        "services": {phase.value: asdict(one) for phase, one in services.items()},
        "runs": [
            {"cases": number, "real": round(a, 1), "simulated": round(b, 1), "slowed": round(c, 2)}
            for number, a, b, c in zip((cases // 2, cases), real, predicted, slowed, strict=True)
        ],
        "sizes": sizes,
        "days": [asdict(day) for day in days],
    }
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")
    report.main()


def _predict(services: Mapping[Phase, ServiceTime], cases: int) -> float:
    lanes = [SimulatedLane(phases=lane.phases, threads=lane.threads) for lane in DEFAULT_LANES.values()]
    plant = Plant(processors=os.cpu_count() or 1, lanes=lanes)
    return simulate(plant, services, [0.0] * cases).makespan


def _stored(installation: Installation) -> dict[str, int]:
    """Events, bytes in the database and bytes of videos, of everything so far."""
    root = installation.settings.root
    with psycopg.connect(EmbeddedPostgres(root).dsn) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM events), pg_database_size(current_database())"
        ).fetchone()
    events, database = row or (0, 0)
    videos = sum(path.stat().st_size for path in root.rglob("*") if _is_stored(path))
    return {"events": events, "database_bytes": database, "video_bytes": videos}


def _is_stored(path: Path) -> bool:
    return path.is_file() and bool({"vault", "published"} & set(path.parts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A model of capacity.")
    parser.add_argument(
        "--cases", type=int, default=24, help="orders that are placed at once in the larger of two runs"
    )
    main(parser.parse_args().cases)
