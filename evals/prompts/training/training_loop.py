"""How nets learn from batches of texts: the encoder and e5's adapter alike, an epoch kept after the other."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from evals.prompts.training.checkpoints import (
    TrainingConfig,
    TrainingState,
    make_optimizer,
    resume_checkpoint,
    save_checkpoint,
)

_BATCH_SIZE = 32
"""Texts in a batch, about; up to twice as many where they are short."""
_TOKENS_PER_BATCH = 32 * 48
"""Tokens in a batch, padding included: 32 texts of 48."""


def train_epochs(
    model: nn.Module,
    lengths: Sequence[int],
    config: TrainingConfig,
    *,
    learnt_from: bytes,
    loss_of: Callable[[list[int]], Tensor],
    measured: Callable[[], object],
) -> None:
    """AdamW, warm-up and a cosine; `lengths` are the tokens of each text, and a batch is a list of their places.

    Goes on after the last epoch that was kept, if it was of this very way and of what `learnt_from` names. After each
    epoch prints what is `measured`.
    """
    chance = np.random.default_rng(config.seed)
    steps = config.epochs * sum(1 for _ in length_batches(lengths, np.random.default_rng(config.seed)))
    optimizer, pace = make_optimizer(model, steps, config.learning_rate)
    digest = hashlib.sha256(repr(config).encode() + learnt_from).hexdigest()
    run = TrainingState(digest, model, optimizer, pace, chance)
    began, step = time.time(), 0
    for epoch in range(resume_checkpoint(config.checkpoint, run), config.epochs):
        model.train()
        for batch in length_batches(lengths, chance):
            loss = loss_of(batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            pace.step()
            step += 1
            if step % 50 == 0:
                seconds = time.time() - began
                print(
                    f"epoch {epoch} step {step} of {steps} in all, loss {loss.item():.4f} {seconds:.0f} s", flush=True
                )
        save_checkpoint(config.checkpoint, run, epoch)
        print(f"epoch {epoch}: {measured()}", flush=True)


def length_batches(lengths: Sequence[int], rng: np.random.Generator) -> Iterator[list[int]]:
    """Texts of like length together, as many as fit the number of tokens."""
    order = rng.permutation(len(lengths))
    made = []
    for at in range(0, len(order), _BATCH_SIZE * 50):
        chunk = sorted(order[at : at + _BATCH_SIZE * 50], key=lambda i: lengths[i])
        while chunk:
            most = max(4, min(2 * _BATCH_SIZE, _TOKENS_PER_BATCH // max(lengths[chunk[-1]], 8)))
            made.append([int(i) for i in chunk[-most:]])
            del chunk[-most:]
    rng.shuffle(made)
    yield from made


def label_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Binary cross-entropy over every label that a text is annotated for: all are (n, labels)."""
    wrong = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (wrong * weights).sum() / weights.sum()
