"""Hostile files: the verifier over mutated videos, pictures and sounds: `python -m evals.provenance.fuzz [COUNT]
[--seed N]`.

Seeds and mutations are those of evals.provenance.fuzz_corpus. Every file goes through verify(): credentials, their
history and its
pictures, labels, every decoder of pictures and of sound, and the fingerprints of both. Searching it for the watermark
is most of what verifying costs and reads no other bytes than decoding does, so one file in twenty is searched as well,
and in the others taking its fingerprints stands in for it. What counts: every file is answered, with a finding or with
BadMedia in one line; nothing takes over five seconds of computing, nor has to be killed for its time, nor takes over a
gigabyte. (Wall time is given beside it: on a shared machine they are others' as well.) Deaths of the limited
process are contained, and counted apart.

What was done is kept in build/fuzz-SEED.jsonl: a run that is broken off goes on from there. Writes
evals/results/fuzz.json.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import BadMedia
from core.finding import WatermarkFinding
from evals.bench.machine_info import machine_info
from evals.provenance import report
from evals.provenance.fuzz_corpus import SeedFile, make_seed_files, mutate
from media.audio_decode import decode_mono_audio
from media.sandbox import sandboxed_process
from provenance.c2pa.signers.dev_keys import make_dev_keys
from provenance.c2pa.signers.keys_folder import ProvenanceKeys
from provenance.c2pa.thumbnails import lineage_thumbnails
from provenance.fingerprint.sound_fingerprint import sound_search_hashes
from provenance.fingerprint.video_search_hashes import video_search_hashes
from provenance.verification.verify import verify
from provenance.watermark.key import WatermarkKey
from provenance.watermark_detection import detect_watermarks
from provenance.watermark_ports import DetectWatermark

_ROOT = Path(__file__).parents[2]
RESULT = _ROOT / "evals" / "results" / "fuzz.json"
MAX_CPU_SECONDS = 5.0
"""CPU seconds a file, at the most: the goal."""
MAX_MEMORY_MIB = 1024
"""MiB of the largest limited process: the bound."""
WATERMARK_SEARCH_EVERY = 20
"""One file in so many is searched for the watermark as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzOutcome:
    """How one file ended: a verdict, `refused`, `contained` (the limited process died) or `broke`; and what it took.

    `seconds` are on the clock, `cpu` of all processes; `mib` is the largest limited process.
    """

    number: int
    kind: str
    how: str
    seconds: float
    cpu: float
    mib: int
    detail: str = ""


def main() -> None:
    """Run and write."""
    asked = argparse.ArgumentParser()
    asked.add_argument("count", nargs="?", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=20261126)
    given = asked.parse_args()
    logging.disable(logging.WARNING)  # what the limited process says of each broken file
    kept = _ROOT / "build" / f"fuzz-{given.seed}.jsonl"
    kept.parent.mkdir(exist_ok=True)
    done = {outcome.number: outcome for outcome in _read(kept)}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, kept.open("a") as log:
        folder = Path(name)
        keys = make_dev_keys(folder / "keys").keys
        (folder / "seeds").mkdir()
        seeds = make_seed_files(folder / "seeds", keys)
        for number in range(given.seed, given.seed + given.count):
            if number not in done:
                done[number] = verify_mutated(number, seeds, folder, keys)
                log.write(json.dumps(asdict(done[number])) + "\n")
                log.flush()
    result = summary([done[number] for number in range(given.seed, given.seed + given.count)], seeds)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    report.main()
    print(json.dumps(result, indent=2))


def verify_mutated(number: int, seeds: list[SeedFile], folder: Path, keys: ProvenanceKeys) -> FuzzOutcome:
    """Verify one mutated file."""
    kind, data = mutate(number, seeds)
    file = folder / f"{number}-{kind}"
    file.write_bytes(data)
    try:
        return _timed(number, kind, file, keys)
    finally:
        file.unlink()


def summary(outcomes: Sequence[FuzzOutcome], seeds: Sequence[SeedFile]) -> dict[str, object]:
    """What is committed."""
    slow = [outcome for outcome in outcomes if outcome.cpu > MAX_CPU_SECONDS or " s to read" in outcome.detail]
    slowest, largest = max(outcomes, key=lambda outcome: outcome.cpu), max(outcomes, key=lambda outcome: outcome.mib)
    cpu = sorted(outcome.cpu for outcome in outcomes)
    within = not slow and largest.mib < MAX_MEMORY_MIB and all(outcome.how != "broke" for outcome in outcomes)
    return {
        "files": len(outcomes),
        "searched_for_the_mark": sum(outcome.number % WATERMARK_SEARCH_EVERY == 0 for outcome in outcomes),
        "seeds": dict(Counter(kind for kind, _ in seeds)),
        "ended": dict(Counter(outcome.how for outcome in outcomes).most_common()),
        "broke": [f"{outcome.number}: {outcome.detail}" for outcome in outcomes if outcome.how == "broke"],
        "contained": [f"{outcome.number}: {outcome.detail}" for outcome in outcomes if outcome.how == "contained"][:20],
        "over_5_s": [f"{outcome.number}: {outcome.seconds:.1f} s, {outcome.cpu:.1f} s of CPU" for outcome in slow],
        "slowest": f"{slowest.kind}: {slowest.cpu:.2f} s of CPU, {slowest.seconds:.1f} s on the clock",
        "cpu_s": {"median": round(cpu[len(cpu) // 2], 2), "p99": round(cpu[len(cpu) * 99 // 100], 2), "max": cpu[-1]},
        "largest": f"{largest.kind}: {largest.mib} MiB",
        "within_bounds": within,
        "command": f"python -m evals.provenance.fuzz {len(outcomes)}",
        "machine": machine_info(),
    }


def _timed(number: int, kind: str, file: Path, keys: ProvenanceKeys) -> FuzzOutcome:
    sandboxed_process.usage.peak = 0
    began, spent = time.perf_counter(), time.process_time() + sandboxed_process.usage.cpu
    how, detail = "broke", ""
    try:
        how = _verdict(file, keys, detect_watermarks if number % WATERMARK_SEARCH_EVERY == 0 else _fingerprint_instead)
    except BadMedia as error:
        how = "contained" if "crash" in str(error) or "more than" in str(error) else "refused"
        detail = str(error) if how == "contained" else ""
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        detail = f"{type(error).__name__}: {error}"
    return FuzzOutcome(
        number=number,
        kind=kind,
        how=how,
        seconds=round(time.perf_counter() - began, 2),
        cpu=round(time.process_time() + sandboxed_process.usage.cpu - spent, 2),
        mib=sandboxed_process.usage.peak // 1024,
        detail=detail[:200],
    )


def _verdict(file: Path, keys: ProvenanceKeys, detect: DetectWatermark) -> str:
    finding = verify(file, trust=keys.trust, keys=[keys.watermark_key], detect=detect, look_up=lambda _: None)
    lineage_thumbnails(file, finding, keys.trust)
    return finding.verdict.value


def _fingerprint_instead(path: Path, *, keys: Sequence[WatermarkKey]) -> WatermarkFinding:
    """In place of the search: the fingerprints, for which all is decoded. Raises BadMedia for what is no media."""
    del keys
    failures = []
    for look in (lambda: video_search_hashes(path), lambda: sound_search_hashes(decode_mono_audio(path))):
        try:
            look()
        except BadMedia as error:
            failures.append(error)
    if len(failures) == 2:
        raise failures[0]
    return WatermarkFinding(detected=False)


def _read(kept: Path) -> Iterator[FuzzOutcome]:
    for line in kept.read_text().splitlines() if kept.exists() else ():
        yield FuzzOutcome(**json.loads(line))


if __name__ == "__main__":
    main()
