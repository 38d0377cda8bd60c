"""Writes ONNX graphs by hand, node by node, and packs their weights into fewer bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from media.arrays import AnyArray

_SMALL = 1024  # values: fewer are kept as they are


class OnnxGraph:
    """Nodes and constants in the order in which they are added; every method returns the name of its result."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def constant(self, name: str, values: AnyArray) -> str:
        """A constant; given twice under one name, it is kept once."""
        self._constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """A node with one result."""
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def save(self, path: Path, inputs: dict[str, list[int | str]], outputs: dict[str, list[int | str]]) -> None:
        """Write the graph, checked; inputs and outputs are float32 of these shapes."""
        given, gives = (
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()]
            for side in (inputs, outputs)
        )
        graph = helper.make_graph(self._nodes, path.stem, given, gives, list(self._constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))


def quantise_constants(path: Path, bits: int) -> None:
    """Store large float32 constants as float16, or as int8 with one scale a row; the runtime unfolds them at load."""
    model = onnx.load(str(path))
    graph = model.graph
    unfolded: list[Any] = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= _SMALL:
            continue
        graph.initializer.remove(tensor)
        unfolded += _half(graph, tensor.name, values) if bits == 16 else _byte(graph, tensor.name, values)
    nodes = [*unfolded, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _half(graph: Any, name: str, values: AnyArray) -> list[Any]:
    graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
    return [helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT)]


def _byte(graph: Any, name: str, values: AnyArray) -> list[Any]:
    widest = np.abs(values.reshape(len(values), -1)).max(axis=1).reshape(-1, *[1] * (values.ndim - 1))
    scale = (np.maximum(widest, 1e-12) / 127).astype(np.float32)
    graph.initializer.append(numpy_helper.from_array(np.rint(values / scale).astype(np.int8), f"{name}.byte"))
    graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
    return [
        helper.make_node("Cast", [f"{name}.byte"], [f"{name}.float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name]),
    ]
