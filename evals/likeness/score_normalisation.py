"""Would normalising by a cohort help? `ASSAY_DATA=FOLDER python -m evals.likeness.score_normalisation KEPT`.

KEPT is what evals.likeness.face_verification wrote with `--kept`. Half of the people serve as the cohort, one
photograph of each, and the
others are compared: as they are, with the symmetric z-score over the nearest of the cohort (s-norm), and with the ratio
to their mean distance from those. The same with a cohort of the compared people themselves, which flatters: the nearest
strangers normalise each other away. Writes evals/results/likeness_cohort.json.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.bench.machine_info import machine_info
from evals.likeness.template_cache import TemplateCache
from media.arrays import AnyArray

RESULT = Path(__file__).parents[1] / "results" / "likeness_cohort.json"
FALSE_MATCH_RATES = (1e-2, 1e-3, 1e-4)
"""Shares of pairs of strangers."""
NEAREST_OF_COHORT = 20
"""Members of the cohort whose distances a score is normalised by."""
DRAWS = 20
"""Random halves of the people as cohort, of which the mean is given."""


def main() -> None:
    """Measure and write."""
    rows = list(csv.DictReader((Path(os.environ["ASSAY_DATA"]) / "faces" / "pairs.csv").open(newline="")))
    people = {row[side]: row[f"id_{side}"] for row in rows for side in "ab"}
    kept = TemplateCache(Path(sys.argv[1]))
    known = [path for path in sorted(people) if path in kept and kept[path][0].faces]
    templates = np.stack([kept[path][0].faces[0] for path in known])
    who = np.array([people[path] for path in known])
    squares = np.einsum("ij,ij->i", templates, templates)
    apart = np.sqrt(np.maximum(0, squares[:, None] + squares - 2 * templates @ templates.T))
    rng = np.random.default_rng(20261126)
    by_draw = [_tar_by_score(apart, who, _cohort_members(who, rng)) for _ in range(DRAWS)]
    itself = _tar_by_score(apart, who, np.zeros(len(who), bool))
    result = {
        "command": "python -m evals.likeness.score_normalisation KEPT",
        "photographs": len(known),
        "nearest_of_the_cohort": NEAREST_OF_COHORT,
        "draws": DRAWS,
        "tar_by_rate_with_a_cohort_of_other_people": {
            name: [
                round(float(np.mean([tars[name][at] for tars in by_draw])), 4) for at in range(len(FALSE_MATCH_RATES))
            ]
            for name in by_draw[0]
        },
        "tar_by_rate_with_the_compared_people_as_cohort": itself,
        "rates": FALSE_MATCH_RATES,
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _cohort_members(who: AnyArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Who serves as the cohort: half of the people, all of whose photographs are set aside."""
    names = np.unique(who)
    return np.isin(who, rng.choice(names, len(names) // 2, replace=False))


def _tar_by_score(distances: AnyArray, who: AnyArray, in_cohort: NDArray[np.bool_]) -> dict[str, list[float]]:
    """TAR by rate, plain and normalised; where nobody is set aside the compared are their own cohort."""
    among = ~in_cohort
    here = distances[np.ix_(among, among)]
    alike = who[among][:, None] == who[among]
    if in_cohort.any():
        _, first = np.unique(who[in_cohort], return_index=True)
        cohort = distances[np.ix_(among, np.flatnonzero(in_cohort)[first])]
    else:
        cohort = np.where(alike, np.inf, here)
    nearest = np.sort(cohort, axis=1)[:, :NEAREST_OF_COHORT]
    mean, spread = nearest.mean(axis=1), nearest.std(axis=1)
    scores = {
        "as they are": here,
        "s-norm": ((here - mean[:, None]) / spread[:, None] + (here - mean) / spread) / 2,
        "ratio": here / np.sqrt(mean[:, None] * mean),
    }
    upper = np.triu(np.ones(here.shape, bool), 1)
    return {name: _tar(score[upper & alike], score[upper & ~alike]) for name, score in scores.items()}


def _tar(genuine: AnyArray, impostors: AnyArray) -> list[float]:
    return [round(float((genuine < np.quantile(impostors, rate)).mean()), 4) for rate in FALSE_MATCH_RATES]


if __name__ == "__main__":
    main()
