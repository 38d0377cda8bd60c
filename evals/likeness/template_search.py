"""How fast and how surely a template is found among many: `python -m evals.likeness.template_search [TEMPLATES]`.

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
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from core.embedding_spaces import FACE_SPACE
from evals.bench.machine_info import Spread, machine_info, min_median_max
from media.arrays import EmbeddingMatrix
from registry.templates.brute_force_index import TemplateBatch
from registry.templates.template_index import BRUTE_FORCE_LIMIT, TemplateIndex

RESULT = Path(__file__).parents[1] / "results" / "likeness_search.json"
QUERIES = 200
"""Probes at each level of noise."""
NOISE_LEVELS = (0.3, 0.5, 0.6)
"""Length of the noise beside the template's; at 0.5 it is that of one person's photographs at the worst."""


class ProbeResult(TypedDict):
    """Of `n` probes moved by so much noise: the share whose template came first, and CPU milliseconds a search."""

    noise: float
    n: int
    recall: float
    cpu_ms: Spread


class ChangeResult(TypedDict):
    """CPU milliseconds of a change, and the share of searches right after it that were answered rightly."""

    add_cpu_ms: Spread
    remove_cpu_ms: Spread
    seen_at_once: float


class SizeResult(TypedDict):
    """A gallery of so many templates; `peak_gib` is of the whole process so far."""

    templates: int
    kept_as: str
    build_cpu_s: float
    peak_gib: float
    probes: list[ProbeResult]
    changes: ChangeResult


def main() -> None:
    """Measure and write."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rng = np.random.default_rng(20261125)
    result: dict[str, object] = {
        "synthetic": True,
        "space": FACE_SPACE.name,
        "numbers": FACE_SPACE.dimensions,
        "command": f"python -m evals.likeness.template_search {wanted}",
        "exact_up_to": BRUTE_FORCE_LIMIT,
        "sizes": [_measure_size(min(wanted, BRUTE_FORCE_LIMIT), rng), _measure_size(wanted, rng)],
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _measure_size(count: int, rng: np.random.Generator) -> SizeResult:
    live, began = TemplateIndex(FACE_SPACE.dimensions), time.process_time()
    vectors = np.empty((count, FACE_SPACE.dimensions), np.float16)
    for at in range(0, count, 50_000):
        some = _unit_vectors(min(50_000, count - at), rng)
        vectors[at : at + len(some)] = some
        keys = range(at, at + len(some))
        live.add(TemplateBatch(keys, [f"p{key}" for key in keys], ["other"] * len(some), some))
    built = time.process_time() - began
    return {
        "templates": len(live),
        "kept_as": type(live._held).__name__,
        "build_cpu_s": round(built, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "probes": [_probes(live, vectors, noise, rng) for noise in NOISE_LEVELS],
        "changes": _changes(live, rng),
    }


def _probes(live: TemplateIndex, vectors: NDArray[np.float16], noise: float, rng: np.random.Generator) -> ProbeResult:
    cpu_ms_each, hits = [], 0
    for row in rng.integers(0, len(vectors), QUERIES):
        probe = vectors[row].astype(np.float32) + noise * _unit_vectors(1, rng)[0]
        began = time.process_time()
        match = live.nearest(probe)
        cpu_ms_each.append(1000 * (time.process_time() - began))
        hits += match is not None and match[0] == f"p{row}"
    return {"noise": noise, "n": QUERIES, "recall": hits / QUERIES, "cpu_ms": min_median_max(cpu_ms_each)}


def _changes(live: TemplateIndex, rng: np.random.Generator) -> ChangeResult:
    added, removed, as_expected = [], [], 0
    for number, vector in enumerate(_unit_vectors(50, rng)):
        key = 10**9 + number
        began = time.process_time()
        live.add(TemplateBatch([key], ["new"], ["other"], vector[None]))
        added.append(1000 * (time.process_time() - began))
        match = live.nearest(vector)
        as_expected += match is not None and match[0] == "new"
        began = time.process_time()
        live.remove([key])
        removed.append(1000 * (time.process_time() - began))
        after = live.nearest(vector)
        as_expected += after is None or after[0] != "new"
    return {
        "add_cpu_ms": min_median_max(added),
        "remove_cpu_ms": min_median_max(removed),
        "seen_at_once": as_expected / 100,
    }


def _unit_vectors(count: int, rng: np.random.Generator) -> EmbeddingMatrix:
    drawn = rng.standard_normal((count, FACE_SPACE.dimensions), dtype=np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    main()
