"""Writes the tuned encoder as the ONNX file that is shipped: all matrices in bytes, the head in floats."""

from __future__ import annotations

import numpy as np
from torch import nn

from classifiers.models.onnx_bytes.byte_encoder import add_encoder
from classifiers.models.onnx_bytes.net_writer import NetWriter
from evals.prompts.training.minilm import ATTENTION_HEADS, MiniLmClassifier
from media.arrays import FloatArray, FloatMatrix

_WORD_LEVELS = 127  # of an embedding's largest number
_FLOAT, _INT64 = 1, 7  # ONNX's numbers for types of elements


def encoder_file(model: MiniLmClassifier, max_tokens: int) -> bytes:
    """Inputs: `ids` (n, t) int64, t at most `max_tokens`, and `lengths` (n) int32. Output: `logits` (n, labels)."""
    net = NetWriter()
    net.constant("zero", np.array([0], np.int64))
    net.constant("one", np.array([1], np.int64))
    net.constant("two", np.array([2], np.int64))
    net.node("Slice", [net.node("Shape", ["ids"], "sides"), "one", "two"], "width")
    embeddings = _add_embeddings(net, model, max_tokens)
    pooled = _add_mean(net, add_encoder(net, _Weights(model), embeddings))
    net.constant("head.w", _numbers(model.head.weight).T)
    net.constant("head.b", _numbers(model.head.bias))
    net.node("Add", [net.node("MatMul", [pooled, "head.w"], "margins"), "head.b"], "logits")
    inputs = [("ids", "int64", ("n", "t")), ("lengths", "int32", ("n",))]
    return net.model_bytes(inputs, [("logits", "float32", ("n", model.head.out_features))])


def _add_embeddings(net: NetWriter, model: MiniLmClassifier, max_tokens: int) -> str:
    """Words, each in bytes with a scale of its own, and places with the kind of sentence that all are."""
    words = _numbers(model.words.weight)
    scales = np.maximum(np.abs(words).max(1, keepdims=True), 1e-9) / _WORD_LEVELS
    net.constant("words", np.rint(words / scales).astype(np.int8))
    net.constant("words.scale", scales)
    net.constant("places", _numbers(model.places.weight)[:max_tokens] + _numbers(model.kinds.weight)[0])
    levels = net.node("Cast", [net.node("Gather", ["words", "ids"], "word.bytes", axis=0)], "word.levels", to=_FLOAT)
    word = net.node("Mul", [levels, net.node("Gather", ["words.scale", "ids"], "word.scale", axis=0)], "word")
    return net.node("Add", [word, net.node("Slice", ["places", "zero", "width", "zero"], "place")], "embeddings")


def _add_mean(net: NetWriter, states: str) -> str:
    """(n, width): the mean over a text's own tokens."""
    net.constant("first", np.array(0, np.int64))
    net.constant("next", np.array(1, np.int64))
    places = net.node("Range", ["first", net.node("Squeeze", ["width"], "count"), "next"], "numbers")
    lengths = net.node("Unsqueeze", [net.node("Cast", ["lengths"], "lengths64", to=_INT64), "one"], "each.length")
    mask = net.node("Cast", [net.node("Less", [places, lengths], "within")], "mask", to=_FLOAT)
    weighted = net.node("Mul", [states, net.node("Unsqueeze", [mask, "two"], "weights")], "weighted")
    total = net.node("ReduceSum", [weighted, "one"], "total", keepdims=0)
    return net.node("Div", [total, net.node("ReduceSum", [mask, "one"], "tokens", keepdims=1)], "pooled")


_PARTS = {
    "q": "query", "k": "key", "v": "value", "ao": "out", "fi": "up", "fo": "down", "aln": "norm1", "oln": "norm2",
}  # fmt: skip


class _Weights:
    """What `add_encoder` asks for, of a torch module."""

    def __init__(self, model: MiniLmClassifier) -> None:
        self._model = model
        self.width, self.inner = model.words.embedding_dim, model.layers[0].up.out_features
        self.layers, self.heads, self.epsilon = len(model.layers), ATTENTION_HEADS, model.norm.eps

    def floats(self, name: str) -> FloatArray:
        part, kind = name.rsplit(".", 1)
        module = self._module(part)
        return _numbers(module.weight if kind == "w" else module.bias)

    def matrix(self, name: str, width: int) -> FloatMatrix:
        return self.floats(name).reshape(-1, width)

    def _module(self, part: str) -> nn.Module:
        if part == "emb.ln":
            return self._model.norm
        layer, which = part[1:].split(".")
        return getattr(self._model.layers[int(layer)], _PARTS[which])


def _numbers(values: nn.Parameter) -> FloatArray:
    return np.asarray(values.detach().numpy(), np.float32)
