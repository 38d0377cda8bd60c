"""What each stage takes of a processor and of the clock when nothing else runs: over one installation, case by case."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from core.case import Case, Phase
from core.events import Event
from core.ports import Stage
from evals.capacity.other_work import cpu_seconds
from pipeline.cli.cli_common import local_operator
from pipeline.diagnostics import installation_checks
from pipeline.runners.local_runner import LocalRunner
from pipeline.service import VideoRequest
from pipeline.settings import load_settings
from pipeline.wiring import Installation, build_installation

CLIP = Path(__file__).parents[2] / "deploy" / "demo" / "bunny.mp4"
PROMPT = "a sleepy rabbit in a meadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTime:
    """Of one stage: seconds of CPU in all its threads and processes, and seconds by the clock when it runs alone.

    The clock counts what other work slowed it: measure on a machine that does nothing else.
    """

    cpu: float
    wall: float

    @property
    def parallel(self) -> float:
        """How many processors it keeps busy while it runs, one at the least for what computes at all."""
        return max(self.cpu / self.wall, 0.01) if self.wall else 1.0


@contextmanager
def measured_installation(folder: Path) -> Iterator[Installation]:
    """An installation with everything in it over the demo's clip, whose models are loaded."""
    (folder / "engine").mkdir(parents=True)
    shutil.copy(CLIP, folder / "engine" / "clip.mp4")
    settings = load_settings(home=folder, engine="folder", engine_folder=folder / "engine", one_person=True)
    installation_checks.make_development_keys(settings)
    installation = build_installation(settings)
    try:
        _publish(installation, LocalRunner(installation.works))
        yield installation
    finally:
        installation.close()


def measure_service_times(installation: Installation, rounds: int) -> dict[Phase, ServiceTime]:
    """The median of so many cases, each carried alone."""
    taken: dict[Phase, list[tuple[float, float]]] = {}
    route = {phase: _timed(phase, stage, taken) for phase, stage in installation.works.route.items()}
    runner = LocalRunner(replace(installation.works, route=route))
    for _ in range(rounds):
        _publish(installation, runner)
    return {
        phase: ServiceTime(
            cpu=statistics.median(cpu for cpu, _ in pairs), wall=statistics.median(wall for _, wall in pairs)
        )
        for phase, pairs in taken.items()
    }


def _publish(installation: Installation, runner: LocalRunner) -> None:
    case = installation.service.submit(local_operator(), VideoRequest(prompt=PROMPT))
    runner.drain()
    if installation.ledger.load(case.id).phase is not Phase.PUBLISHED:
        raise RuntimeError("a case did not arrive")


def _timed(phase: Phase, stage: Stage, taken: dict[Phase, list[tuple[float, float]]]) -> Stage:
    def timed(case: Case) -> Sequence[Event]:
        cpu, began = cpu_seconds(), perf_counter()
        events = stage(case)
        taken.setdefault(phase, []).append((cpu_seconds() - cpu, perf_counter() - began))
        return events

    return timed
