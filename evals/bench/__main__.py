"""What Assay costs: `python -m evals.bench [PART…]`: overhead, stages, verify (the default), gateway, uploads, setup,
attack, queue, reports, ledger, sweep.

`uploads` streams a hundred files, which takes many minutes; `--uploads 6 --at-once 3` tries it with fewer.

Writes evals/results/bench.json, and docs/reference/figures.md from it. CPU time is that of the process and of the
limited processes it has; wall time is reported beside it and means little on a shared machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypedDict

from evals.bench import report
from evals.bench.gateway_cost import UPLOADS, UPLOADS_AT_ONCE, measure_gateway, measure_uploads
from evals.bench.ledger_scale import measure_ledger, measure_sweep
from evals.bench.machine_info import BenchFigures, MachineInfo, machine_info
from evals.bench.pipeline_overhead import measure_overhead
from evals.bench.report_queries import measure_report_queries
from evals.bench.review_queue_load import measure_review_queue
from evals.bench.seats_under_attack import measure_seats_under_attack
from evals.bench.setup_time import measure_setup
from evals.bench.stage_cost import measure_stages
from evals.bench.verify_cost import measure_verification

_RESULTS = Path(__file__).parents[1] / "results" / "bench.json"
_PARTS: dict[str, Callable[[], BenchFigures]] = {
    "overhead": measure_overhead,
    "stages": measure_stages,
    "verify": measure_verification,
    "gateway": measure_gateway,
    "uploads": measure_uploads,
    "setup": measure_setup,
    "attack": measure_seats_under_attack,
    "queue": measure_review_queue,
    "reports": measure_report_queries,
    "ledger": measure_ledger,
    "sweep": measure_sweep,
}


class PartResult(TypedDict):
    """The figures of one part, and where they were measured."""

    machine: MachineInfo
    command: str
    figures: BenchFigures


def main(parts: list[str], *, uploads: int = UPLOADS, at_once: int = UPLOADS_AT_ONCE) -> None:
    """Measure the parts and keep the figures of the others. `uploads` files are streamed, `at_once` at a time."""
    measures = _PARTS | {"uploads": partial(measure_uploads, count=uploads, at_once=at_once)}
    results: dict[str, PartResult] = json.loads(_RESULTS.read_text()) if _RESULTS.exists() else {}
    for part in parts:
        sys.stderr.write(f"measuring {part}\n")
        few = part == "uploads" and (uploads, at_once) != (UPLOADS, UPLOADS_AT_ONCE)
        results[part] = {
            "machine": machine_info(),
            "command": f"python -m evals.bench {part}" + (f" --uploads {uploads} --at-once {at_once}" if few else ""),
            "figures": measures[part](),
        }
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    report.main()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What Assay costs.")
    parser.add_argument("parts", nargs="*", default=["overhead", "stages", "verify"])
    parser.add_argument("--uploads", type=int, default=UPLOADS, help="files that the part `uploads` streams")
    parser.add_argument("--at-once", type=int, default=UPLOADS_AT_ONCE, help="how many of them at a time")
    options = parser.parse_args()
    main(options.parts, uploads=options.uploads, at_once=options.at_once)
