"""Trains what stands beside the encoder: writes prompt_heads.npz and its digest.

    ASSAY_DATA=… python -m evals.train_prompt_heads
    ASSAY_DATA=… python -m evals.calibrate_prompts   # afterwards

A small network on sentence embeddings (many languages), another on wider ones (for what is not English), and a linear
model on pieces of words (any spelling). How they and the encoder are weighed is evals.calibrate_prompts' part.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from classifiers import models
from classifiers.models.grams import COLUMNS, sparse
from classifiers.normal import visible
from evals.prompt_heads_file import record
from evals.prompt_texts import LABELS, STYLES, Text
from evals.train_encoder import both, chosen, split
from evals.wide import embed_wide

OUT = Path("classifiers/models/heads/prompt_heads.npz")
_INNER, _EPOCHS = 512, 15

Matrix = NDArray[np.float32]


def main() -> None:
    """Train on what is to be learnt, scale on what was held out, write. Calibration is evals.calibrate_prompts."""
    torch.manual_seed(7)
    learn, held = split(chosen(7))
    sides, weights = both(learn)
    net = _fit_net(embed(learn), sides, weights)
    wide_net = _fit_wide(learn)
    grams = _fit_grams([visible(one.text) for one in learn], sides, weights)
    arrays, wide = numbers(net), numbers(wide_net)
    scale = np.abs(grams.weight.detach().numpy()).max(0) / 127.0
    np.savez_compressed(
        OUT,
        labels=np.array(LABELS),
        styles=np.array(STYLES),
        up=arrays["0.weight"],
        up_bias=arrays["0.bias"],
        down=arrays["3.weight"],
        down_bias=arrays["3.bias"],
        wide_up=wide["0.weight"].astype(np.float16),
        wide_up_bias=wide["0.bias"],
        wide_down=wide["3.weight"],
        wide_down_bias=wide["3.bias"],
        grams=np.round(grams.weight.detach().numpy() / scale).astype(np.int8),
        grams_scale=scale.astype(np.float32),
        grams_bias=grams.bias.detach().numpy().astype(np.float32),
    )
    record(OUT)
    print(f"trained on {len(learn)}, held out {len(held)}: now python -m evals.calibrate_prompts")


def embed(what: Sequence[Text]) -> Matrix:
    """(n, 512)."""
    embedder = models.get("use_multilingual")
    shown = [visible(one.text) for one in what]
    return np.concatenate([embedder.embed(shown[at : at + 512]) for at in range(0, len(shown), 512)])


def numbers(net: nn.Sequential) -> dict[str, Matrix]:
    """Its weights by name."""
    return {name: value.detach().numpy().astype(np.float32) for name, value in net.state_dict().items()}


def _fit_wide(learn: Sequence[Text]) -> nn.Sequential:
    """On what is not English, and every eighth English comment, so that it knows them too where a gate errs.

    E5's embeddings lie close together: they are centred and stretched, and that is folded into the first layer.
    """
    foreign = [one for one in learn if one.lang != "en"]
    mine = foreign + [one for one in learn if one.lang == "en" and one.style == "social"][::8]
    inputs = embed_wide([visible(one.text) for one in mine])
    middle = inputs.mean(0)
    net = _fit_net(inputs - middle, *both(mine))
    with torch.no_grad():
        net[0].bias -= net[0].weight @ torch.from_numpy(middle)
    return net


def _fit_net(inputs: Matrix, sides: Matrix, weights: Matrix) -> nn.Sequential:
    width = inputs.shape[1]
    net = nn.Sequential(nn.Linear(width, _INNER), nn.ReLU(), nn.Dropout(0.4), nn.Linear(_INNER, sides.shape[1]))
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _EPOCHS)
    data = [torch.from_numpy(part) for part in (inputs, sides, weights)]
    for _epoch in range(_EPOCHS):
        for batch in torch.randperm(len(inputs)).split(256):
            _step(net(data[0][batch] * 8.0), data[1][batch], data[2][batch], optimizer)
        rate.step()
    net.eval()
    with torch.no_grad():
        net[0].weight *= 8.0
    return net


class _Grams(nn.Module):  # type: ignore[misc]  # torch is not read by mypy
    def __init__(self, labels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(COLUMNS, labels))
        self.bias = nn.Parameter(torch.zeros(labels))


def _fit_grams(shown: Sequence[str], sides: Matrix, weights: Matrix) -> _Grams:
    model = _Grams(sides.shape[1])
    optimizer = torch.optim.AdamW([{"params": [model.weight], "weight_decay": 0.03}, {"params": [model.bias]}], 0.02)
    data, where, pointers = sparse(shown)
    side, weight = torch.from_numpy(sides), torch.from_numpy(weights)
    for _epoch in range(5):
        for batch in torch.randperm(len(shown)).split(512):
            places = np.concatenate([np.arange(pointers[i], pointers[i + 1]) for i in batch.tolist()])
            lengths = np.array([pointers[i + 1] - pointers[i] for i in batch.tolist()])
            starts = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)[:-1]]))
            bag = functional.embedding_bag(
                torch.from_numpy(where[places]),
                model.weight,
                starts,
                mode="sum",
                per_sample_weights=torch.from_numpy(data[places]),
            )
            _step(bag + model.bias, side[batch], weight[batch], optimizer)
    return model


def _step(logits: torch.Tensor, side: torch.Tensor, weight: torch.Tensor, optimizer: torch.optim.Optimizer) -> None:
    loss = (functional.binary_cross_entropy_with_logits(logits, side, reduction="none") * weight).sum() / weight.sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


if __name__ == "__main__":
    main()
