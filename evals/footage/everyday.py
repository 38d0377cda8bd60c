"""`python -m evals.footage.everyday CLIPS OUT`: what all of policy says of harmless everyday clips, and what it costs.

CLIPS is a CSV with a column `path`, relative to the parent of its folder; they are measured and judged as videos of
nobody's case, at the default policy, by all classifiers together. Nothing of them is kept but scores.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from core.roles import Principal, Role
from core.verdicts import Decision
from evals.intervals import wilson_interval
from media.probe import probe
from media.sandbox import sandboxed_process
from pipeline.settings import load_settings
from pipeline.wiring import Installation, build_installation

_MODERATOR = Principal(id="evals", roles=frozenset({Role.MODERATOR}))
_WORTH_TELLING = 0.1  # score


def main() -> None:
    """Measure, and write the results."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("clips", type=Path)
    asked.add_argument("out", type=Path)
    given = asked.parse_args()
    with given.clips.open() as table:
        paths = [given.clips.parent.parent / row["path"] for row in csv.DictReader(table)]
    with tempfile.TemporaryDirectory() as home:
        installation = build_installation(load_settings(home=Path(home)))
        rows = [_judged(installation, path) for path in paths]
    held = sum(row["decision"] != Decision.ALLOW for row in rows)
    low, high = wilson_interval(held, len(rows))
    result = {
        "n": len(rows),
        "held": held,
        "rate": round(held / len(rows), 4),
        "interval": [round(low, 4), round(high, 4)],
        "cpu_seconds_per_second_of_video": round(sum(r["cpu"] for r in rows) / sum(r["duration"] for r in rows), 2),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "machine": f"{platform.machine()}, {platform.python_version()}",
        "command": "python -m evals.footage.everyday CLIPS OUT",
        "rows": rows,
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{held} of {len(rows)} held ({low:.1%} to {high:.1%})")


def _judged(installation: Installation, path: Path) -> dict[str, Any]:
    began = _cpu()
    verdict = (opinion := installation.service.opinions.inspect(_MODERATOR, path)).verdict
    took = _cpu() - began
    scores: dict[str, float] = {}
    for one in opinion.measured.signals:
        if one.score is not None and one.score >= _WORTH_TELLING:
            scores[one.label] = max(one.score, scores.get(one.label, 0.0))
    print(path.name, verdict.decision.name, *verdict.rules, file=sys.stderr, flush=True)
    return {
        "clip": f"{path.parent.name}/{path.name}",
        "decision": verdict.decision,
        "rules": list(verdict.rules),
        "scores": scores,
        "duration": round(probe(path).duration, 2),
        "cpu": round(took, 2),
    }


def _cpu() -> float:
    """CPU seconds of this process, of those that it has waited for, and of those that decode in the sandbox."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime + sandboxed_process.usage.cpu


if __name__ == "__main__":
    main()
