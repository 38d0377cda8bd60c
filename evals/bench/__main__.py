"""What Assay costs: `python -m evals.bench [overhead|stages|verify|setup]`, all but setup by default.

Writes evals/results/bench.json, and docs/reference/figures.md from it. CPU time is that of the process and of the
limited processes it has; wall time is reported beside it and means little on a shared machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evals.bench.machine_info import machine_info
from evals.bench.pipeline_overhead import measure_overhead
from evals.bench.setup_time import measure_setup
from evals.bench.stage_cost import measure_stages
from evals.bench.verify_cost import measure_verification

_RESULTS = Path(__file__).parents[1] / "results" / "bench.json"
_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "figures.md"
_PARTS: dict[str, Callable[[], Any]] = {
    "overhead": measure_overhead,
    "stages": measure_stages,
    "verify": measure_verification,
    "setup": measure_setup,
}


def main(parts: list[str]) -> None:
    """Measure the parts and keep the figures of the others."""
    found: dict[str, Any] = json.loads(_RESULTS.read_text()) if _RESULTS.exists() else {}
    for part in parts:
        sys.stderr.write(f"measuring {part}\n")
        found[part] = {
            "machine": machine_info(),
            "command": f"python -m evals.bench {part}",
            "figures": _PARTS[part](),
        }
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    _PAGE.write_text(page(found))


def page(found: dict[str, Any]) -> str:
    """The figures as a page."""
    lines = ["# Figures", "", "<!-- made by `python -m evals.bench` from evals/results/bench.json -->", ""]
    for part, measured in found.items():
        on = measured["machine"]
        lines += [
            f"## {part}",
            "",
            f"`{measured['command']}` on {on['processor']}, {on['cores']} cores, {on['date']}",
            "",
        ]
        lines += [_line(name, value) for name, value in measured["figures"].items()] + [""]
    return "\n".join(lines)


def _line(name: str, value: Any) -> str:
    if isinstance(value, dict) and "median" in value:
        return f"- {name}: {value['median']:g} (min {value['min']:g}, max {value['max']:g}, n={value['n']})"
    return f"- {name}: {value}"


if __name__ == "__main__":
    main(sys.argv[1:] or ["overhead", "stages", "verify"])
