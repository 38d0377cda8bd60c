"""What a day of many generations needs: processors, machines, bytes and money, and what gives way first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.case import Phase
from evals.capacity.service_times import ServiceTime

DAY = 86_400.0
PEAK = 2.5
"""The busiest minute against the mean of the day: services for people are used by day."""
BUSY = 0.6
"""How busy processors may be in that minute, so that nothing waits for long."""
CORES_A_MACHINE = 16
EUROS_A_CORE_HOUR = 0.04
"""List price of a shared core of the large clouds, with its memory; an assumption, like the next."""
EUROS_A_GIGABYTE_MONTH = 0.02
RENDER_SECONDS = 60.0
"""What one engine slot takes for a video."""
KEPT_DAYS = 30

_ROLES: Mapping[str, tuple[Phase, ...]] = {
    "light": (Phase.SUBMITTED, Phase.SCREENED, Phase.ADMITTED),
    "render": (Phase.COMMISSIONED,),
    "gpu": (Phase.RENDERED, Phase.INSPECTED, Phase.CLEARED, Phase.SEALED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """So many generations a day, each published. Workers take one ticket at a time."""

    generations: int
    cores: float
    machines: int
    workers: Mapping[str, int]
    engine_slots: int
    events_a_second: float
    tickets_a_second: float
    database_gigabytes: float
    video_gigabytes: float
    euros_a_day: float


def plan_day(
    generations: int,
    services: Mapping[Phase, ServiceTime],
    *,
    events: int,
    database_bytes: float,
    video_bytes: float,
) -> Day:
    """For cases with these service times, of so many events and bytes each in the database and in the stores."""
    rate = generations / DAY * PEAK
    cores = rate * sum(service.cpu for service in services.values()) / BUSY
    workers = {
        role: max(1, math.ceil(rate * sum(services[phase].wall for phase in phases) / BUSY))
        for role, phases in _ROLES.items()
    }
    kept = generations * KEPT_DAYS / 1e9
    database, video = kept * database_bytes, kept * video_bytes
    machines = max(1, math.ceil(cores / CORES_A_MACHINE))
    return Day(
        generations=generations,
        cores=round(cores, 1),
        machines=machines,
        workers=workers,
        engine_slots=max(1, math.ceil(rate * RENDER_SECONDS / BUSY)),
        events_a_second=round(rate * events, 2),
        tickets_a_second=round(rate * len(_ROLES), 2),
        database_gigabytes=round(database, 1),
        video_gigabytes=round(video, 1),
        euros_a_day=round(max(cores, 2) * 24 * EUROS_A_CORE_HOUR + (database + video) * EUROS_A_GIGABYTE_MONTH / 30, 2),
    )
