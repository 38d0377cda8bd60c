"""How long a near-duplicate look-up takes among a million videos: `python -m evals.lookup [VIDEOS]`.

Synthetic: random hashes, ten seconds a video. Copies differ from their original in a stated number of bits a second,
as re-encoding does (about 2 to 12) and as cropping and captions do (about 20 to 30). Writes evals/results/lookup.json.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from evals.machine import machine
from registry.fingerprints import Fingerprints, ranked

RESULT = Path(__file__).parent / "results" / "lookup.json"
SECONDS, QUERIES = 10, 200
FLIPS = (0, 8, 16, 24, 31, 40)


def main() -> None:
    """Measure and write."""
    videos = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(20261123)
    hashes = rng.integers(0, 256, (videos * SECONDS, 32), dtype=np.uint8)
    began = time.perf_counter()
    owners = np.repeat(np.arange(videos, dtype=np.uint32), SECONDS)
    index = Fingerprints(hashes, owners, [f"{number:016x}" for number in range(videos)])
    built = time.perf_counter() - began
    rows = [_row(index, hashes, flips, rng) for flips in FLIPS]
    result: dict[str, Any] = {
        "videos": videos,
        "seconds_each": SECONDS,
        "build_s": round(built, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "copies": rows,
        "strangers": _strangers(index, rng),
        "machine": machine(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _row(index: Fingerprints, hashes: np.ndarray[Any, Any], flips: int, rng: np.random.Generator) -> dict[str, Any]:
    took, found = [], 0
    for video in rng.integers(0, index.videos, QUERIES):
        copy = _flipped(hashes[video * SECONDS : (video + 1) * SECONDS], flips, rng)
        began = time.perf_counter()
        answer = ranked([index], copy, range(SECONDS))
        took.append(time.perf_counter() - began)
        found += bool(answer) and answer[0].id == f"{video:016x}"
    return {"bits_flipped_each_second": flips, "found": found / QUERIES, **_times(took)}


def _strangers(index: Fingerprints, rng: np.random.Generator) -> dict[str, Any]:
    took, found = [], 0
    for _ in range(QUERIES):
        probe = rng.integers(0, 256, (SECONDS, 32), dtype=np.uint8)
        began = time.perf_counter()
        found += bool(ranked([index], probe, range(SECONDS)))
        took.append(time.perf_counter() - began)
    return {"queries": QUERIES, "false_matches": found, **_times(took)}


def _flipped(hashes: np.ndarray[Any, Any], flips: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    bits = np.unpackbits(hashes, axis=1)
    for row in bits:
        row[rng.permutation(256)[:flips]] ^= 1
    return np.packbits(bits, axis=1)


def _times(took: list[float]) -> dict[str, float]:
    median, high = np.percentile(took, [50, 99])
    return {"median_ms": round(float(median) * 1e3, 2), "p99_ms": round(float(high) * 1e3, 2)}


if __name__ == "__main__":
    main()
