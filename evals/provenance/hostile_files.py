"""Files built on purpose, and mutated ones, as a stranger's: `python -m evals.provenance.hostile_files [MUTATED]`.

Each goes through the whole verifier within a stranger's budget (media.sandbox.scan), the search for the watermark
included: those of evals.provenance.hostile_corpus, and MUTATED (default 200) of evals.provenance.fuzz_corpus. What
counts: every file is answered within its time, with a finding or with BadMedia in one line; no process takes more
memory than the budget; nothing beside the file is read, written, removed or ended. Writes evals/results/hostile.json.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import BadMedia
from evals.bench.machine_info import machine_info
from evals.provenance import report
from evals.provenance.fuzz_corpus import make_seed_files, mutate
from evals.provenance.hostile_corpus import HOSTILE_FILES
from media.sandbox import sandboxed_process
from media.sandbox.limits import MIB
from media.sandbox.protections import sandbox_protections
from media.sandbox.scan import ScanBudget, scan_within
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.thumbnails import lineage_thumbnails
from provenance.verification.verify import verify
from provenance.watermark_detection import detect_watermarks

RESULT = Path(__file__).parents[1] / "results" / "hostile.json"
_BUDGET = ScanBudget()
_SEED = 20261129
_GRACE = 5.0
"""Seconds beside the budget that an answer may take: for what is not done in the sandbox, and for killing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileOutcome:
    """How one file ended: a verdict, `refused` or `broke`; seconds on the clock, MiB of the largest process, the parts
    that were not looked at.
    """

    name: str
    size: int
    how: str
    seconds: float
    mib: int
    unexamined: tuple[str, ...] = ()
    detail: str = ""


def main() -> None:
    """Run and write."""
    asked = argparse.ArgumentParser()
    asked.add_argument("mutated", nargs="?", type=int, default=200)
    mutated = asked.parse_args().mutated
    logging.disable(logging.WARNING)  # what the sandboxed process says of each broken file
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        (folder / "seeds").mkdir()
        seeds = make_seed_files(folder / "seeds", keys)
        clip = (folder / "seeds" / "plain.mp4").read_bytes()
        built = [_outcome(title, build(clip), folder, keys) for title, build in HOSTILE_FILES.items()]
        others = [_outcome(*mutate(_SEED + number, seeds), folder, keys) for number in range(mutated)]
    result = {
        "built": _summary(built),
        "mutated": _summary(others) if others else {},
        "files": {outcome.name: _row(outcome) for outcome in built},
        "protections": {one.name: one.in_force for one in sandbox_protections()},
        "budget": asdict(_BUDGET),
        "command": f"python -m evals.provenance.hostile_files {mutated}",
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    report.main()
    print(json.dumps({part: result[part] for part in ("built", "mutated")}, indent=1, ensure_ascii=False))


def _summary(outcomes: Sequence[HostileOutcome]) -> dict[str, object]:
    slowest, largest = max(outcomes, key=lambda one: one.seconds), max(outcomes, key=lambda one: one.mib)
    return {
        "files": len(outcomes),
        "ended": dict(Counter(one.how for one in outcomes).most_common()),
        "not_all_looked_at": sum(bool(one.unexamined) for one in outcomes),
        "slowest": {"file": slowest.name, "seconds": slowest.seconds},
        "largest": {"file": largest.name, "mib": largest.mib},
        "over_time": [one.name for one in outcomes if one.seconds > _BUDGET.wall + _GRACE],
        "over_memory": [one.name for one in outcomes if one.mib > _BUDGET.memory // MIB],
        "broke": [f"{one.name}: {one.detail}" for one in outcomes if one.how == "broke"],
    }


def _row(outcome: HostileOutcome) -> dict[str, object]:
    row = asdict(outcome)
    del row["name"]
    return row


def _outcome(name: str, data: bytes, folder: Path, keys: ProvenanceKeys) -> HostileOutcome:
    place = folder / "upload"
    place.mkdir()
    file = place / "file.bin"
    file.write_bytes(data)
    sandboxed_process.usage.peak = 0
    began, how, detail = time.perf_counter(), "broke", ""
    unexamined: tuple[str, ...] = ()
    with _witness(folder) as changed:
        try:
            how, unexamined = _verified(file, keys)
        except BadMedia as error:
            how, detail = "refused", str(error)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            detail = f"{type(error).__name__}: {error}"
        seconds = round(time.perf_counter() - began, 2)
        if left := changed():
            how, detail = "broke", left
    file.unlink()
    place.rmdir()
    mib = sandboxed_process.usage.peak // 1024
    outcome = HostileOutcome(
        name=name, size=len(data), how=how, seconds=seconds, mib=mib, unexamined=unexamined, detail=detail[:200]
    )
    print(f"{outcome.seconds:6.1f} s {outcome.mib:5} MiB  {outcome.how:24} {outcome.name}", flush=True)
    return outcome


def _verified(file: Path, keys: ProvenanceKeys) -> tuple[str, tuple[str, ...]]:
    with scan_within(_BUDGET):
        finding = verify(
            file, trust=keys.trust, keys=[keys.watermark_key], detect=detect_watermarks, look_up=lambda _: None
        )
        lineage_thumbnails(file, finding, keys.trust)
    return finding.verdict.value, tuple(part.part for part in finding.unexamined)


@contextmanager
def _witness(folder: Path) -> Iterator[Callable[[], str]]:
    """A process and a file beside the one that is looked at; what is given says what became of them, if anything."""
    canary = folder / "canary"
    canary.write_bytes(b"canary")
    with subprocess.Popen(["/bin/sleep", "3600"]) as process:

        def changed() -> str:
            if process.poll() is not None:
                return "another process was ended"
            if not canary.is_file() or canary.read_bytes() != b"canary":
                return "another file was changed"
            extra = [one.name for one in (folder / "upload").iterdir() if one.name != "file.bin"]
            return f"files were left behind: {', '.join(extra)}" if extra else ""

        try:
            yield changed
        finally:
            process.kill()


if __name__ == "__main__":
    main()
