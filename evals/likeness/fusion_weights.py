"""What SFace weighs beside the other two nets: `ASSAY_DATA=FOLDER python -m evals.likeness.fusion_weights KEPT`.

KEPT is what evals.likeness.face_verification wrote with `--kept`. The weight is chosen on one source of photographs
(LFW) by half of its people, and tried on the other half with the threshold of the first, over random halves; then, with
the threshold of all of LFW, on photographs of every other source. Writes evals/results/likeness_fusion.json.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from core.embedding_spaces import TWO_NET_FACE_SPACE
from evals.bench.machine_info import machine_info
from evals.likeness.biometric_metrics import CountedProportion, proportion_interval
from evals.likeness.template_cache import TemplateCache
from media.arrays import AnyArray

RESULT = Path(__file__).parents[1] / "results" / "likeness_fusion.json"
WEIGHTS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)
"""Of SFace beside dlib's net at 1; 0 is without it."""
CHOSEN_FROM = ("lfw_subset", "lfw10x10")
"""The source on which the weight is chosen."""
FALSE_MATCH_RATE = 1e-3
"""Share of pairs of strangers at which the weight is chosen; ties are broken at a tenth of it."""
DRAWS = 40
"""Random halves of the people of that source."""


class OtherSources(TypedDict):
    """Of pairs of photographs from elsewhere, at the threshold of the source that the weight was chosen on."""

    tar: CountedProportion
    false_matches: CountedProportion


def main() -> None:
    """Measure and write."""
    rows = list(csv.DictReader((Path(os.environ["ASSAY_DATA"]) / "faces" / "pairs.csv").open(newline="")))
    people = {row[side]: (row[f"id_{side}"], row[f"corpus_{side}"]) for row in rows for side in "ab"}
    kept = TemplateCache(Path(sys.argv[1]))
    known = [path for path in sorted(people) if path in kept and kept[path][0].faces]
    templates = np.stack([kept[path][0].faces[0] for path in known])
    who, source = (np.array([people[path][n] for path in known]) for n in range(2))
    of_two, of_sface = _distances_by_part(templates)
    by_weight = {weight: np.sqrt(of_two**2 + (weight * of_sface) ** 2) for weight in WEIGHTS}
    upper, alike = np.triu(np.ones(of_two.shape, bool), 1), who[:, None] == who
    here = np.isin(source, CHOSEN_FROM)
    chosen, tried = _try_halves(by_weight, who, here, upper, alike)
    there = ~here
    inside, outside = here[:, None] & here & upper, there[:, None] & there & upper
    result = {
        "command": "python -m evals.likeness.fusion_weights KEPT",
        "chosen_from": CHOSEN_FROM,
        "false_match_rate": FALSE_MATCH_RATE,
        "draws": DRAWS,
        "photographs": {"chosen_from": int(here.sum()), "other_sources": int(there.sum())},
        "chosen": {str(weight): chosen[weight] for weight in WEIGHTS if chosen[weight]},
        "other_half_at_the_threshold_of_the_first": tried,
        "at_own_thresholds": {
            str(weight): {
                "chosen_from": _tars(distances[inside & alike], distances[inside & ~alike]),
                "all": _tars(distances[upper & alike], distances[upper & ~alike]),
            }
            for weight, distances in by_weight.items()
        },
        "other_sources": {
            str(weight): _other_sources(distances, inside, outside, alike) for weight, distances in by_weight.items()
        },
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _distances_by_part(templates: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Between all, by the first two nets and by SFace of length one."""
    two, sface = np.split(templates, [TWO_NET_FACE_SPACE.dimensions], axis=1)
    return _distances(two), _distances(sface / np.linalg.norm(sface, axis=1, keepdims=True))


def _distances(vectors: AnyArray) -> AnyArray:
    squares = np.einsum("ij,ij->i", vectors, vectors)
    return np.asarray(np.sqrt(np.maximum(0, squares[:, None] + squares - 2 * vectors @ vectors.T)))


def _try_halves(
    by_weight: dict[float, AnyArray],
    who: AnyArray,
    here: NDArray[np.bool_],
    upper: NDArray[np.bool_],
    alike: NDArray[np.bool_],
) -> tuple[Counter[float], dict[str, dict[str, float]]]:
    """How often each weight was the best of one half, and the mean over the draws of what each does in the other."""
    rng, chosen = np.random.default_rng(20261129), Counter[float]()
    found: dict[str, list[list[float]]] = {name: [] for name in ("chosen", *map(str, WEIGHTS))}
    names = np.unique(who[here])
    for _ in range(DRAWS):
        first = here & np.isin(who, rng.choice(names, len(names) // 2, replace=False))
        second = here & ~first
        one, other = first[:, None] & first & upper, second[:, None] & second & upper
        ranked, answers = {}, {}
        for weight, distances in by_weight.items():
            genuine, strangers = distances[one & alike], distances[one & ~alike]
            ranked[weight] = tuple(_tars(genuine, strangers)[1:3])
            limit = np.quantile(strangers, FALSE_MATCH_RATE)
            answers[weight] = [float((distances[other & k] < limit).mean()) for k in (alike, ~alike)]
            found[str(weight)].append(answers[weight])
        best = max(WEIGHTS, key=lambda weight: (ranked[weight], -weight))
        chosen[best] += 1
        found["chosen"].append(answers[best])
    means = {name: np.mean(pairs, axis=0) for name, pairs in found.items()}
    return chosen, {
        name: {"tar": round(float(tar), 4), "false_match_rate": round(float(rate), 6)}
        for name, (tar, rate) in means.items()
    }


def _tars(genuine: AnyArray, strangers: AnyArray) -> list[float]:
    """At 1 %, at the rate of the choice, at a tenth and at a hundredth of it."""
    return [
        round(float((genuine < np.quantile(strangers, rate)).mean()), 4)
        for rate in (1e-2, FALSE_MATCH_RATE, FALSE_MATCH_RATE / 10, FALSE_MATCH_RATE / 100)
    ]


def _other_sources(
    distances: AnyArray, inside: NDArray[np.bool_], outside: NDArray[np.bool_], alike: NDArray[np.bool_]
) -> OtherSources:
    limit = np.quantile(distances[inside & ~alike], FALSE_MATCH_RATE)
    genuine, strangers = distances[outside & alike], distances[outside & ~alike]
    return {
        "tar": proportion_interval(int((genuine < limit).sum()), len(genuine)),
        "false_matches": proportion_interval(int((strangers < limit).sum()), len(strangers)),
    }


if __name__ == "__main__":
    main()
