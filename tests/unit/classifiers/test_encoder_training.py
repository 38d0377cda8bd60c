"""What the encoder learns from, and what stands beside e5's weights: with small nets and drawn numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from classifiers.models.e5 import load_adapter
from evals.prompts.training.encoder import teacher_distance
from evals.prompts.training.minilm import TEACHER_DIMENSIONS, MiniLmClassifier, pad_batch


def test_texts_that_the_teacher_does_not_know_teach_nothing() -> None:
    taught = torch.zeros(3, 4)
    taught[1] = torch.tensor([0.0, 1.0, 0.0, 0.0])
    said = torch.tensor([[9.0, 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 0.0], [0.0, 0.0, 7.0, 0.0]])
    assert teacher_distance(said, taught).item() == 0.0
    assert teacher_distance(-said, taught).item() == 2.0
    assert teacher_distance(said, torch.zeros(3, 4)).item() == 0.0


def test_what_is_asked_for_the_teacher_changes_no_logit() -> None:
    torch.manual_seed(1)
    model = MiniLmClassifier(5, vocabulary=50, width=24, inner=32, layers=1).eval()
    batch = pad_batch([[4, 8, 15], [16, 23]])
    logits, embeddings = model.with_teacher(*batch)
    assert torch.equal(logits, model(*batch))
    assert embeddings.shape == (2, TEACHER_DIMENSIONS)


def test_an_adapter_is_the_product_of_its_thin_matrices(tmp_path: Path) -> None:
    up, down = np.arange(6.0).reshape(3, 2), np.arange(8.0).reshape(2, 4)
    np.savez(tmp_path / "adapter.npz", **{"l11.q.up": up, "l11.q.down": down})
    added = load_adapter([tmp_path / "adapter.npz"])
    assert list(added) == ["l11.q"]
    assert np.array_equal(added["l11.q"], up @ down)
