"""Writes docs/reference/stream.md from evals/results/stream.json: `python -m evals.stream.report`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.pages import EVALS_FOLDER, render_markdown, stored_results

_COMPARED = 2  # workers
_MORE = {"slots": "engine_slots", "lost": "lost_worker", "day": "day"}
PAGE = EVALS_FOLDER.parent / "docs" / "reference" / "stream.md"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The carriers beside each other, and where each pays."""
    found = stored_results("stream")
    most = max(run["workers"] for run in found["runs"])
    sums = {run["carrier"]: _cpu(run) for run in found["runs"] if run["workers"] == _COMPARED}
    idle = {run["carrier"]: run["idle_cpu_a_second"] for run in found["runs"] if run["workers"] == most}
    more = {name: stored_results(f"stream_{file}") for name, file in _MORE.items()}
    return render_markdown(
        "stream/templates/stream.md.j2", found=found, sums=sums, idle=idle, most=most, **more, **_day(more["day"])
    )


def _day(day: Mapping[str, Any]) -> dict[str, float]:
    """Of all parts of the day that was replayed: how many cases, and what a million of them cost."""
    parts = day["steps"]
    carried = float(sum(part["cases"] for part in parts))

    def mean(name: str) -> float:
        return sum(float(part[name] * part["cases"]) for part in parts) / carried

    return {
        "carried": carried,
        "day_core_hours": (mean("worker_cpu") + mean("postgres_cpu")) / 3.6,
        "day_postgres_hours": mean("postgres_cpu") / 3.6,
        "day_gigabytes": mean("bytes") / 1000,
    }


def _cpu(run: Mapping[str, float]) -> int:
    return round(run["worker_cpu"] + run["postgres_cpu"] + run["broker_cpu"])


if __name__ == "__main__":
    main()
