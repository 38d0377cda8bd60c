"""Of a source that is left out nothing is left, nor what nearly repeats it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evals.prompts.corpus import LABELS, STYLES, LabelledText
from evals.prompts.cross_source import near_duplicates, source_family, without_source
from evals.prompts.predictions import predict_prompts
from evals.prompts.remembered_models import AnswerFiles, RememberingModel
from evals.prompts.training.score_calibration import SourceMargins, fit_platt


def labelled(text: str, source: str) -> LabelledText:
    return LabelledText(
        text=text, style="video", lang="en", source=source, group=text, labels=frozenset(), unsafe=False, weight=1.0
    )


def test_parts_of_a_corpus_are_one_source_and_what_was_written_as_one_is_another() -> None:
    assert source_family("vbench1_zh") == source_family("vbench1")
    assert source_family("multilingual_hatecheck") == source_family("hatecheck")
    assert source_family("seed:dev_lookalikes_video") == source_family("seed:lookalikes") == "written_lookalikes"
    assert source_family("seed:chat_fr") != source_family("seed:lookalikes")


def test_a_text_that_shares_half_of_its_rows_of_words_is_a_near_duplicate() -> None:
    others = ["A black cat sleeps on a red sofa in the sun.", "hello"]
    close = "a BLACK cat sleeps on a red sofa at night"
    assert near_duplicates([close, "a black dog runs on a red hill in the rain", "Hello!", "hello you"], others) == [
        True,
        False,
        True,
        False,
    ]


def test_the_texts_of_a_source_and_those_that_repeat_them_are_left_out_with_their_margins() -> None:
    texts = [
        labelled("a man walks his dog along the beach", "vbench1"),
        labelled("a man walks his dog along the river", "fetv"),
        labelled("two chefs argue over soup", "fetv"),
    ]
    width = len(LABELS) + len(STYLES)
    margins = np.arange(3, dtype=np.float32)[None, :, None] * np.ones((4, 1, width), np.float32)
    rows = np.arange(3, dtype=np.float32)[:, None] * np.ones((1, len(LABELS)), np.float32)
    left = without_source(SourceMargins(texts, ["x", "y", "z"], [True] * 3, margins, rows, rows), "vbench1")
    assert [text.text for text in left.texts] == ["two chefs argue over soup"] and left.normalised == ["z"]
    assert left.source_margins.shape == (4, 1, width) and left.source_margins.min() == 2 == left.targets.max()


def test_a_model_is_asked_once_about_a_text_and_what_it_said_comes_back_from_the_disk(tmp_path) -> None:  # type: ignore[no-untyped-def]
    asked: list[str] = []

    class Lengths:
        def embed(self, texts: list[str]) -> np.ndarray:  # type: ignore[type-arg]
            asked.extend(texts)
            return np.array([[len(text)] for text in texts], np.float32)

    files = AnswerFiles(tmp_path)
    answers = files.read()
    model = RememberingModel(Lengths(), answers["e5_multilingual"])
    assert model.embed(["one", "three", "one"]).tolist() == [[3], [5], [3]]
    files.save(answers)
    again = RememberingModel(Lengths(), files.read()["e5_multilingual"])
    assert again.embed(["three", "seven"]).tolist() == [[5], [5]]
    assert asked == ["one", "three", "seven"]


def test_the_line_through_margins_gives_each_side_the_same_weight() -> None:
    chance = np.random.default_rng(5)
    margins = np.concatenate([chance.normal(2, 1, 200), chance.normal(-1, 1, 4000)])
    targets = np.array([1] * 200 + [0] * 4000)
    theirs = LogisticRegression(C=10.0, class_weight="balanced", tol=1e-8).fit(margins[:, None], targets)
    assert fit_platt(margins, targets) == pytest.approx((theirs.coef_[0, 0], theirs.intercept_[0]), abs=1e-3)


@pytest.mark.models
def test_a_harmless_prompt_is_allowed_where_it_is_measured_for_the_figures() -> None:
    found = predict_prompts(["a drone shot over the city at sunrise"], ["video"])
    assert found.rules == [()] and found.decisions.tolist() == [0]
