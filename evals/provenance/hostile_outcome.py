"""What one file does to the whole verifier within a stranger's budget, with a witness beside it.

For evals.provenance.hostile_files and hostile_mutated.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from core.errors import BadMedia
from media.sandbox import sandboxed_process
from media.sandbox.limits import MIB
from media.sandbox.scan import ScanBudget, scan_within
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.thumbnails import lineage_thumbnails
from provenance.verification.verify import verify
from provenance.watermark.effort import Effort
from provenance.watermark_detection import detect_watermarks

BUDGET = ScanBudget()
_GRACE = 5.0
"""Seconds beside the budget that an answer may take: for what is not done in the sandbox, and for killing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileOutcome:
    """How one file ended: a verdict, `refused` or `broke`; seconds on the clock and of computing, MiB of the largest
    process, the parts that were not looked at.
    """

    name: str
    size: int
    how: str
    seconds: float
    mib: int
    cpu: float = 0.0
    unexamined: tuple[str, ...] = ()
    detail: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Witness:
    """A process and a file beside the one that is looked at."""

    folder: Path
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._canary.write_bytes(b"canary")
        self._process = subprocess.Popen(["/bin/sleep", "360000"])

    @property
    def _canary(self) -> Path:
        return self.folder / "canary"

    def changed(self, place: Path) -> str:
        """What became of them, and of the folder `place` that holds `file.bin` only; nothing if nothing did."""
        if self._process.poll() is not None:
            self._begin()
            return "another process was ended"
        if not self._canary.is_file() or self._canary.read_bytes() != b"canary":
            self._canary.write_bytes(b"canary")
            return "another file was changed"
        extra = [one.name for one in place.iterdir() if one.name != "file.bin"]
        return f"files were left behind: {', '.join(extra)}" if extra else ""

    def end(self) -> None:
        """No longer needed."""
        self._process.kill()
        self._process.wait()


@contextmanager
def witness_in(folder: Path) -> Iterator[Witness]:
    """One for all files that are looked at inside."""
    witness = Witness(folder=folder)
    try:
        yield witness
    finally:
        witness.end()


def verify_hostile_file(
    name: str, data: bytes, folder: Path, keys: ProvenanceKeys, witness: Witness, *, effort: Effort = "deep"
) -> HostileOutcome:
    """Verify the file as the public verifier does; whatever is raised is an outcome."""
    place = folder / "upload"
    place.mkdir()
    file = place / "file.bin"
    file.write_bytes(data)
    usage = sandboxed_process.usage
    usage.peak, before = 0, usage.cpu + time.process_time()
    began, how, detail = time.perf_counter(), "broke", ""
    unexamined: tuple[str, ...] = ()
    try:
        how, unexamined = _verified(file, keys, effort)
    except BadMedia as error:
        how, detail = "refused", str(error)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        detail = f"{type(error).__name__}: {error}"
    seconds = round(time.perf_counter() - began, 2)
    if left := witness.changed(place):
        how, detail = "broke", left
    for extra in place.iterdir():
        extra.unlink()
    place.rmdir()
    return HostileOutcome(
        name=name,
        size=len(data),
        how=how,
        seconds=seconds,
        mib=usage.peak // 1024,
        cpu=round(usage.cpu + time.process_time() - before, 3),
        unexamined=unexamined,
        detail=detail[:200],
    )


def summarise_outcomes(outcomes: Sequence[HostileOutcome]) -> dict[str, object]:
    """Counts, the slowest and the largest, and whatever was over a bound or broke."""
    slowest, largest = max(outcomes, key=lambda one: one.seconds), max(outcomes, key=lambda one: one.mib)
    return {
        "files": len(outcomes),
        "ended": dict(Counter(one.how for one in outcomes).most_common()),
        "not_all_looked_at": sum(bool(one.unexamined) for one in outcomes),
        "slowest": {"file": slowest.name, "seconds": slowest.seconds},
        "largest": {"file": largest.name, "mib": largest.mib},
        "over_time": [one.name for one in outcomes if one.seconds > BUDGET.wall + _GRACE],
        "over_memory": [one.name for one in outcomes if one.mib > BUDGET.memory // MIB],
        "broke": [f"{one.name}: {one.detail}" for one in outcomes if one.how == "broke"],
    }


def _verified(file: Path, keys: ProvenanceKeys, effort: Effort) -> tuple[str, tuple[str, ...]]:
    detect = partial(detect_watermarks, effort=effort)
    with scan_within(BUDGET):
        finding = verify(file, trust=keys.trust, keys=[keys.watermark_key], detect=detect, look_up=lambda _: None)
        lineage_thumbnails(file, finding, keys.trust)
    return finding.verdict.value, tuple(part.part for part in finding.unexamined)
