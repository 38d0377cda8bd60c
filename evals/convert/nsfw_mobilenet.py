"""nsfwjs's MobileNet v2 (1.4), as ONNX with the bytes kept as they are. Its files are scripts: Node reads them."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from evals.convert.onnx_graph import OnnxGraph
from evals.convert.tfjs import StoredWeights, decode_weights, dequantised, needed_nodes, node_inputs

_CONVOLUTIONS = ("_FusedConv2D", "FusedDepthwiseConv2dNative")
_PLAIN = {"AddV2": "Add", "Mul": "Mul", "Sub": "Sub", "AvgPool": "GlobalAveragePool", "Squeeze": "Flatten"}
_PRINT = "const m = require(process.argv[1]); console.log(JSON.stringify(m.default ?? m))"


def convert_nsfw_mobilenet(folder: Path, to: Path) -> None:
    """(n, 224, 224, 3) RGB 0..1 to (n, 5): drawing, hentai, neutral, porn, sexy."""
    model = _script_value(folder / "model.min.js")
    group = model["weightsManifest"][0]
    packed = b"".join(base64.b64decode(_script_value(folder / f"{path}.min.js")) for path in group["paths"])
    weights = decode_weights(group["weights"], packed)
    nodes = {node["name"]: node for node in model["modelTopology"]["node"]}
    (last,) = (name for name, node in nodes.items() if node["op"] == "Softmax")
    graph = OnnxGraph()
    for name in needed_nodes(nodes, [last]):
        _add_node(graph, nodes[name], weights)
    graph.save(to, {"input": ["n", 224, 224, 3]}, {last: ["n", 5]})


def _script_value(script: Path) -> Any:
    found = subprocess.run(["node", "-e", _PRINT, str(script.resolve())], check=True, capture_output=True)
    return json.loads(found.stdout)


def _add_node(graph: OnnxGraph, node: dict[str, Any], weights: StoredWeights) -> None:
    name, operator, inputs = node["name"], node["op"], node_inputs(node)
    if operator in _CONVOLUTIONS:
        _add_convolution(graph, node, weights)
    elif operator == "_FusedMatMul":
        graph.node("Gemm", [inputs[0], *(dequantised(graph, weights, one) for one in inputs[1:])], name)
    elif operator == "Softmax":
        graph.node("Softmax", inputs, name, axis=1)
    elif operator in _PLAIN:
        sides = [_as_planes(graph, weights, one) if one in weights else one for one in inputs]
        sides = [
            graph.node("Transpose", [one], "planes", perm=[0, 3, 1, 2]) if one == "input" else one for one in sides
        ]
        graph.node(_PLAIN[operator], sides, name)
    elif operator == "Identity":
        graph.node("Identity", inputs, name)
    elif operator not in ("Const", "Placeholder"):
        raise ValueError(f"no rule for {operator}")


def _add_convolution(graph: OnnxGraph, node: dict[str, Any], weights: StoredWeights) -> None:
    name, (source, kernel, bias) = node["name"], node_inputs(node)
    depthwise = node["op"] != "_FusedConv2D"
    graph.node(
        "Conv",
        [
            source,
            graph.node(
                "Transpose",
                [dequantised(graph, weights, kernel)],
                f"{name}.kernel",
                perm=[2, 3, 0, 1] if depthwise else [3, 2, 0, 1],
            ),
            dequantised(graph, weights, bias),
        ],
        f"{name}.sum",
        auto_pad="SAME_UPPER",
        strides=[int(n) for n in node["attr"]["strides"]["list"]["i"]][1:3],
        group=weights[kernel][0].shape[2] if depthwise else 1,
    )
    applied = [base64.b64decode(one).decode() for one in node["attr"]["fused_ops"]["list"]["s"]]
    limits = [graph.constant("zero", np.array(0, np.float32)), graph.constant("six", np.array(6, np.float32))]
    graph.node(*(("Clip", [f"{name}.sum", *limits]) if "Relu6" in applied else ("Identity", [f"{name}.sum"])), name)


def _as_planes(graph: OnnxGraph, weights: StoredWeights, name: str) -> str:
    """A constant beside planes: as it is where it is one number."""
    stored, scale, least = weights[name]
    if stored.size != 1:
        raise ValueError(f"{name} is not one number")
    return graph.constant(name, np.array(float(stored.reshape(())) * scale + least, np.float32))
