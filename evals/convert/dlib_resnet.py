"""dlib's ResNet v1 from face-api's 8-bit copy of it, as ONNX with the bytes kept as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from evals.convert.onnx_graph import OnnxGraph
from evals.convert.tfjs import StoredWeights, decode_weights, dequantised
from media.arrays import AnyArray

_MEAN = np.array([122.782, 117.001, 104.298], np.float32)  # dlib's input_rgb_image
_LAYERS = (3, 3, 2, 2)  # residual blocks at 32, 64, 128 and 256 channels


def convert_dlib(folder: Path, to: Path) -> None:
    """(n, 150, 150, 3) RGB 0..255 to (n, 128)."""
    manifest = json.loads((folder / "face_recognition_model-weights_manifest.json").read_text())[0]["weights"]
    weights = decode_weights(manifest, (folder / "face_recognition_model.bin").read_bytes())
    graph = OnnxGraph()
    shifted = graph.node("Sub", ["rgb", graph.constant("mean", _MEAN)], "shifted")
    scaled = graph.node("Mul", [shifted, graph.constant("unit", np.array([1 / 256], np.float32))], "scaled")
    planes = graph.node("Transpose", [scaled], "planes", perm=[0, 3, 1, 2])
    first = _scaled_convolution(graph, weights, planes, "conv32_down", stride=2, pad=0, relu=True)
    at = graph.node("MaxPool", [first], "pooled", kernel_shape=[3, 3], strides=[2, 2])
    for channels, count in zip((32, 64, 128, 256), _LAYERS, strict=True):
        if channels > 32:
            at = _downsampling_block(
                graph, weights, at, f"conv{channels}_down", more=channels // 2, short=channels == 256
            )
        for number in range(1, count + 1):
            at = _residual_block(graph, weights, at, f"conv{channels}_{number}")
    at = _downsampling_block(graph, weights, at, "conv256_down_out", more=0, short=True)
    flat = graph.node("Flatten", [graph.node("GlobalAveragePool", [at], "mean_of_all")], "flat")
    graph.node("MatMul", [flat, dequantised(graph, weights, "fc")], "descriptor")
    graph.save(to, {"rgb": ["n", 150, 150, 3]}, {"descriptor": ["n", 128]})


def _residual_block(graph: OnnxGraph, weights: StoredWeights, at: str, name: str) -> str:
    inner = _scaled_convolution(graph, weights, at, f"{name}/conv1", stride=1, pad=1, relu=True)
    inner = _scaled_convolution(graph, weights, inner, f"{name}/conv2", stride=1, pad=1, relu=False)
    return graph.node("Relu", [graph.node("Add", [inner, at], f"{name}.sum")], name)


def _downsampling_block(graph: OnnxGraph, weights: StoredWeights, at: str, name: str, *, more: int, short: bool) -> str:
    """A block at half the size; `more` channels of zeros join the short cut, `short` adds a row and a column."""
    inner = _scaled_convolution(graph, weights, at, f"{name}/conv1", stride=2, pad=0, relu=True)
    inner = _scaled_convolution(graph, weights, inner, f"{name}/conv2", stride=1, pad=1, relu=False)
    cut = graph.node("AveragePool", [at], f"{name}.cut", kernel_shape=[2, 2], strides=[2, 2])
    if short:
        pads = graph.constant(f"{name}.edge", np.array([0, 0, 0, 0, 0, 0, 1, 1], np.int64))
        inner = graph.node("Pad", [inner, pads], f"{name}.edged")
    if more:
        pads = graph.constant(f"{name}.more", np.array([0, 0, 0, 0, 0, more, 0, 0], np.int64))
        cut = graph.node("Pad", [cut, pads], f"{name}.wide")
    return graph.node("Relu", [graph.node("Add", [inner, cut], f"{name}.sum")], name)


def _scaled_convolution(
    graph: OnnxGraph, weights: StoredWeights, at: str, name: str, *, stride: int, pad: int, relu: bool
) -> str:
    kernel = graph.node(
        "Transpose", [dequantised(graph, weights, f"{name}/conv/filters")], f"{name}.k", perm=[3, 2, 0, 1]
    )
    factor, bias, shift = (
        _dequantised_floats(weights, f"{name}/{part}") for part in ("scale/weights", "conv/bias", "scale/biases")
    )
    output = graph.node("Conv", [at, kernel], f"{name}.conv", strides=[stride] * 2, pads=[pad] * 4)
    output = graph.node("Mul", [output, graph.constant(f"{name}.factor", factor)], f"{name}.times")
    output = graph.node("Add", [output, graph.constant(f"{name}.shift", bias * factor + shift)], f"{name}.plus")
    return graph.node("Relu", [output], f"{name}.relu") if relu else output


def _dequantised_floats(weights: StoredWeights, name: str) -> AnyArray:
    stored, scale, least = weights[name]
    return (stored.astype(np.float32) * np.float32(scale) + np.array(least, np.float32)).reshape(1, -1, 1, 1)
