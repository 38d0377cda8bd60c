"""Writes docs/reference/capacity.md from evals/results/capacity.json: `python -m evals.capacity.report`."""

from __future__ import annotations

from evals.capacity.scale_up import (
    BUSY,
    CORES_A_MACHINE,
    EUROS_A_CORE_HOUR,
    EUROS_A_GIGABYTE_MONTH,
    KEPT_DAYS,
    PEAK,
    RENDER_SECONDS,
)
from evals.pages import EVALS_FOLDER, render_markdown, stored_results

PAGE = EVALS_FOLDER.parent / "docs" / "reference" / "capacity.md"


def main() -> None:
    """Write it."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Service times, the simulation beside the real runs, and what days need."""
    found = stored_results("capacity")
    for run in found["runs"]:
        run["off"] = abs(100 * (run["simulated"] / run["real"] - 1))
    assumed = {
        "peak": PEAK,
        "busy": BUSY,
        "cores_a_machine": CORES_A_MACHINE,
        "core_hour": EUROS_A_CORE_HOUR,
        "gigabyte_month": EUROS_A_GIGABYTE_MONTH,
        "kept_days": KEPT_DAYS,
        "render_seconds": RENDER_SECONDS,
    }
    return render_markdown("capacity/templates/capacity.md.j2", found=found, assumed=assumed)


if __name__ == "__main__":
    main()
