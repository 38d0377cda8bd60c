"""Pages that were decided before are taken from the disk, and what a missing model left unread is never kept."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import Unavailable
from evals.prompts import predicted_pages
from evals.prompts.predicted_pages import predict_in_pages
from evals.prompts.predictions import PromptPredictions
from evals.prompts.remembered_models import AnswerFiles


def _found(score: float, count: int) -> PromptPredictions:
    scores = {("prompt_intent", "unsafe"): np.full(count, score)}
    return PromptPredictions(scores, np.ones(count, np.int64), [("prompt_hate", "prompt_unsafe"), ()][:count])


def test_a_page_is_decided_once_and_read_as_it_was_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def decide(texts: list[str], styles: list[str], _models: object) -> PromptPredictions:
        asked.append(texts)
        return _found(0.7, len(texts))

    monkeypatch.setattr(predicted_pages, "BUILD", tmp_path / "predicted")
    monkeypatch.setattr(predicted_pages, "predict_prompts", decide)
    first, second = (predict_in_pages(["a", "b"], [], AnswerFiles(tmp_path / "answers"), order=n) for n in (0, 1))
    assert asked == [["a", "b"]]
    assert first.rules == second.rules == [("prompt_hate", "prompt_unsafe"), ()]
    assert second.scores["prompt_intent", "unsafe"].tolist() == [0.7, 0.7]
    predict_in_pages(["a", "b"], ["video", "video"], AnswerFiles(tmp_path / "answers"))
    assert len(asked) == 2


def test_a_page_that_a_missing_model_left_unread_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicted_pages, "BUILD", tmp_path / "predicted")
    monkeypatch.setattr(predicted_pages, "predict_prompts", lambda texts, *_: _found(float("nan"), len(texts)))
    with pytest.raises(Unavailable, match="a model is missing"):
        predict_in_pages(["a lighthouse", "a boat"], [], AnswerFiles(tmp_path / "answers"))
    assert not list(tmp_path.rglob("*.npz"))
