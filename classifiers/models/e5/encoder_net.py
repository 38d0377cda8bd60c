"""The encoder of multilingual-e5-small as an ONNX net that multiplies bytes."""

from __future__ import annotations

from classifiers.models.e5.packed_weights import PackedWeights
from classifiers.models.onnx_bytes.byte_encoder import ThinMatrices, add_encoder
from classifiers.models.onnx_bytes.net_writer import NetWriter

_LARGE_CHANNELS = (15, 35, 321)  # ten times as large as the rest, in all layers, in sentences of seven languages


def write_encoder(weights: PackedWeights, added: ThinMatrices) -> bytes:
    """Inputs: `embeddings` (n, t, width), `lengths` (n). Output: `states` (n, t, width)."""
    net = NetWriter()
    states = add_encoder(net, weights, "embeddings", large_channels=_LARGE_CHANNELS, added=added)
    net.node("Identity", [states], "states")
    sides = ("n", "t", weights.width)
    inputs = [("embeddings", "float32", sides), ("lengths", "int32", ("n",))]
    return net.model_bytes(inputs, [("states", "float32", sides)])
