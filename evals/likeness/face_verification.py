"""How well faces are told apart: `ASSAY_DATA=FOLDER python -m evals.likeness.face_verification [--heads FILE]`.

Reads faces/pairs.csv (a, b, same, id_a, id_b, corpus_a, corpus_b) for measuring only: nothing is trained on it, and
thresholds are set by how near strangers come, never by where the two kinds part. Strangers are all pairs of photographs
of different people, far more than the file names. With `--heads` (made by evals.convert) figures are also given by the
age and gender that HSE-FaceRes guesses, because the data say nothing of either: a guess, and told as one.
Writes evals/results/likeness.json. With `--scale FILE` it writes the distances by false-match rate there instead: how a
house that has chosen InsightFace's nets (`face_backend`) learns how their distances are to be read.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.image.face_backend import face_backend
from classifiers.image.photo_face_detection import detect_photo_faces
from classifiers.models import Models
from classifiers.person_comparison import PersonTemplates, compare_people, templates_of_first_face
from core.embedding_spaces import FACE_SPACE
from evals.bench.machine_info import machine_info, min_median_max
from evals.likeness.biometric_metrics import bootstrap_auc, percentiles, proportion_interval, tar_at_false_match_rates
from evals.likeness.face_subgroups import face_subgroups
from evals.likeness.template_cache import TemplateCache
from media.sandbox.limits import InputLimits
from media.still_image import read_rgb
from pipeline.settings import load_settings

RESULT = Path(__file__).parents[1] / "results" / "likeness.json"
FALSE_MATCH_RATES = (1e-2, 1e-3, 1e-4, 1e-5)
"""Shares of pairs of strangers."""

PairRow = dict[str, str]


def main() -> None:
    """Measure and write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--heads", type=Path, help="HSE-FaceRes with its age and gender heads, from evals.convert")
    asked.add_argument("--kept", type=Path, help="an .npz of templates described by an earlier run; made if absent")
    asked.add_argument("--scale", type=Path, help="write the scale of the nets that are chosen here, and nothing else")
    given = asked.parse_args()
    models = Models(load_settings().model_options())
    heads, kept = given.heads, TemplateCache(given.kept)
    data = Path(os.environ["ASSAY_DATA"])
    rows = list(csv.DictReader((data / "faces" / "pairs.csv").open(newline="")))
    people = {row[side]: row[f"id_{side}"] for row in rows for side in "ab"}
    seen: dict[str, PersonTemplates] = {}
    took: list[float] = []
    groups: dict[str, dict[str, str]] = {}
    for path in sorted(people):
        if path in kept:
            seen[path], groups[path] = kept[path]
            continue
        _, rgb = read_rgb(data / path, None, InputLimits())
        began = time.process_time()
        found = detect_photo_faces(rgb, models.get("mtcnn"))
        seen[path] = templates_of_first_face(found, models)
        took.append(time.process_time() - began)
        groups[path] = face_subgroups(found[0], heads) if seen[path].faces else {}
        kept.put(path, seen[path], groups[path])
        if len(took) % 10 == 0:  # a run that is broken off is carried on by the next
            kept.write()
    kept.write()
    strangers = _impostor_rates(people, seen)
    if given.scale:
        rates = [[one["false_match_rate"], one["distance"]] for one in strangers["rates"]]
        given.scale.write_text(
            json.dumps({"space": face_backend(models.options).space.name, "rates": rates}, indent=2) + "\n"
        )
        return
    result = {
        "space": FACE_SPACE.name,
        "command": "python -m evals.likeness.face_verification --heads HEADS"
        if heads
        else "python -m evals.likeness.face_verification",
        "pairs": _pairs(rows, seen, models),
        "strangers": strangers,
        "by_group": _by_group(rows, seen, people, groups),
        "cpu_s_a_photograph": min_median_max(took[1:]) if len(took) > 1 else None,
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _pairs(rows: list[PairRow], seen: dict[str, PersonTemplates], models: Models) -> dict[str, Any]:
    """The pairs of the file as `assay likeness compare --pairs` would answer them."""
    said = [(row["same"] == "1", compare_people(seen[row["a"]], seen[row["b"]], models)) for row in rows]
    scored = [(same, one.score) for same, one in said if one.score is not None]
    yes = np.array([score for same, score in scored if same])
    no = np.array([score for same, score in scored if not same])
    no_score = [one.reason for _, one in said if one.score is None]
    undecided = [one for _, one in said if one.score is not None and one.same is None]
    return {
        "n": len(rows),
        "auc": bootstrap_auc(yes, no),
        "no_score": {
            "share": proportion_interval(len(no_score), len(rows)),
            "reasons": {r: no_score.count(r) for r in set(no_score)},
        },
        "too_close_to_call": proportion_interval(len(undecided), len(rows)),
        "same_said_same": proportion_interval(sum(same and one.same is True for same, one in said), len(yes)),
        "same_said_another": proportion_interval(sum(same and one.same is False for same, one in said), len(yes)),
        "others_said_same": proportion_interval(sum(not same and one.same is True for same, one in said), len(no)),
        "tar_at_no_false_accept": proportion_interval(int((yes > no.max()).sum()), len(yes)),
        "scores": {"same": percentiles(yes), "others": percentiles(no)},
    }


def _impostor_rates(people: dict[str, str], seen: dict[str, PersonTemplates]) -> dict[str, Any]:
    """All pairs of photographs: thresholds by false-match rate, and how many of one person's pairs pass each."""
    same, others = _distances(people, seen)
    return {
        "pairs_of_strangers": len(others),
        "pairs_of_one": len(same),
        "rates": tar_at_false_match_rates(same, others, FALSE_MATCH_RATES),
    }


def _distances(people: dict[str, str], seen: dict[str, PersonTemplates]) -> tuple[NDArray[Any], NDArray[Any]]:
    known = [path for path in people if seen[path].faces]
    templates = np.stack([seen[path].faces[0] for path in known])
    who = np.array([people[path] for path in known])
    squares = np.einsum("ij,ij->i", templates, templates)
    apart = np.sqrt(np.maximum(0, squares[:, None] + squares - 2 * templates @ templates.T))
    upper = np.triu(np.ones(apart.shape, dtype=bool), 1)
    alike = who[:, None] == who
    return apart[upper & alike], apart[upper & ~alike]


def _by_group(
    rows: list[PairRow], seen: dict[str, PersonTemplates], people: dict[str, str], groups: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """Of each group: how many pairs of one person pass the threshold of all, and how many strangers of the group do."""
    _, others = _distances(people, seen)
    at = float(np.quantile(others, 1e-3))
    corpora = {row[side]: row[f"corpus_{side}"] for row in rows for side in "ab"}
    for path, corpus in corpora.items():
        groups.setdefault(path, {})["corpus"] = corpus
    found: dict[str, Any] = {}
    for kind in sorted({kind for one in groups.values() for kind in one}):
        for name in sorted({one[kind] for one in groups.values() if kind in one}):
            members = {path: who for path, who in people.items() if groups.get(path, {}).get(kind) == name}
            mine = {path: who for path, who in members.items() if seen[path].faces}
            if len(mine) < 2:
                continue
            same, strangers = _distances(mine, seen)
            found[f"{kind}: {name}"] = {
                "photographs": len(members),
                "no_template": len(members) - len(mine),
                "tar": proportion_interval(int((same < at).sum()), len(same)) if len(same) else None,
                "false_matches": proportion_interval(int((strangers < at).sum()), len(strangers))
                if len(strangers)
                else None,
            }
    return found


if __name__ == "__main__":
    main()
