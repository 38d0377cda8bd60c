"""A training that was stopped goes on, and ends where one would have ended that was not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from evals.prompts.training import training_loop
from evals.prompts.training.checkpoints import TrainingConfig, save_checkpoint
from evals.prompts.training.embedding_cache import embed_cached

TEXTS = ["a dog on a beach", "a red car", "a dog on a beach", "snow"]


def embed_drawn(texts: list[str]) -> NDArray[np.float32]:
    """Numbers that sixteen bits do not hold."""
    return np.random.default_rng(len(texts)).normal(size=(len(texts), 8)).astype(np.float32)


def test_the_run_that_embeds_and_the_run_that_reads_get_the_same_numbers(tmp_path: Path) -> None:
    first = embed_cached(TEXTS, tmp_path / "rows.npz", embed_drawn)
    second = embed_cached(TEXTS, tmp_path / "rows.npz", embed_drawn)
    assert first.tobytes() == second.tobytes()
    assert np.array_equal(first[0], first[2])


def learn(checkpoint: Path, learnt_from: bytes = b"texts") -> NDArray[np.float32]:
    torch.manual_seed(1)
    model = nn.Linear(3, 1)
    sides = torch.linspace(-1, 1, 120).reshape(40, 3)

    def loss_of(batch: list[int]) -> torch.Tensor:
        return functional.mse_loss(model(sides[batch]), sides[batch].sum(1, keepdim=True))

    config = TrainingConfig(4, 5, 0.1, 0.0, checkpoint)
    training_loop.train_epochs(model, [5] * 40, config, learnt_from=learnt_from, loss_of=loss_of, measured=lambda: None)
    return np.array(model.weight.detach().numpy(), np.float32)


def test_a_training_stopped_after_an_epoch_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = learn(tmp_path / "whole.pt")

    def stop_after_the_second(checkpoint: Path, run: object, epoch: int) -> None:
        save_checkpoint(checkpoint, run, epoch)  # type: ignore[arg-type]
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(training_loop, "save_checkpoint", stop_after_the_second)
        learn(tmp_path / "stopped.pt")
    capsys.readouterr()
    assert np.array_equal(learn(tmp_path / "stopped.pt"), whole)
    assert "going on after epoch 1" in capsys.readouterr().out


def test_what_was_kept_of_other_texts_is_not_gone_on_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learn(tmp_path / "kept.pt")
    capsys.readouterr()
    learn(tmp_path / "kept.pt", b"other texts")
    assert "going on" not in capsys.readouterr().out
