"""Writes docs/reference/stream.md from evals/results/stream.json: `python -m evals.stream.report`."""

from __future__ import annotations

from collections.abc import Mapping

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
    return render_markdown("stream/templates/stream.md.j2", found=found, sums=sums, idle=idle, most=most, **more)


def _cpu(run: Mapping[str, float]) -> int:
    return round(run["worker_cpu"] + run["postgres_cpu"] + run["broker_cpu"])


if __name__ == "__main__":
    main()
