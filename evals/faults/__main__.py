"""`python -m evals.faults soak --minutes 60 --seed 17` writes evals/results/faults_soak.json and its page."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evals.bench.machine_info import machine_info
from evals.faults.soak import soak
from evals.faults.suite import run_suite

_ALL_DAY = 1440.0
RESULTS = Path(__file__).parents[1] / "results"


def main(arguments: list[str] | None = None) -> int:
    """Run what is named; 1 where a law was broken."""
    words = argparse.ArgumentParser(prog="python -m evals.faults", description="Faults, and what holds under them.")
    words.add_argument("--folder", type=Path, default=None, help="where the house stands; default: one that is removed")
    commands = words.add_subparsers(dest="command", required=True)
    soaking = commands.add_parser("soak", help="full load with faults by lot")
    soaking.add_argument("--minutes", type=float, default=60.0)
    soaking.add_argument("--seed", type=int, default=17)
    suite = commands.add_parser("suite", help="each fault alone")
    suite.add_argument("--only", default="", help="faults with this in their name; the results are not written")
    suite.add_argument("--minutes", type=float, default=0.0, help="begin no fault after so many; 0: all of them")
    suite.add_argument("--seed", type=int, default=17)
    given = words.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="assay-faults-") as temporary:
        folder = given.folder or Path(temporary)
        if given.command == "suite":
            return _suite(folder, given.seed, given.only, given.minutes)
        return _soak(folder, given.minutes, given.seed)


def _suite(folder: Path, seed: int, only: str, minutes: float) -> int:
    told: list[dict[str, Any]] = []
    command = f"python -m evals.faults suite --seed {seed}" + (f" --minutes {minutes:g}" if minutes else "")
    for one in run_suite(folder, seed, only=only, minutes=minutes or _ALL_DAY):
        sys.stderr.write(f"{one}\n")
        found = {"breaches": [asdict(breach) for breach in one.breaches]}
        told.append(vars(one) | {"ends": dict(one.ends), "failures": dict(one.failures)} | found)
        if not only:
            _write("faults", {"command": command, "machine": machine_info(), "faults": told})
    return _say(sum(len(one["breaches"]) + one["not_settled"] for one in told))


def _soak(folder: Path, minutes: float, seed: int) -> int:
    counts = soak(folder, minutes=minutes, seed=seed)
    command = f"python -m evals.faults soak --minutes {minutes:g} --seed {seed}"
    _write("faults_soak", {"command": command, "machine": machine_info(), **counts.told()})
    return _say(len(counts.breaches) + counts.not_settled)


def _write(name: str, told: Mapping[str, object]) -> None:
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n")


def _say(broken: int) -> int:
    sys.stdout.write("every law holds\n" if not broken else f"{broken} breaches: see the results\n")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
