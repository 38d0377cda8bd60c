"""Very many mutated files, as a stranger's: `python -m evals.provenance.hostile_mutated [COUNT] [--part I/OF]`.

As evals.provenance.hostile_files, over mutations of tiny seeds (evals.provenance.fuzz_corpus). The search for turned,
filmed and cropped pictures takes two seconds a file and sees arrays of one size, whatever the file was: one file in
DEEP_EVERY has it, the others the quick search.

Each file is the same for the same number. What was done is kept in build/, line by line with the commit that it was
done at: a run that is broken off goes on from there. `--part 0/2` and `--part 1/2` share the work between two runs;
`--summary` writes what both did to evals/results/hostile.json.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from core.codec import load
from evals.bench.machine_info import machine_info
from evals.provenance.fuzz_corpus import TINY, make_seed_files, mutate
from evals.provenance.hostile_files import print_outcome, update_result
from evals.provenance.hostile_outcome import HostileOutcome, summarise_outcomes, verify_hostile_file, witness_in
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.watermark.effort import Effort

_BUILD = Path(__file__).parents[2] / "build"
_SEED = 20261130
DEEP_EVERY = 100
"""One file in so many is searched for turned, filmed and cropped pictures as well."""
_SHOWN_EVERY = 500


def main() -> None:
    """Run a part, or write the summary of all parts."""
    asked = argparse.ArgumentParser()
    asked.add_argument("count", nargs="?", type=int, default=20_000)
    asked.add_argument("--part", default="0/1")
    asked.add_argument("--summary", action="store_true")
    given = asked.parse_args()
    if given.summary:
        _write_summary()
        return
    part, _, of = given.part.partition("/")
    _run(given.count, int(part), int(of))


def _run(count: int, part: int, of: int) -> None:
    logging.disable(logging.WARNING)  # what the sandboxed process says of each broken file
    _BUILD.mkdir(exist_ok=True)
    commit, done = _commit(), {number for number, _, _ in _kept()}
    with (
        tempfile.TemporaryDirectory(prefix="hostile-") as name,
        (_BUILD / f"hostile-{part}-{of}.jsonl").open("a", encoding="utf-8") as kept,
    ):
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        (folder / "seeds").mkdir()
        seeds = make_seed_files(folder / "seeds", keys, TINY)
        with witness_in(folder) as witness:
            for number in range(part, count, of):
                if number in done:
                    continue
                kind, data = mutate(_SEED + number, seeds)
                effort: Effort = "quick" if number % DEEP_EVERY else "deep"
                outcome = verify_hostile_file(f"{number} {kind}", data, folder, keys, witness, effort=effort)
                kept.write(json.dumps({"number": number, "commit": commit, **asdict(outcome)}) + "\n")
                kept.flush()
                if outcome.how == "broke":
                    (_BUILD / f"hostile-{number}.bin").write_bytes(data)
                if outcome.how == "broke" or number // of % _SHOWN_EVERY == 0:
                    print_outcome(outcome)


def _write_summary() -> None:
    kept = {number: (commit, outcome) for number, commit, outcome in _kept()}
    outcomes = [outcome for _, outcome in kept.values()]
    summary = summarise_outcomes(outcomes) | {
        "commits": dict(Counter(commit for commit, _ in kept.values()).most_common()),
        "median_cpu_seconds": round(statistics.median(one.cpu for one in outcomes), 3),
        "deep_every": DEEP_EVERY,
        "command": f"python -m evals.provenance.hostile_mutated {len(outcomes)}",
        "machine": machine_info(),
    }
    update_result(mutated=summary)
    print(json.dumps(summary, indent=1, ensure_ascii=False))


def _kept() -> Iterator[tuple[int, str, HostileOutcome]]:
    """Number, commit and outcome of each file that was done; a line that was cut off counts as not done."""
    for path in sorted(_BUILD.glob("hostile-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            number, commit = row.pop("number"), row.pop("commit")
            yield number, commit, load(HostileOutcome, row)


def _commit() -> str:
    root = Path(__file__).parents[2]
    return subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    main()
