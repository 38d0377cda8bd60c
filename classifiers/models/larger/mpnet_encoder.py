"""Sentence embeddings in English: all-mpnet-base-v2 (110 million parameters), in plain numpy over the published file.

Song et al. 2020, arXiv:2004.09297. The weights are mapped and not read: processes of one machine share them in memory.
Some ten times as slow as the encoder, so it reads only what the quicker readers leave undecided. See ADR 67.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from media.arrays import FloatMatrix

MPNET_DIMENSIONS = 768  # of an embedding
MAX_MPNET_TOKENS = 96  # tokens; the rest of a longer text is not seen, so callers give parts
_HEADS, _LAYERS = 12, 12
_BUCKETS, _MAX_DISTANCE = 32, 128  # of the distances between two tokens
_FIRST_PLACE = 2  # of the positions; those before it are of no token
_HEADER_LENGTH = 8  # bytes that say how long the header of a safetensors file is
_LONGEST_HEADER = 1 << 20


class MpnetEncoder:
    """Embeds texts one by one, so that no text's embedding depends on another's; safe to share between threads."""

    def __init__(self, model: Path, vocabulary: Path) -> None:
        from tokenizers import Tokenizer

        self._weights = read_safetensors(model)
        self._words = Tokenizer.from_file(str(vocabulary))
        self._words.no_padding()
        self._words.enable_truncation(MAX_MPNET_TOKENS)

    def embed(self, texts: Sequence[str]) -> FloatMatrix:
        """(len(texts), 768), each row of length one."""
        rows = [self._embedded(encoding.ids) for encoding in self._words.encode_batch(list(texts))]
        return np.stack(rows) if rows else np.zeros((0, MPNET_DIMENSIONS), np.float32)

    def _embedded(self, ids: Sequence[int]) -> NDArray[np.float32]:
        count = len(ids)
        words = self._weights["embeddings.word_embeddings.weight"][np.asarray(ids)]
        places = self._weights["embeddings.position_embeddings.weight"][_FIRST_PLACE : _FIRST_PLACE + count]
        x = self._norm(words + places, "embeddings.LayerNorm")
        nearness = self._weights["encoder.relative_attention_bias.weight"][distance_buckets(count)].transpose(2, 0, 1)
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}."
            q, k, v = (
                self._linear(x, f"{name}attention.attn.{part}").reshape(count, _HEADS, -1).transpose(1, 0, 2)
                for part in "qkv"
            )
            shares = _softmax(q @ k.transpose(0, 2, 1) / np.float32(math.sqrt(q.shape[-1])) + nearness)
            mixed = (shares @ v).transpose(1, 0, 2).reshape(count, MPNET_DIMENSIONS)
            x = self._norm(x + self._linear(mixed, f"{name}attention.attn.o"), f"{name}attention.LayerNorm")
            inner = _gelu(self._linear(x, f"{name}intermediate.dense"))
            x = self._norm(x + self._linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")
        mean = x.mean(0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)

    def _linear(self, x: FloatMatrix, name: str) -> FloatMatrix:
        return np.asarray(x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"], np.float32)

    def _norm(self, x: FloatMatrix, name: str) -> FloatMatrix:
        centred = x - x.mean(1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(1, keepdims=True) + np.float32(1e-5))
        return np.asarray(
            centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"], np.float32
        )


def read_safetensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """The float tensors of a file by name, mapped into memory. Raises Unavailable for another kind of file."""
    raw = np.memmap(path, np.uint8, "r")
    try:
        length = int.from_bytes(raw[:_HEADER_LENGTH].tobytes(), "little")
        if length > _LONGEST_HEADER:
            raise ValueError("header too long")
        start = _HEADER_LENGTH + length
        header = json.loads(raw[_HEADER_LENGTH:start].tobytes())
        found = {}
        for name, about in header.items():
            if name != "__metadata__" and about["dtype"] == "F32":
                first, last = about["data_offsets"]
                found[name] = raw[start + first : start + last].view("<f4").reshape(about["shape"])
        return found
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"{path.name} is no safetensors file ({type(error).__name__})") from error


def distance_buckets(length: int) -> NDArray[np.int64]:
    """(t, t): near distances each by themselves, far ones by their logarithm, the later token's apart."""
    places = np.arange(length)
    ahead = places[None, :] - places[:, None]
    half, exact = _BUCKETS // 2, _BUCKETS // 4
    steps = np.log(np.maximum(np.abs(ahead), 1) / exact) / math.log(_MAX_DISTANCE / exact) * (half - exact)
    far = exact + np.minimum(steps.astype(np.int64), half - exact - 1)
    return np.asarray(np.where(np.abs(ahead) < exact, np.abs(ahead), far) + (ahead > 0) * half)


def load(paths: Sequence[Path]) -> MpnetEncoder:
    """The model and its vocabulary, in this order."""
    return MpnetEncoder(paths[0], paths[1])


def _softmax(x: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)


def _gelu(x: FloatMatrix) -> FloatMatrix:
    """x * Phi(x), with the error function by Abramowitz and Stegun 7.1.26: within 2e-7."""
    z = np.abs(x) * np.float32(math.sqrt(0.5))
    t = 1.0 / (1.0 + np.float32(0.3275911) * z)
    series = t * (
        0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * np.float32(1.061405429))))
    )
    half = np.float32(0.5) * series * np.exp(-z * z)  # 1 - Phi(|x|)
    return np.asarray(x * np.where(x >= 0, 1.0 - half, half), np.float32)
