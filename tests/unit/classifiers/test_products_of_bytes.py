"""Nets of bytes multiply exactly, also on processors whose fast way cuts off what goes beyond 16 bits."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from classifiers.models.onnx_net import OnnxNet

TOKENS, INPUTS, OUTPUTS = 5, 64, 32


def net_of_bytes(weights: np.ndarray) -> bytes:
    """y = x W with activations in 8 bits as they come: what quantising a published net makes of a layer."""
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["bytes", "step", "zero"]),
        helper.make_node("MatMulInteger", ["bytes", "w", "zero", "w_zero"], ["sums"]),
        helper.make_node("Cast", ["sums"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "step"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [TOKENS, INPUTS])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [TOKENS, OUTPUTS])
    constants = [
        numpy_helper.from_array(weights, "w"),
        numpy_helper.from_array(np.zeros(OUTPUTS, np.int8), "w_zero"),
    ]
    graph = helper.make_graph(nodes, "bytes", [x], [y], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


@pytest.mark.parametrize("largest", [127, 90, 63])
def test_sums_of_large_products_are_not_cut_off(largest: int) -> None:
    random = np.random.default_rng(5)
    weights = random.integers(-largest, largest + 1, (INPUTS, OUTPUTS)).astype(np.int8)
    weights[:, 0], weights[:, 1] = largest, -largest  # every pair of products is as large as it can be
    x = random.uniform(0.5, 1, (TOKENS, INPUTS)).astype(np.float32)
    x[:, 0] = 0
    expected = x @ weights.astype(np.float32)
    # 8 bits of activation: half a step of each input, at most
    np.testing.assert_allclose(OnnxNet(net_of_bytes(weights)).run(x), expected, atol=INPUTS * largest / 510)


def test_onnx_itself_takes_the_net_for_a_good_one() -> None:
    onnx.checker.check_model(onnx.load_from_string(net_of_bytes(np.ones((INPUTS, OUTPUTS), np.int8))))
