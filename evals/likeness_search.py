"""How fast and how surely a template is found among many: `python -m evals.likeness_search [TEMPLATES]`.

Synthetic, because nobody has a million faces to give: each person is a random direction of length one, a probe is the
person's template moved by noise. `noise` is its length beside the template's; a probe at 0.5 lies as far from its
template as the same person's photographs do at the worst. Writes evals/results/likeness_search.json.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.spaces import FACE
from evals.machine import machine, spread
from registry.exact import Batch
from registry.live import EXACT_UP_TO, Live

RESULT = Path(__file__).parent / "results" / "likeness_search.json"
QUERIES, NOISES = 200, (0.3, 0.5, 0.6)

Vectors = NDArray[np.float32]


def main() -> None:
    """Measure and write."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(20261125)
    result: dict[str, Any] = {
        "synthetic": True,
        "space": FACE.name,
        "numbers": FACE.length,
        "command": f"python -m evals.likeness_search {wanted}",
        "exact_up_to": EXACT_UP_TO,
        "sizes": [_size(min(wanted, EXACT_UP_TO), rng), _size(wanted, rng)],
        "machine": machine(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _size(count: int, rng: np.random.Generator) -> dict[str, Any]:
    live, began = Live(FACE.length), time.process_time()
    vectors = np.empty((count, FACE.length), np.float16)
    for at in range(0, count, 50_000):
        some = _directions(min(50_000, count - at), rng)
        vectors[at : at + len(some)] = some
        keys = range(at, at + len(some))
        live.add(Batch(keys, [f"p{key}" for key in keys], ["other"] * len(some), some))
    built = time.process_time() - began
    return {
        "templates": len(live),
        "kept_as": type(live._held).__name__,
        "build_cpu_s": round(built, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "probes": [_probes(live, vectors, noise, rng) for noise in NOISES],
        "changes": _changes(live, rng),
    }


def _probes(live: Live, vectors: NDArray[np.float16], noise: float, rng: np.random.Generator) -> dict[str, Any]:
    took, found = [], 0
    for row in rng.integers(0, len(vectors), QUERIES):
        probe = vectors[row].astype(np.float32) + noise * _directions(1, rng)[0]
        began = time.process_time()
        match = live.nearest(probe)
        took.append(1000 * (time.process_time() - began))
        found += match is not None and match[0] == f"p{row}"
    return {"noise": noise, "n": QUERIES, "recall": found / QUERIES, "cpu_ms": spread(took)}


def _changes(live: Live, rng: np.random.Generator) -> dict[str, Any]:
    added, removed, seen = [], [], 0
    for number, vector in enumerate(_directions(50, rng)):
        key = 10**9 + number
        began = time.process_time()
        live.add(Batch([key], ["new"], ["other"], vector[None]))
        added.append(1000 * (time.process_time() - began))
        match = live.nearest(vector)
        seen += match is not None and match[0] == "new"
        began = time.process_time()
        live.remove([key])
        removed.append(1000 * (time.process_time() - began))
        after = live.nearest(vector)
        seen += after is None or after[0] != "new"
    return {"add_cpu_ms": spread(added), "remove_cpu_ms": spread(removed), "seen_at_once": seen / 100}


def _directions(count: int, rng: np.random.Generator) -> Vectors:
    drawn = rng.standard_normal((count, FACE.length), dtype=np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    main()
