"""Trains what stands beside the encoder: writes prompt_heads.npz and its digest.

    ASSAY_DATA=… python -m evals.prompts.training.heads
    ASSAY_DATA=… python -m evals.prompts.training.calibrate   # afterwards

A small network on sentence embeddings (many languages), another on wider ones (for what is not English), each the mean
of several, and a linear model on pieces of words (any spelling). How they and the encoder are weighed is
evals.prompts.training.calibrate' part.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from classifiers.models import PACKAGED_MODELS
from classifiers.models.hashed_ngrams import NGRAM_COLUMNS, sparse_matrix
from classifiers.text.deobfuscate import visible_text
from evals.prompts.corpus import LABELS, STYLES, LabelledText
from evals.prompts.training.embedding_cache import SENTENCE_FILE, embed_cached, embed_wide
from evals.prompts.training.encoder import label_and_style_targets, split_held_out, subsampled_texts
from evals.prompts.training.training_loop import label_loss
from evals.prompts.training.weight_digests import record_digest
from media.arrays import FloatMatrix

HEADS_FILE = Path("classifiers/models/heads/prompt_heads.npz")
_HIDDEN_WIDTH = 384
"""Units of the hidden layer of each network."""
_EPOCHS = 15
"""Passes over the texts."""
_NETS = 3
"""Networks of which one is made: they differ by chance alone, and by points in what they hold. Their mean does not."""


def main() -> None:
    """Train on what is to be learnt, scale on what was held out, write. Calibration is
    evals.prompts.training.calibrate.
    """
    torch.manual_seed(7)
    learn, held = split_held_out(subsampled_texts(7))
    sides, weights = label_and_style_targets(learn)
    net = _fit_nets(embed_texts(learn), sides, weights)
    wide_net = _fit_wide(learn)
    grams = _fit_grams([visible_text(text.text) for text in learn], sides, weights)
    arrays, wide = layer_weights(net), layer_weights(wide_net)
    scale = np.abs(grams.weight.detach().numpy()).max(0) / 127.0
    np.savez_compressed(
        HEADS_FILE,
        labels=np.array(LABELS),
        styles=np.array(STYLES),
        up=arrays["0.weight"].astype(np.float16),
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
    record_digest(HEADS_FILE)
    print(f"trained on {len(learn)}, held out {len(held)}: now python -m evals.prompts.training.calibrate")


def embed_texts(texts: Sequence[LabelledText]) -> FloatMatrix:
    """(n, 512)."""
    embedder = PACKAGED_MODELS.get("use_multilingual")
    return embed_cached([visible_text(text.text) for text in texts], SENTENCE_FILE, embedder.embed)


def layer_weights(net: nn.Sequential) -> dict[str, FloatMatrix]:
    """Its weights by name."""
    return {name: value.detach().numpy().astype(np.float32) for name, value in net.state_dict().items()}


def _fit_wide(learn: Sequence[LabelledText]) -> nn.Sequential:
    """On what is not English, and every eighth English comment, so that it knows them too where a gate errs.

    E5's embeddings lie close together: they are centred and stretched, and that is folded into the first layer.
    """
    foreign = [text for text in learn if text.lang != "en"]
    chosen = foreign + [text for text in learn if text.lang == "en" and text.style == "social"][::8]
    inputs = embed_wide([visible_text(text.text) for text in chosen])
    middle = inputs.mean(0)
    net = _fit_nets(inputs - middle, *label_and_style_targets(chosen))
    with torch.no_grad():
        net[0].bias -= net[0].weight @ torch.from_numpy(middle)
    return net


def _fit_nets(inputs: FloatMatrix, sides: FloatMatrix, weights: FloatMatrix) -> nn.Sequential:
    """The mean of several networks, as one whose hidden layer has the units of all."""
    fitted = [_fit_net(inputs, sides, weights) for _ in range(_NETS)]
    hidden = _NETS * _HIDDEN_WIDTH
    whole = nn.Sequential(
        nn.Linear(inputs.shape[1], hidden), nn.ReLU(), nn.Identity(), nn.Linear(hidden, sides.shape[1])
    )
    with torch.no_grad():
        whole[0].weight.copy_(torch.cat([net[0].weight for net in fitted]))
        whole[0].bias.copy_(torch.cat([net[0].bias for net in fitted]))
        whole[3].weight.copy_(torch.cat([net[3].weight for net in fitted], dim=1) / _NETS)
        whole[3].bias.copy_(torch.stack([net[3].bias for net in fitted]).mean(0))
    return whole


def _fit_net(inputs: FloatMatrix, sides: FloatMatrix, weights: FloatMatrix) -> nn.Sequential:
    width = inputs.shape[1]
    net = nn.Sequential(
        nn.Linear(width, _HIDDEN_WIDTH), nn.ReLU(), nn.Dropout(0.4), nn.Linear(_HIDDEN_WIDTH, sides.shape[1])
    )
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


class _NgramClassifier(nn.Module):  # type: ignore[misc]  # torch is not read by mypy
    def __init__(self, labels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(NGRAM_COLUMNS, labels))
        self.bias = nn.Parameter(torch.zeros(labels))


def _fit_grams(shown: Sequence[str], sides: FloatMatrix, weights: FloatMatrix) -> _NgramClassifier:
    model = _NgramClassifier(sides.shape[1])
    optimizer = torch.optim.AdamW([{"params": [model.weight], "weight_decay": 0.03}, {"params": [model.bias]}], 0.02)
    data, where, pointers = sparse_matrix(shown)
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
    loss = label_loss(logits, side, weight)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


if __name__ == "__main__":
    main()
