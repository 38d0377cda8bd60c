"""Weights kept as bytes with a scale for each block are unfolded to the floats they stand for; other bytes are refused."""

from __future__ import annotations

import hashlib

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from classifiers.models.catalog import locate_files, model_entry
from classifiers.models.onnx_net import OnnxNet
from classifiers.models.options import ModelOptions
from classifiers.models.sface.unfolded_onnx import unfold_weights
from core.errors import Unavailable

ROWS, COLUMNS, BLOCK = 3, 10, 4


def folded() -> tuple[bytes, np.ndarray]:
    """y = x W^T in OpenCV's manner, the last block of a row shorter than the others; and W as floats."""
    random = np.random.default_rng(3)
    values = random.integers(-128, 128, (ROWS, COLUMNS)).astype(np.int8)
    scales = random.uniform(0.01, 0.1, (ROWS, 3)).astype(np.float32)
    zeros = random.integers(-5, 5, (ROWS, 3)).astype(np.int8)
    tensors = {"w_quantized": values, "w_scales": scales, "w_zero_point": zeros, "w_shape": np.array([ROWS, COLUMNS])}
    nodes = [
        helper.make_node(
            "DequantizeLinear", ["w_quantized", "w_scales", "w_zero_point"], ["w_flat"], axis=1, block_size=BLOCK
        ),
        helper.make_node("Reshape", ["w_flat", "w_shape"], ["w_ready"]),
        helper.make_node("Gemm", ["x", "w_ready"], ["y"], transB=1),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, COLUMNS]),
        helper.make_tensor_value_info("w", TensorProto.FLOAT, [ROWS, COLUMNS]),  # nobody gives it, nothing uses it
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, ROWS])
    constants = [numpy_helper.from_array(held, name) for name, held in tensors.items()]
    graph = helper.make_graph(nodes, "folded", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    expected = np.empty((ROWS, COLUMNS), np.float32)
    for row in range(ROWS):
        for column in range(COLUMNS):
            block = column // BLOCK
            expected[row, column] = (int(values[row, column]) - int(zeros[row, block])) * scales[row, block]
    return model.SerializeToString(), expected


def test_the_unfolded_net_has_the_weights_that_were_meant_and_asks_for_its_picture_alone() -> None:
    model, weights = folded()
    made = onnx.load_from_string(unfold_weights(model))
    onnx.checker.check_model(made)
    assert [one.name for one in made.graph.input] == ["x"]
    assert [node.op_type for node in made.graph.node] == ["Gemm"]
    assert [one.name for one in made.graph.initializer] == ["w_ready"]
    np.testing.assert_array_equal(numpy_helper.to_array(made.graph.initializer[0]), weights)
    x = np.random.default_rng(4).standard_normal((1, COLUMNS)).astype(np.float32)
    np.testing.assert_allclose(OnnxNet(unfold_weights(model)).run(x), x @ weights.T, rtol=1e-5)


def test_the_same_bytes_are_made_each_time_and_what_is_unfolded_stays_as_it_is() -> None:
    once = unfold_weights(folded()[0])
    assert unfold_weights(folded()[0]) == once
    np.testing.assert_array_equal(
        OnnxNet(unfold_weights(once)).run(np.ones((1, COLUMNS), np.float32)),
        OnnxNet(once).run(np.ones((1, COLUMNS), np.float32)),
    )


@settings(deadline=None)
@given(at=st.integers(0, 400), cut=st.booleans(), noise=st.binary(min_size=1, max_size=20))
def test_broken_bytes_are_refused_or_read_and_nothing_else_happens(at: int, cut: bool, noise: bytes) -> None:
    model = folded()[0]
    at %= len(model)
    broken = model[:at] if cut else model[:at] + noise + model[at + len(noise) :]
    try:
        assert isinstance(unfold_weights(broken), bytes)
    except Unavailable as error:
        assert "no ONNX file" in str(error)


@pytest.mark.models
def test_sface_is_unfolded_to_the_very_bytes_that_were_measured() -> None:
    (path,) = locate_files(model_entry("sface"), ModelOptions())
    made = unfold_weights(path.read_bytes())
    assert hashlib.sha256(made).hexdigest() == "bd8a741e1cb3d674c9151fabe8da7650db20dda4ba775ba4184277468629f0fc"
