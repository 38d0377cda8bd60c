"""Which machine a figure was measured on, in words that help to compare and name nobody's host."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def machine_info() -> dict[str, Any]:
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


def min_median_max(values: list[float]) -> dict[str, float]:
    """Median with minimum and maximum, and how many there were."""
    ordered = sorted(values)
    return {
        "n": len(ordered),
        "min": round(ordered[0], 5),
        "median": round(ordered[len(ordered) // 2], 5),
        "max": round(ordered[-1], 5),
    }
