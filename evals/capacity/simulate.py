"""Cases through stages, lanes and processors, in simulated time (SimPy).

A lane is a kind of work with some threads, as the local runner has them, or workers of a role. A stage takes its CPU
seconds of processors that all stages share, with as few threads as let it end as soon as it did when it ran alone, and
then waits for whatever in it is no computing. Processors are shared in slices, so that many stages at once are slower.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

from core.case import Phase
from evals.capacity.service_times import ServiceTime

_SLICE = 0.05  # seconds of CPU


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLane:
    """Phases whose stages share `threads`: so many at once."""

    phases: Sequence[Phase]
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """What carries cases: processors, lanes, and how long the engine renders, which costs no processor here."""

    processors: int
    lanes: Sequence[SimulatedLane]
    render_seconds: float = 0.0
    engine_slots: int = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRun:
    """When each case was published, in seconds since the first order; and how busy processors were until the last."""

    published: Sequence[float]
    waited: Sequence[float]
    busy: float

    @property
    def makespan(self) -> float:
        """Until the last was published."""
        return max(self.published)


def simulate(plant: Plant, services: Mapping[Phase, ServiceTime], arrivals: Sequence[float]) -> SimulatedRun:
    """Carry a case for each arrival (seconds) through the route."""
    environment = simpy.Environment()
    processors = simpy.Resource(environment, capacity=plant.processors)
    engine = simpy.Resource(environment, capacity=plant.engine_slots)
    lanes = [(set(lane.phases), simpy.Resource(environment, capacity=lane.threads)) for lane in plant.lanes]
    published: list[float] = []
    waited: list[float] = []
    spent = 0.0

    def compute(service: ServiceTime) -> Generator[Any, Any, None]:
        """The stage's CPU over as many threads as it has, and then what it waits for."""
        nonlocal spent
        threads = max(1, math.ceil(service.parallel))
        parts = [environment.process(_use(environment, processors, service.cpu / threads)) for _ in range(threads)]
        yield environment.all_of(parts)
        spent += service.cpu
        yield environment.timeout(max(0.0, service.wall - service.cpu / threads))

    def carry(at: float) -> Generator[Any, Any, None]:
        yield environment.timeout(at)
        for phase, service in services.items():
            lane = next(resource for phases, resource in lanes if phase in phases)
            with lane.request() as turn:
                yield turn
                yield from compute(service)
            if phase is Phase.ADMITTED and plant.render_seconds:
                with engine.request() as slot:
                    yield slot
                    yield environment.timeout(plant.render_seconds)
        published.append(environment.now)
        waited.append(environment.now - at)

    for at in arrivals:
        environment.process(carry(at))
    environment.run()
    return SimulatedRun(published=published, waited=waited, busy=spent / (plant.processors * max(published)))


def _use(environment: Any, processors: Any, seconds: float) -> Generator[Any, Any, None]:
    left = seconds
    while left > 1e-9:
        with processors.request() as turn:
            yield turn
            yield environment.timeout(min(_SLICE, left))
        left -= _SLICE
