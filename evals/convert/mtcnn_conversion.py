"""MTCNN's three nets from facenet-pytorch as ONNX, value for value: kept in 32 bits, they are small."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.convert.onnx_graph import OnnxGraph
from media.arrays import AnyArray

Pool = tuple[int, int] | None
Weights = dict[str, AnyArray]
_PNET: Sequence[tuple[str, str, Pool]] = (
    ("conv1", "prelu1", (2, 2)),
    ("conv2", "prelu2", None),
    ("conv3", "prelu3", None),
)
_RNET: Sequence[tuple[str, str, Pool]] = (
    ("conv1", "prelu1", (3, 2)),
    ("conv2", "prelu2", (3, 2)),
    ("conv3", "prelu3", None),
)
_ONET: Sequence[tuple[str, str, Pool]] = (
    ("conv1", "prelu1", (3, 2)),
    ("conv2", "prelu2", (3, 2)),
    ("conv3", "prelu3", (2, 2)),
    ("conv4", "prelu4", None),
)


def convert_mtcnn(package: Path, to: Path) -> None:
    """Writes mtcnn_pnet.onnx, mtcnn_rnet.onnx and mtcnn_onet.onnx below `to`, from facenet-pytorch's state files.

    Each takes (n, 3, height, width) in [-1, 1) and gives `face` (n, 2, …) whose second channel is P(face), `moved`
    (n, 4, …), the box's corrections, and the last of them `points` (n, 10).
    """
    folder = package / "facenet_pytorch" / "data"
    _pnet(_weights(folder / "pnet.pt"), to / "mtcnn_pnet.onnx")
    heads = {"face": "dense5_1", "moved": "dense5_2"}
    _dense(_weights(folder / "rnet.pt"), to / "mtcnn_rnet.onnx", _RNET, ("dense4", "prelu4"), heads, 24)
    heads = {"face": "dense6_1", "moved": "dense6_2", "points": "dense6_3"}
    _dense(_weights(folder / "onet.pt"), to / "mtcnn_onet.onnx", _ONET, ("dense5", "prelu5"), heads, 48)


def _pnet(weights: Weights, to: Path) -> None:
    """Fully convolutional: one answer every two pixels of a picture of any size."""
    graph = OnnxGraph()
    at = _body(graph, weights, _PNET)
    graph.node("Softmax", [_convolved(graph, weights, at, "conv4_1", "said")], "face", axis=1)
    _convolved(graph, weights, at, "conv4_2", "moved")
    cells: list[int | str] = ["rows", "columns"]
    graph.save(to, {"rgb": ["n", 3, "height", "width"]}, {"face": ["n", 2, *cells], "moved": ["n", 4, *cells]})


def _dense(
    weights: Weights,
    to: Path,
    body: Sequence[tuple[str, str, Pool]],
    wide: tuple[str, str],
    heads: dict[str, str],
    side: int,
) -> None:
    graph = OnnxGraph()
    # Columns before rows, as in the authors' Caffe.
    at = graph.node("Transpose", [_body(graph, weights, body)], "turned", perm=[0, 3, 2, 1])
    at = _product(graph, weights, graph.node("Flatten", [at], "flat"), wide[0], wide[0])
    at = _prelu(graph, weights, at, wide[1], axes=0)
    for output, layer in heads.items():
        if output == "face":
            graph.node("Softmax", [_product(graph, weights, at, layer, "said")], output, axis=1)
        else:
            _product(graph, weights, at, layer, output)
    wanted: dict[str, list[int | str]] = {
        output: ["n", len(weights[f"{layer}.bias"])] for output, layer in heads.items()
    }
    graph.save(to, {"rgb": ["n", 3, side, side]}, wanted)


def _body(graph: OnnxGraph, weights: Weights, layers: Sequence[tuple[str, str, Pool]]) -> str:
    at = "rgb"
    for layer, prelu, pool in layers:
        at = _prelu(graph, weights, _convolved(graph, weights, at, layer, layer), prelu, axes=2)
        if pool:
            side, step = pool
            at = graph.node(
                "MaxPool", [at], f"{layer}.pooled", kernel_shape=[side] * 2, strides=[step] * 2, ceil_mode=1
            )
    return at


def _convolved(graph: OnnxGraph, weights: Weights, at: str, layer: str, name: str) -> str:
    return graph.node("Conv", [at, *_constants(graph, weights, layer)], name)


def _product(graph: OnnxGraph, weights: Weights, at: str, layer: str, name: str) -> str:
    return graph.node("Gemm", [at, *_constants(graph, weights, layer)], name, transB=1)


def _prelu(graph: OnnxGraph, weights: Weights, at: str, layer: str, *, axes: int) -> str:
    slope = weights[f"{layer}.weight"]
    return graph.node("PRelu", [at, graph.constant(f"{layer}.weight", slope.reshape(-1, *[1] * axes))], f"{layer}.bent")


def _constants(graph: OnnxGraph, weights: Weights, layer: str) -> list[str]:
    return [graph.constant(name, weights[name]) for name in (f"{layer}.weight", f"{layer}.bias")]


def _weights(path: Path) -> Weights:
    import torch

    stored: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in stored.items()}
