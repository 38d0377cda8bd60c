"""How well faces are distinguished: `ASSAY_DATA=FOLDER python -m evals.likeness.face_verification [--heads FILE]`.

Reads faces/pairs.csv (a, b, same, id_a, id_b, corpus_a, corpus_b) for measuring only: nothing is trained on it, and
thresholds are set by how near strangers come, never by where the two kinds part. Strangers are all pairs of photographs
of different people, far more than the file names. With `--heads` (made by evals.convert) figures are also given by the
age and gender that HSE-FaceRes guesses, because the data say nothing of either: a guess, and called one.
Writes evals/results/likeness.json. With `--scale FILE` it writes the distances by false-match rate there instead: how
an installation that has chosen InsightFace's nets (`face_backend`) learns how their distances are to be read.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from pathlib import Path
from typing import TypedDict

import numpy as np

from classifiers.image.face_backend import face_backend
from classifiers.image.photo_face_detection import detect_photo_faces
from classifiers.models import Models
from classifiers.person_comparison import PersonTemplates, compare_people, templates_of_first_face
from core.embedding_spaces import FACE_SPACE
from evals.bench.machine_info import machine_info, min_median_max
from evals.likeness.biometric_metrics import (
    BootstrapAuc,
    CountedProportion,
    MatchRate,
    bootstrap_auc,
    percentiles,
    proportion_interval,
    tar_at_false_match_rates,
)
from evals.likeness.face_subgroups import face_subgroups
from evals.likeness.template_cache import TemplateCache
from media.arrays import AnyArray
from media.sandbox.limits import InputLimits
from media.still_image import read_rgb
from pipeline.settings import load_settings

RESULT = Path(__file__).parents[1] / "results" / "likeness.json"
FALSE_MATCH_RATES = (1e-2, 1e-3, 1e-4, 1e-5)
"""Shares of pairs of strangers."""

PairRow = dict[str, str]


class MissingScores(TypedDict):
    """Pairs that could not be compared, and how many for which reason."""

    share: CountedProportion
    reasons: dict[str, int]


class PairFigures(TypedDict):
    """Of the pairs of the file; scores within 0 to 1."""

    n: int
    auc: BootstrapAuc
    no_score: MissingScores
    too_close_to_call: CountedProportion
    same_said_same: CountedProportion
    same_said_another: CountedProportion
    others_said_same: CountedProportion
    tar_at_no_false_accept: CountedProportion
    scores: dict[str, dict[str, float]]


class StrangerRates(TypedDict):
    """Of all pairs of photographs."""

    pairs_of_strangers: int
    pairs_of_one: int
    rates: list[MatchRate]


class GroupFigures(TypedDict):
    """Within one group, at the threshold of all; None where it has no such pairs."""

    photographs: int
    no_template: int
    tar: CountedProportion | None
    false_matches: CountedProportion | None


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heads", type=Path, help="HSE-FaceRes with its age and gender heads, from evals.convert")
    parser.add_argument("--kept", type=Path, help="an .npz of templates described by an earlier run; made if absent")
    parser.add_argument("--scale", type=Path, help="write the scale of the nets that are chosen here, and nothing else")
    arguments = parser.parse_args()
    models = Models(load_settings().model_options())
    heads, kept = arguments.heads, TemplateCache(arguments.kept)
    data = Path(os.environ["ASSAY_DATA"])
    rows = list(csv.DictReader((data / "faces" / "pairs.csv").open(newline="")))
    people = {row[side]: row[f"id_{side}"] for row in rows for side in "ab"}
    people_templates: dict[str, PersonTemplates] = {}
    cpu_seconds: list[float] = []
    groups: dict[str, dict[str, str]] = {}
    for path in sorted(people):
        if path in kept:
            people_templates[path], groups[path] = kept[path]
            continue
        _, rgb = read_rgb(data / path, None, InputLimits())
        began = time.process_time()
        detections = detect_photo_faces(rgb, models.get("mtcnn"))
        people_templates[path] = templates_of_first_face(detections, models)
        cpu_seconds.append(time.process_time() - began)
        groups[path] = face_subgroups(detections[0], heads) if people_templates[path].faces else {}
        kept.put(path, people_templates[path], groups[path])
        if len(cpu_seconds) % 10 == 0:  # a run that is broken off is carried on by the next
            kept.write()
    kept.write()
    strangers = _impostor_rates(people, people_templates)
    if arguments.scale:
        rates = [[rate["false_match_rate"], rate["distance"]] for rate in strangers["rates"]]
        arguments.scale.write_text(
            json.dumps({"space": face_backend(models.options).space.name, "rates": rates}, indent=2) + "\n"
        )
        return
    result = {
        "space": FACE_SPACE.name,
        "command": "python -m evals.likeness.face_verification --heads HEADS"
        if heads
        else "python -m evals.likeness.face_verification",
        "pairs": _pairs(rows, people_templates, models),
        "strangers": strangers,
        "by_group": _by_group(rows, people_templates, people, groups),
        "cpu_s_a_photograph": min_median_max(cpu_seconds[1:]) if len(cpu_seconds) > 1 else None,
        "machine": machine_info(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def _pairs(rows: list[PairRow], by_photograph: dict[str, PersonTemplates], models: Models) -> PairFigures:
    """The pairs of the file as `assay likeness compare --pairs` would answer them."""
    comparisons = [
        (row["same"] == "1", compare_people(by_photograph[row["a"]], by_photograph[row["b"]], models)) for row in rows
    ]
    scored = [(same, comparison.score) for same, comparison in comparisons if comparison.score is not None]
    genuine = np.array([score for same, score in scored if same])
    impostors = np.array([score for same, score in scored if not same])
    no_score = [comparison.reason for _, comparison in comparisons if comparison.score is None]
    undecided = [
        comparison for _, comparison in comparisons if comparison.score is not None and comparison.same is None
    ]
    return {
        "n": len(rows),
        "auc": bootstrap_auc(genuine, impostors),
        "no_score": {
            "share": proportion_interval(len(no_score), len(rows)),
            "reasons": {r: no_score.count(r) for r in set(no_score)},
        },
        "too_close_to_call": proportion_interval(len(undecided), len(rows)),
        "same_said_same": proportion_interval(
            sum(same and comparison.same is True for same, comparison in comparisons), len(genuine)
        ),
        "same_said_another": proportion_interval(
            sum(same and comparison.same is False for same, comparison in comparisons), len(genuine)
        ),
        "others_said_same": proportion_interval(
            sum(not same and comparison.same is True for same, comparison in comparisons), len(impostors)
        ),
        "tar_at_no_false_accept": proportion_interval(int((genuine > impostors.max()).sum()), len(genuine)),
        "scores": {"same": percentiles(genuine), "others": percentiles(impostors)},
    }


def _impostor_rates(people: dict[str, str], by_photograph: dict[str, PersonTemplates]) -> StrangerRates:
    """All pairs of photographs: thresholds by false-match rate, and how many of one person's pairs pass each."""
    same, others = _distances(people, by_photograph)
    return {
        "pairs_of_strangers": len(others),
        "pairs_of_one": len(same),
        "rates": tar_at_false_match_rates(same, others, FALSE_MATCH_RATES),
    }


def _distances(people: dict[str, str], by_photograph: dict[str, PersonTemplates]) -> tuple[AnyArray, AnyArray]:
    with_face = [path for path in people if by_photograph[path].faces]
    templates = np.stack([by_photograph[path].faces[0] for path in with_face])
    who = np.array([people[path] for path in with_face])
    squares = np.einsum("ij,ij->i", templates, templates)
    apart = np.sqrt(np.maximum(0, squares[:, None] + squares - 2 * templates @ templates.T))
    upper = np.triu(np.ones(apart.shape, dtype=bool), 1)
    alike = who[:, None] == who
    return apart[upper & alike], apart[upper & ~alike]


def _by_group(
    rows: list[PairRow],
    by_photograph: dict[str, PersonTemplates],
    people: dict[str, str],
    groups: dict[str, dict[str, str]],
) -> dict[str, GroupFigures]:
    """Of each group: how many pairs of one person pass the threshold of all, and how many strangers of the group do."""
    _, others = _distances(people, by_photograph)
    at = float(np.quantile(others, 1e-3))
    corpora = {row[side]: row[f"corpus_{side}"] for row in rows for side in "ab"}
    for path, corpus in corpora.items():
        groups.setdefault(path, {})["corpus"] = corpus
    by_group: dict[str, GroupFigures] = {}
    for kind in sorted({kind for by_kind in groups.values() for kind in by_kind}):
        for name in sorted({by_kind[kind] for by_kind in groups.values() if kind in by_kind}):
            members = {path: who for path, who in people.items() if groups.get(path, {}).get(kind) == name}
            mine = {path: who for path, who in members.items() if by_photograph[path].faces}
            if len(mine) < 2:
                continue
            same, strangers = _distances(mine, by_photograph)
            by_group[f"{kind}: {name}"] = {
                "photographs": len(members),
                "no_template": len(members) - len(mine),
                "tar": proportion_interval(int((same < at).sum()), len(same)) if len(same) else None,
                "false_matches": proportion_interval(int((strangers < at).sum()), len(strangers))
                if len(strangers)
                else None,
            }
    return by_group


if __name__ == "__main__":
    main()
