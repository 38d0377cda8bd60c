"""Which machine a figure was measured on, in words that help to compare and name nobody's host."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict


class MachineInfo(TypedDict):
    """`load` is how many processes ran or waited in the mean of the last minute; `date` is of UTC."""

    processor: str
    cores: int | None
    load: float
    python: str
    date: str


class Spread(TypedDict):
    """Of `n` measurements, in the unit that their name says."""

    n: int
    min: float
    median: float
    max: float


BenchFigures = dict[str, Spread | float]
"""By what was measured, with its unit."""


def machine_info() -> MachineInfo:
    """Processor, cores, load and date."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def min_median_max(values: list[float]) -> Spread:
    """Median with minimum and maximum, and how many there were."""
    ordered = sorted(values)
    return {
        "n": len(ordered),
        "min": round(ordered[0], 5),
        "median": round(ordered[len(ordered) // 2], 5),
        "max": round(ordered[-1], 5),
    }
