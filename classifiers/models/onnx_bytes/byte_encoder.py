"""A BERT as an ONNX net that multiplies bytes: embeddings of words in, states of tokens out.

Weights have 7 bits and a scale for each output, activations 8 bits and a scale for each token. With 8 bits of weight,
pairs of products overflow on processors that have AVX2 but not VNNI, and the answers of two machines would differ;
with one scale for all tokens of a batch, what a text is embedded as would depend on what stands beside it.
Where a few channels of the states are much larger than the rest, they would leave those few bits: each is split into
equal parts that are multiplied by the same weights (Zhao et al. 2019, arXiv:1901.09504).
Normalisation is spelt out: onnxruntime's own, fused, takes twice as long on one core.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from classifiers.models.onnx_bytes.net_writer import MICROSOFT, NetWriter
from media.arrays import FloatArray, FloatMatrix

_WEIGHT_LEVELS = 63  # 255 * 63 * 2 is still a number of 16 bits
_ACTIVATION_LEVELS, _ZERO_POINT = 127, 128
_SPLIT = 8  # parts of each large channel

ThinMatrices = Mapping[str, tuple[FloatMatrix, FloatMatrix]]
"""By the name of a matrix ("l11.q") those whose product is added to it: (outputs, rank) and (rank, inputs)."""


class EncoderWeights(Protocol):
    """The numbers of an encoder with normalisation behind each part, as BERT has it.

    `emb.ln` normalises the embeddings. Layer 0 has the matrices `l0.q`, `.k`, `.v` and `.ao` (width, width), `.fi`
    (inner, width) and `.fo` (width, inner), whose names end in `.w`, their biases in `.b`, and normalisations
    `l0.aln` and `l0.oln`.
    """

    @property
    def width(self) -> int:
        """Channels of a state."""

    @property
    def inner(self) -> int:
        """Channels between the two matrices at a layer's end."""

    @property
    def layers(self) -> int:
        """How many there are."""

    @property
    def heads(self) -> int:
        """Of attention, in each layer."""

    @property
    def epsilon(self) -> float:
        """What normalisation adds to the variance."""

    def floats(self, name: str) -> FloatArray:
        """A bias or a normalisation's numbers, as one row."""

    def matrix(self, name: str, width: int) -> FloatMatrix:
        """A matrix (outputs, `width`)."""


def add_encoder(
    net: NetWriter,
    weights: EncoderWeights,
    embeddings: str,
    *,
    large_channels: Sequence[int] = (),
    added: ThinMatrices | None = None,
) -> str:
    """Adds an encoder over the value `embeddings` (n, t, width), not yet normalised, and the input `lengths` (n) int32.

    Returns the name of the states (n, t, width).
    """
    return _EncoderWriter(net, weights, large_channels, added or {}).add(embeddings)


class _EncoderWriter:
    def __init__(
        self,
        net: NetWriter,
        weights: EncoderWeights,
        large_channels: Sequence[int],
        added: ThinMatrices,
    ) -> None:
        self._net, self._weights, self._added = net, weights, added
        self._parts = [channel for channel in large_channels for _ in range(_SPLIT - 1)]
        self._net.constant("step", np.array(1 / _ACTIVATION_LEVELS, np.float32))
        self._net.constant("epsilon", np.array(weights.epsilon, np.float32))
        self._net.constant("zero_point", np.array(_ZERO_POINT, np.uint8))
        self._net.constant("last_axis", np.array([-1], np.int64))
        if self._parts:
            self._net.constant("parts", np.array(self._parts, np.int64))
            channels = [*range(weights.width), *self._parts]
            shares = [1 / _SPLIT if channel in large_channels else 1.0 for channel in channels]
            self._net.constant("shares", np.array(shares, np.float32))

    def add(self, embeddings: str) -> str:
        state = self._normalised(embeddings, "emb.ln", "embedded")
        for layer in range(self._weights.layers):
            state = self._layer(state, f"l{layer}.")
        return state

    def _layer(self, state: str, name: str) -> str:
        width, inner = self._weights.width, self._weights.inner
        read = self._quantised(self._split(state))
        parts = [self._product(read, f"{name}{part}", width, self._parts) for part in "qkv"]
        bias = np.concatenate([self._weights.floats(f"{name}{part}.b") for part in "qkv"])
        context = self._net.node(
            "MultiHeadAttention",
            [*parts, self._net.constant(f"{name}qkv.b", bias), "lengths"],
            f"{name}context",
            MICROSOFT,
            num_heads=self._weights.heads,
        )
        mixed = self._product(self._quantised(context), f"{name}ao", width)
        attended = self._normalised(self._sum(state, mixed, f"{name}ao.b"), f"{name}aln", f"{name}attended")
        read = self._quantised(self._split(attended))
        spread = self._product(read, f"{name}fi", width, self._parts)
        active = self._net.node("BiasGelu", [spread, self._floats(f"{name}fi.b")], f"{name}active", MICROSOFT)
        gathered = self._product(self._quantised(active), f"{name}fo", inner)
        return self._normalised(self._sum(attended, gathered, f"{name}fo.b"), f"{name}oln", f"{name}state")

    def _split(self, states: str) -> str:
        """The states, their large channels in parts of which all but the first stand behind the others."""
        if not self._parts:
            return states
        parts = self._net.node("Gather", [states, "parts"], f"{states}.parts", axis=2)
        whole = self._net.node("Concat", [states, parts], f"{states}.whole", axis=2)
        return self._net.node("Mul", [whole, "shares"], f"{states}.split")

    def _quantised(self, values: str) -> str:
        """Adds `values`.max, the largest of each token, and `values`.bytes, in steps of a 127th of it."""
        node = self._net.node
        largest = node("ReduceMax", [node("Abs", [values], f"{values}.abs"), "last_axis"], f"{values}.max", keepdims=1)
        scaled = node("Mul", [values, node("Reciprocal", [largest], f"{values}.rate")], f"{values}.scaled")
        node("QuantizeLinear", [scaled, "step", "zero_point"], f"{values}.bytes")
        return values

    def _product(self, values: str, name: str, width: int, repeated: Sequence[int] = ()) -> str:
        """`values`, quantised, times the weights of this name, some of which are repeated; without their bias."""
        matrix = self._weights.matrix(f"{name}.w", width)
        if name in self._added:
            up, down = self._added[name]
            matrix = matrix + up @ down
        levels, scales = _quantised_weights(np.concatenate([matrix, matrix[:, repeated]], axis=1))
        inputs = [f"{values}.bytes", self._net.constant(f"{name}.w", levels), "step"]
        inputs += [self._net.constant(f"{name}.w.scale", scales), "zero_point"]
        product = self._net.node("MatMulIntegerToFloat", inputs, f"{name}.product", MICROSOFT)
        return self._net.node("Mul", [product, f"{values}.max"], f"{name}.out")

    def _sum(self, residual: str, values: str, bias: str) -> str:
        both = self._net.node("Add", [residual, values], f"{bias}.both")
        return self._net.node("Add", [both, self._floats(bias)], f"{bias}.sum")

    def _normalised(self, values: str, name: str, output: str) -> str:
        node = self._net.node
        mean = node("ReduceMean", [values, "last_axis"], f"{output}.mean", keepdims=1)
        centred = node("Sub", [values, mean], f"{output}.centred")
        square = node("Mul", [centred, centred], f"{output}.square")
        variance = node("ReduceMean", [square, "last_axis"], f"{output}.variance", keepdims=1)
        deviation = node("Sqrt", [node("Add", [variance, "epsilon"], f"{output}.above")], f"{output}.deviation")
        even = node("Mul", [centred, node("Reciprocal", [deviation], f"{output}.rate1")], f"{output}.even")
        weighted = node("Mul", [even, self._floats(f"{name}.w")], f"{output}.weighted")
        return node("Add", [weighted, self._floats(f"{name}.b")], output)

    def _floats(self, name: str) -> str:
        return self._net.constant(name, self._weights.floats(name))


def _quantised_weights(matrix: FloatMatrix) -> tuple[np.ndarray, np.ndarray]:
    """(inputs, outputs) in int8, and a scale for each output."""
    scales = np.abs(matrix).max(axis=1) / _WEIGHT_LEVELS
    levels = np.rint(matrix / scales[:, None]).astype(np.int8)
    return np.ascontiguousarray(levels.T), scales.astype(np.float32)
