"""The optimizer of evals.prompts.training.encoder, its pace, and what is kept after each epoch so that a run can go
on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How to learn: epochs, seed, highest rate, the teacher's weight, and the file in which each epoch is kept."""

    epochs: int
    seed: int
    learning_rate: float
    teacher_weight: float
    checkpoint: Path


def make_optimizer(model: nn.Module, steps: int, rate: float) -> tuple[torch.optim.AdamW, Any]:
    """AdamW whose rate rises for a sixteenth of the steps and falls as a cosine to nothing."""
    decay = [p for n, p in model.named_parameters() if p.requires_grad and p.dim() > 1]
    plain = [p for n, p in model.named_parameters() if p.requires_grad and p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], rate
    )
    pace = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / (0.06 * steps)) * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))
    )
    return optimizer, pace


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """What changes while learning. `digest` names the texts and the way."""

    digest: str
    model: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: Any
    rng: np.random.Generator


def save_checkpoint(checkpoint: Path, run: TrainingState, epoch: int) -> None:
    """Everything that the next epoch depends on."""
    state = {
        "digest": run.digest,
        "epoch": epoch,
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "pace": run.scheduler.state_dict(),
        "torch": torch.get_rng_state(),
        "chance": run.rng.bit_generator.state,
    }
    unfinished = checkpoint.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(checkpoint)


def resume_checkpoint(checkpoint: Path, run: TrainingState) -> int:
    """The epoch to go on with, everything put back as it was; 0 where nothing was kept of this very run."""
    if not checkpoint.is_file():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    if state["digest"] != run.digest:
        return 0
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.scheduler.load_state_dict(state["pace"])
    torch.set_rng_state(state["torch"])
    run.rng.bit_generator.state = state["chance"]
    print(f"going on after epoch {state['epoch']}", flush=True)
    return int(state["epoch"]) + 1
