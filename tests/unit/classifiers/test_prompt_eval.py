from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from classifiers.prompt_intent import PromptIntent
from evals import prompt_heads_file
from evals.prompt_disguises import DISGUISES
from evals.prompt_figures import auc, figures, found, reliability, wilson
from evals.prompt_texts import LABELS, SEEDS, STYLES, filled, seeds, targets, written
from evals.prompts import OUT

ROOT = Path(__file__).parents[3]


def test_wilson_is_wilsons_interval() -> None:
    assert wilson(81, 263) == (0.2553, 0.3662)  # Newcombe 1998, table I: 0.2553 to 0.3662
    assert wilson(0, 20)[0] == 0.0 and wilson(0, 0) == (0.0, 1.0)


def test_auc_counts_ties_half_and_leaves_out_what_has_no_score() -> None:
    assert auc(np.array([0.9, 0.5, np.nan]), np.array([0.5, 0.1])) == 0.875
    assert auc(np.array([]), np.array([0.1])) is None


def test_a_row_without_a_score_counts_as_not_found() -> None:
    told = figures(np.array([0.9, np.nan, 0.1]), np.array([True, True, False]), np.array([False, False, True]))
    assert told["recall"]["share"] == 0.5 and told["false_alarms"]["share"] == 0.0


def test_macro_f1_is_the_mean_over_both_sides() -> None:
    yes = np.array([True, True, False, False])
    guilty, harmless = np.array([True, False, True, False]), np.array([False, True, False, True])
    assert found(yes, guilty, harmless)["macro_f1"] == 0.5 == found(yes, guilty, harmless)["f1"]


def test_reliability_tells_the_share_in_each_tenth() -> None:
    told = reliability(np.array([0.05, 0.95, 0.95, np.nan]), np.array([False, True, False, True]))
    assert [(one["from"], one["share"]["share"]) for one in told] == [(0.0, 0.0), (0.9, 0.5)]


def test_the_kept_figures_tell_of_every_kind_and_label() -> None:
    kept = json.loads((ROOT / OUT).read_text(encoding="utf-8"))
    assert {"sexual", "violence", "hate", "unsafe"} <= set(kept["by_label"]) <= set(LABELS) and kept["texts"] > 10_000
    assert set(kept["disguised"]) == set(DISGUISES)


def test_the_classifier_measures_what_the_models_learn() -> None:
    assert set(PromptIntent.labels) == set(LABELS)


def test_slots_are_filled_and_frames_without_slots_stay() -> None:
    import random

    chance = random.Random(1)
    assert filled("a pig", {"who": ["x"]}, chance, 3) == ["a pig"]
    assert sorted(filled("{who} in {where}", {"who": ["a", "b"], "where": ["c"]}, chance, 4)) == ["a in c", "b in c"]


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_written_text_has_a_known_label_a_style_and_no_empty_slot(path: Path) -> None:
    for text in written(path):
        assert text.said <= {*LABELS, "benign", "minors", "shocking", "temporal_risk"} and text.style in STYLES
        assert text.text.strip() and "{" not in text.text, text.text


def test_a_written_text_tells_of_its_own_label_and_not_of_what_lies_near() -> None:
    text = next(one for one in seeds() if "gore" in one.said)
    sides, weights = targets([text])
    assert sides[0, LABELS.index("gore")] == 1 and weights[0, LABELS.index("violence")] == 0
    assert sides[0, LABELS.index("fraud")] == 0 and weights[0, LABELS.index("fraud")] > 0


@pytest.mark.data
def test_no_written_text_is_a_row_of_the_dev_data() -> None:
    if not os.environ.get("ASSAY_DATA"):
        pytest.skip("set ASSAY_DATA to the data folder to compare the seeds with it")
    from evals.prompt_rows import rows

    dev = {row.text.strip().casefold() for row in rows("dev")}
    assert not [one.text for one in seeds() if len(one.text) > 25 and one.text.strip().casefold() in dev]


def test_the_digest_of_what_was_trained_is_written_beside_no_other_models_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, trained = tmp_path / "weights.toml", tmp_path / "models" / "heads" / "tokenizer.json"
    trained.parent.mkdir(parents=True)
    trained.write_text("{}")
    weights.write_text(
        '{ path = "model/tokenizer.json", sha256 = "a" }\n{ path = "models/heads/tokenizer.json", sha256 = "b" }\n'
    )
    monkeypatch.setattr(prompt_heads_file, "WEIGHTS", weights)
    prompt_heads_file.record(trained)
    first, second = weights.read_text().splitlines()
    assert '"a"' in first and '"b"' not in second
