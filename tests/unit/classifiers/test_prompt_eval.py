from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from classifiers.text.prompt_intent import PromptIntent
from evals.intervals import wilson_interval
from evals.prompts import report
from evals.prompts.accuracy import RESULT
from evals.prompts.classification_metrics import (
    calibration_curve,
    decision_metrics,
    roc_auc,
    score_metrics,
)
from evals.prompts.corpus import (
    LABELS,
    SEEDS,
    STYLES,
    LabelledText,
    fill_template,
    label_targets,
    load_seed_file,
    seed_texts,
)
from evals.prompts.latency import RESULT as SPEED
from evals.prompts.named_texts import learnt_texts
from evals.prompts.obfuscations import OBFUSCATIONS
from evals.prompts.training import weight_digests
from evals.prompts.training.augmentation import concatenate_texts
from evals.prompts.training.counterfactuals import counterfactual_texts

ROOT = Path(__file__).parents[3]


def test_wilson_is_wilsons_interval() -> None:
    low, high = wilson_interval(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)  # Newcombe 1998, table I: 0.2553 to 0.3662
    assert wilson_interval(0, 20)[0] == 0.0 and wilson_interval(0, 0) == (0.0, 1.0)


def test_auc_counts_ties_half_and_leaves_out_what_has_no_score() -> None:
    assert roc_auc(np.array([0.9, 0.5, np.nan]), np.array([0.5, 0.1])) == 0.875
    assert roc_auc(np.array([]), np.array([0.1])) is None


def test_a_row_without_a_score_counts_as_not_found() -> None:
    told = score_metrics(np.array([0.9, np.nan, 0.1]), np.array([True, True, False]), np.array([False, False, True]))
    assert told["recall"]["share"] == 0.5 and told["false_alarms"]["share"] == 0.0


def test_macro_f1_is_the_mean_over_both_sides() -> None:
    yes = np.array([True, True, False, False])
    guilty, harmless = np.array([True, False, True, False]), np.array([False, True, False, True])
    assert decision_metrics(yes, guilty, harmless)["macro_f1"] == 0.5 == decision_metrics(yes, guilty, harmless)["f1"]


def test_reliability_tells_the_share_in_each_tenth() -> None:
    told = calibration_curve(np.array([0.05, 0.95, 0.95, np.nan]), np.array([False, True, False, True]))
    assert [(one["from"], one["share"]["share"]) for one in told] == [(0.0, 0.0), (0.9, 0.5)]


def test_the_kept_figures_tell_of_every_kind_and_label() -> None:
    kept = json.loads((ROOT / RESULT).read_text(encoding="utf-8"))
    assert {"sexual", "violence", "hate", "unsafe"} <= set(kept["by_label"]) <= set(LABELS) and kept["texts"] > 10_000
    assert set(kept["disguised"]) == set(OBFUSCATIONS)


def test_the_classifier_measures_what_the_models_learn() -> None:
    assert set(PromptIntent.labels) == set(LABELS)


def test_slots_are_filled_and_frames_without_slots_stay() -> None:
    import random

    chance = random.Random(1)
    assert fill_template("a pig", {"who": ["x"]}, chance, 3) == ["a pig"]
    assert sorted(fill_template("{who} in {where}", {"who": ["a", "b"], "where": ["c"]}, chance, 4)) == [
        "a in c",
        "b in c",
    ]


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_written_text_has_a_known_label_a_style_and_no_empty_slot(path: Path) -> None:
    for text in load_seed_file(path):
        assert text.labels <= {*LABELS, "benign", "minors", "shocking", "temporal_risk"} and text.style in STYLES
        assert text.text.strip() and "{" not in text.text, text.text


def test_a_written_text_tells_of_its_own_label_and_not_of_what_lies_near() -> None:
    text = next(one for one in seed_texts() if "gore" in one.labels)
    sides, weights = label_targets([text])
    assert sides[0, LABELS.index("gore")] == 1 and weights[0, LABELS.index("violence")] == 0
    assert sides[0, LABELS.index("fraud")] == 0 and weights[0, LABELS.index("fraud")] > 0


@pytest.mark.data
def test_no_written_prompt_comes_near_to_an_unsafe_prompt_of_the_dev_data() -> None:
    if not os.environ.get("ASSAY_DATA"):
        pytest.skip("set ASSAY_DATA to the data folder to compare the seeds with it")
    from evals.prompts.datasets import load_split

    dev = [
        _words(row.text) for row in load_split("dev") if row.style == "t2v_prompt" and row.unsafe and row.lang == "en"
    ]
    own = {_words(one.text): one for one in _written() if one.style == "video" and one.lang == "en"}
    alike = [own[mine].text for mine in own for theirs in dev if 3 * len(mine & theirs) >= 2 * len(mine | theirs) > 6]
    assert not alike


def _written() -> list[LabelledText]:
    """All that was written to learn from."""
    return [*seed_texts(), *counterfactual_texts(7), *learnt_texts(7)]


def _words(text: str) -> frozenset[str]:
    return frozenset(word[:5] for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in ("the", "and", "with"))


@pytest.mark.data
def test_no_written_text_is_a_row_of_the_dev_data() -> None:
    if not os.environ.get("ASSAY_DATA"):
        pytest.skip("set ASSAY_DATA to the data folder to compare the seeds with it")
    from evals.prompts.datasets import load_split

    dev = {row.text.strip().casefold() for row in load_split("dev")}
    assert not [one.text for one in _written() if len(one.text) > 25 and one.text.strip().casefold() in dev]


def test_the_digest_of_what_was_trained_is_written_beside_no_other_models_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, trained = tmp_path / "weights.toml", tmp_path / "models" / "heads" / "tokenizer.json"
    trained.parent.mkdir(parents=True)
    trained.write_text("{}")
    weights.write_text(
        '{ path = "model/tokenizer.json", sha256 = "a" }\n{ path = "models/heads/tokenizer.json", sha256 = "b" }\n'
    )
    monkeypatch.setattr(weight_digests, "WEIGHTS", weights)
    weight_digests.record_digest(trained)
    first, second = weights.read_text().splitlines()
    assert '"a"' in first and '"b"' not in second


def test_no_figure_of_prompt_screening_is_typed_by_hand() -> None:
    kept = json.loads((ROOT / RESULT).read_text(encoding="utf-8"))
    speed = json.loads((ROOT / SPEED).read_text(encoding="utf-8"))
    committed = (ROOT / report.PAGE).read_text(encoding="utf-8")
    assert committed == report.page(kept, speed), "run python -m evals.prompts.report"


def test_goals_are_called_met_only_where_the_figures_are() -> None:
    kept = json.loads((ROOT / RESULT).read_text(encoding="utf-8"))
    speed = json.loads((ROOT / SPEED).read_text(encoding="utf-8"))
    video = kept["kinds"]["video_prompts"]["held_or_refused"]
    for right, wrong, met in ((0.9, 0.03, True), (0.899, 0.0, False), (1.0, 0.031, False)):
        video["recall"]["share"], video["false_alarms"]["share"] = right, wrong
        line = next(line for line in report.page(kept, speed).splitlines() if "prompts for videos" in line)
        assert line.endswith("| met |") is met and f"{100 * right:.1f} %" in line


def test_texts_put_together_keep_what_is_unsafe_in_one_of_them() -> None:
    every = [one for one in seed_texts() if one.lang == "en"]
    made = concatenate_texts(every, 40, seed=1)
    assert made == concatenate_texts(every, 40, seed=1) and sum(one.unsafe for one in made) == 20
    whole = {one.text.rstrip(".") for one in every if one.unsafe}
    assert all(any(piece in one.text for piece in whole) for one in made if one.unsafe)
    assert all("benign" in one.labels for one in made if not one.unsafe)


def test_learning_that_was_cut_off_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    import torch

    from evals.prompts.training.checkpoints import TrainingState, make_optimizer, resume_checkpoint, save_checkpoint

    def learn(until: int) -> torch.Tensor:
        torch.manual_seed(1)
        model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Dropout(0.5))
        run = TrainingState("these texts", model, *make_optimizer(model, 12, 0.1), np.random.default_rng(2))
        for epoch in range(resume_checkpoint(tmp_path / "kept.pt", run), until):
            for _step in range(4):
                loss = model(torch.from_numpy(run.rng.normal(size=(2, 3))).float()).square().sum()
                run.optimizer.zero_grad()
                loss.backward()
                run.optimizer.step()
                run.scheduler.step()
            save_checkpoint(tmp_path / "kept.pt", run, epoch)
        return model[0].weight.detach()

    learn(2)
    went_on = learn(3)
    (tmp_path / "kept.pt").unlink()
    assert torch.equal(went_on, learn(3))
