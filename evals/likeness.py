"""How well faces are told apart: `ASSAY_DATA=FOLDER python -m evals.likeness [--heads FILE]`.

Reads faces/pairs.csv (a, b, same, id_a, id_b, corpus_a, corpus_b) for measuring only: nothing is trained on it, and
thresholds are set by how near strangers come, never by where the two kinds part. Strangers are all pairs of photographs
of different people, far more than the file names. With `--heads` (made by evals.convert) figures are also given by the
age and gender that HSE-FaceRes guesses, because the data say nothing of either: a guess, and told as one.
Writes evals/results/likeness.json. With `--scale FILE` it writes the distances by false-match rate there instead: how a
house that has chosen InsightFace's nets (`face_nets`) learns how their distances are to be read.
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

from classifiers import models
from classifiers.face_choice import face_nets
from classifiers.face_finding import faces_of
from classifiers.likeness import Impression, compare, of_faces
from core.spaces import FACE
from evals.likeness_figures import auc, by_rate, histogram, wilson
from evals.likeness_groups import groups_of
from evals.likeness_kept import Kept
from evals.machine import machine, spread
from media.limits import Limits
from media.still import read_rgb

RESULT = Path(__file__).parent / "results" / "likeness.json"
RATES = (1e-2, 1e-3, 1e-4, 1e-5)

Row = dict[str, str]


def main() -> None:
    """Measure and write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--heads", type=Path, help="HSE-FaceRes with its age and gender heads, from evals.convert")
    asked.add_argument("--kept", type=Path, help="an .npz of templates described by an earlier run; made if absent")
    asked.add_argument("--scale", type=Path, help="write the scale of the nets that are chosen here, and nothing else")
    given = asked.parse_args()
    heads, kept = given.heads, Kept(given.kept)
    data = Path(os.environ["ASSAY_DATA"])
    rows = list(csv.DictReader((data / "faces" / "pairs.csv").open(newline="")))
    people = {row[side]: row[f"id_{side}"] for row in rows for side in "ab"}
    seen: dict[str, Impression] = {}
    took: list[float] = []
    groups: dict[str, dict[str, str]] = {}
    for path in sorted(people):
        if path in kept:
            seen[path], groups[path] = kept[path]
            continue
        _, rgb = read_rgb(data / path, None, Limits())
        began = time.process_time()
        found = faces_of(rgb, models.get("mtcnn"))
        seen[path] = of_faces(found)
        took.append(time.process_time() - began)
        groups[path] = groups_of(found[0], heads) if seen[path].faces else {}
        kept.keep(path, seen[path], groups[path])
        if len(took) % 10 == 0:  # a run that is broken off is carried on by the next
            kept.write()
    kept.write()
    strangers = _strangers(people, seen)
    if given.scale:
        rates = [[one["false_match_rate"], one["distance"]] for one in strangers["rates"]]
        given.scale.write_text(json.dumps({"space": face_nets().space.name, "rates": rates}, indent=2) + "\n")
        return
    result = {
        "space": FACE.name,
        "command": "python -m evals.likeness --heads HEADS" if heads else "python -m evals.likeness",
        "pairs": _pairs(rows, seen),
        "strangers": strangers,
        "by_group": _by_group(rows, seen, people, groups),
        "cpu_s_a_photograph": spread(took[1:]) if len(took) > 1 else None,
        "machine": machine(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _pairs(rows: list[Row], seen: dict[str, Impression]) -> dict[str, Any]:
    """The pairs of the file as `assay likeness compare --pairs` would answer them."""
    said = [(row["same"] == "1", compare(seen[row["a"]], seen[row["b"]])) for row in rows]
    scored = [(same, one.score) for same, one in said if one.score is not None]
    yes = np.array([score for same, score in scored if same])
    no = np.array([score for same, score in scored if not same])
    no_score = [one.reason for _, one in said if one.score is None]
    undecided = [one for _, one in said if one.score is not None and one.same is None]
    return {
        "n": len(rows),
        "auc": auc(yes, no),
        "no_score": {
            "share": wilson(len(no_score), len(rows)),
            "reasons": {r: no_score.count(r) for r in set(no_score)},
        },
        "too_close_to_call": wilson(len(undecided), len(rows)),
        "same_said_same": wilson(sum(same and one.same is True for same, one in said), len(yes)),
        "same_said_another": wilson(sum(same and one.same is False for same, one in said), len(yes)),
        "others_said_same": wilson(sum(not same and one.same is True for same, one in said), len(no)),
        "tar_at_no_false_accept": wilson(int((yes > no.max()).sum()), len(yes)),
        "scores": {"same": histogram(yes), "others": histogram(no)},
    }


def _strangers(people: dict[str, str], seen: dict[str, Impression]) -> dict[str, Any]:
    """All pairs of photographs: thresholds by false-match rate, and how many of one person's pairs pass each."""
    same, others = _distances(people, seen)
    return {"pairs_of_strangers": len(others), "pairs_of_one": len(same), "rates": by_rate(same, others, RATES)}


def _distances(people: dict[str, str], seen: dict[str, Impression]) -> tuple[NDArray[Any], NDArray[Any]]:
    known = [path for path in people if seen[path].faces]
    templates = np.stack([seen[path].faces[0] for path in known])
    who = np.array([people[path] for path in known])
    squares = np.einsum("ij,ij->i", templates, templates)
    apart = np.sqrt(np.maximum(0, squares[:, None] + squares - 2 * templates @ templates.T))
    upper = np.triu(np.ones(apart.shape, dtype=bool), 1)
    alike = who[:, None] == who
    return apart[upper & alike], apart[upper & ~alike]


def _by_group(
    rows: list[Row], seen: dict[str, Impression], people: dict[str, str], groups: dict[str, dict[str, str]]
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
                "tar": wilson(int((same < at).sum()), len(same)) if len(same) else None,
                "false_matches": wilson(int((strangers < at).sum()), len(strangers)) if len(strangers) else None,
            }
    return found


if __name__ == "__main__":
    main()
