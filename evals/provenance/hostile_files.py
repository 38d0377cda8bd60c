"""Files built on purpose, as a stranger's: `python -m evals.provenance.hostile_files`.

Each of evals.provenance.hostile_corpus goes through the whole verifier within a stranger's budget (media.sandbox.scan),
the search for the watermark included. What counts: every file is answered within its time, with a finding or with
BadMedia in one line; no process takes more memory than the budget; nothing beside the file is read, written, removed
or ended. Writes its part of evals/results/hostile.json; evals.provenance.hostile_mutated writes the other.
"""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import asdict
from pathlib import Path

from evals.bench.machine_info import machine_info
from evals.provenance import report
from evals.provenance.fuzz_corpus import make_seed_files
from evals.provenance.hostile_corpus import HOSTILE_FILES
from evals.provenance.hostile_outcome import BUDGET, HostileOutcome, summarise_outcomes, verify_hostile_file, witness_in
from media.sandbox.protections import sandbox_protections
from provenance.c2pa.signers.dev_keys import make_dev_keys

RESULT = Path(__file__).parents[1] / "results" / "hostile.json"


def main() -> None:
    """Run and write."""
    logging.disable(logging.WARNING)  # what the sandboxed process says of each broken file
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        (folder / "seeds").mkdir()
        make_seed_files(folder / "seeds", keys)
        clip = (folder / "seeds" / "plain.mp4").read_bytes()
        built = []
        with witness_in(folder) as witness:
            for title, build in HOSTILE_FILES.items():
                built.append(verify_hostile_file(title, build(clip), folder, keys, witness))
                print_outcome(built[-1])
    update_result(
        built=summarise_outcomes(built),
        files={outcome.name: _row(outcome) for outcome in built},
        protections={one.name: one.in_force for one in sandbox_protections()},
        budget=asdict(BUDGET),
        command="python -m evals.provenance.hostile_files",
        machine=machine_info(),
    )


def print_outcome(outcome: HostileOutcome) -> None:
    """One line."""
    print(f"{outcome.seconds:6.1f} s {outcome.mib:5} MiB  {outcome.how:24} {outcome.name}", flush=True)


def update_result(**parts: object) -> None:
    """Write these parts of the result, and leave the others as they are."""
    result = json.loads(RESULT.read_text(encoding="utf-8")) | parts
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    report.main()


def _row(outcome: HostileOutcome) -> dict[str, object]:
    row = asdict(outcome)
    del row["name"]
    return row


if __name__ == "__main__":
    main()
