"""Reads TensorFlow.js models and writes what is needed of them as ONNX: HSE-FaceRes, a folded MobileNet."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto

from evals.convert.onnx_graph import OnnxGraph
from media.arrays import AnyArray

_TWO_SIDED = {"Add": "Add", "Mul": "Mul", "Minimum": "Min", "Maximum": "Max"}


StoredWeights = dict[str, tuple[AnyArray, float, float]]


def decode_weights(manifest: list[dict[str, Any]], packed: bytes) -> StoredWeights:
    """Each weight as it is stored, with the scale and the least value of those that are stored as bytes."""
    found: StoredWeights = {}
    at = 0
    for entry in manifest:
        how = entry.get("quantization", {})
        kind = np.dtype(how.get("dtype", entry["dtype"]))
        count = int(np.prod(entry["shape"], dtype=np.int64))
        stored = np.frombuffer(packed, kind, count, at).reshape(entry["shape"])
        found[entry["name"]] = stored, float(how.get("scale", 1.0)), float(how.get("min", 0.0))
        at += count * kind.itemsize
    if at != len(packed):
        raise ValueError("the weights have another length than their manifest says")
    return found


def dequantised(graph: OnnxGraph, weights: StoredWeights, name: str) -> str:
    """The constant of this name, from the bytes that are stored where they are bytes."""
    stored, scale, least = weights[name]
    if stored.dtype != np.uint8:
        return graph.constant(name, stored)
    floats = graph.node("Cast", [graph.constant(f"{name}.byte", stored)], f"{name}.float", to=TensorProto.FLOAT)
    times = graph.node("Mul", [floats, graph.constant(f"{name}.scale", np.array(scale, np.float32))], f"{name}.times")
    return graph.node("Add", [times, graph.constant(f"{name}.least", np.array(least, np.float32))], name)


def convert_faceres(folder: Path, to: Path, *, heads: bool = False) -> None:
    """HSE-FaceRes: (n, 224, 224, 3) RGB 0..255 to (n, 1024); with `heads` also age (n, 100) and gender (n, 1).

    The heads are for stating figures by group, and are not carried.
    """
    model = json.loads((folder / "faceres.json").read_text())
    weights = decode_weights(model["weightsManifest"][0]["weights"], (folder / "faceres.bin").read_bytes())
    constants = {name: np.asarray(stored, np.float32) for name, (stored, _, _) in weights.items()}
    graph = OnnxGraph()
    wanted = {"global_pooling/Mean": [1024]} | (
        {"age_pred/Softmax": [100], "gender_pred/Sigmoid": [1]} if heads else {}
    )
    nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
    for name in needed_nodes(nodes, list(wanted)):
        _add(graph, nodes[name], constants)
    graph.save(to, {"input_1": ["n", 224, 224, 3]}, {name: ["n", *shape] for name, shape in wanted.items()})


def needed_nodes(nodes: dict[str, dict[str, Any]], wanted: list[str]) -> list[str]:
    """The nodes on which these depend, and they, each after what it depends on."""
    needed: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in needed:
            for before in node_inputs(nodes[name]):
                visit(before)
            needed[name] = None

    for name in wanted:
        visit(name)
    return list(needed)


def node_inputs(node: dict[str, Any]) -> list[str]:
    """The names of the nodes whose results a node takes."""
    return [name.split(":")[0] for name in node.get("input", []) if not name.startswith("^")]  # ^: only the order


def _add(graph: OnnxGraph, node: dict[str, Any], constants: dict[str, AnyArray]) -> None:
    name, operator, inputs = node["name"], node["op"], node_inputs(node)
    if operator in ("Conv2D", "DepthwiseConv2dNative"):
        kernel, groups = constants[inputs[1]], 1
        if operator == "DepthwiseConv2dNative":
            kernel, groups = kernel.transpose(0, 1, 3, 2), kernel.shape[2]
        how = {"strides": [int(n) for n in node["attr"]["strides"]["list"]["i"]][1:3], "group": groups}
        source = (
            graph.node("Transpose", [inputs[0]], "planes", perm=[0, 3, 1, 2]) if inputs[0] == "input_1" else inputs[0]
        )
        kernel_name = graph.constant(f"{name}.kernel", kernel.transpose(3, 2, 0, 1))
        graph.node("Conv", [source, kernel_name], name, auto_pad="SAME_UPPER", **how)
    elif operator in _TWO_SIDED:
        sides = [
            graph.constant(f"{name_of_input}.c", constants[name_of_input].reshape(1, -1, 1, 1))
            if name_of_input in constants
            else name_of_input
            for name_of_input in inputs
        ]
        graph.node(_TWO_SIDED[operator], sides, name)
    elif operator == "_FusedMatMul":
        operands = [
            inputs[0],
            *(graph.constant(f"{name_of_input}.c", constants[name_of_input]) for name_of_input in inputs[1:]),
        ]
        last = base64.b64decode(node["attr"]["fused_ops"]["list"]["s"][-1]).decode()
        if last == "Relu":
            graph.node("Relu", [graph.node("Gemm", operands, f"{name}.linear")], name)
        else:
            graph.node("Gemm", operands, name)
    elif operator == "Mean":
        graph.node("ReduceMean", [inputs[0], graph.constant("plane", np.array([2, 3], np.int64))], name, keepdims=0)
    elif operator in ("Relu", "Sigmoid", "Softmax"):
        graph.node(operator, inputs, name)
    elif operator not in ("Const", "Placeholder"):
        raise ValueError(f"no rule for {operator}")
