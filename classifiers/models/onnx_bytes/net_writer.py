"""Writes the bytes of an ONNX file node by node."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from classifiers.models.onnx_bytes.wire_format import BYTES, FIXED32, VARINT, Field, encode_message
from media.arrays import AnyArray

# Numbers of fields in onnx.proto.
_MODEL_IR, _MODEL_GRAPH, _MODEL_OPSET = 1, 7, 8
_GRAPH_NODE, _GRAPH_NAME, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 2, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 1, 2, 4, 5, 7
_ATTRIBUTE_NAME, _ATTRIBUTE_FLOAT, _ATTRIBUTE_INTEGER, _ATTRIBUTE_KIND = 1, 2, 3, 20
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_IR_VERSION, _OPSET, _MICROSOFT_OPSET = 9, 18, 1
_IS_FLOAT, _IS_INTEGER = 1, 2  # kinds of an attribute
_ELEMENT_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}

MICROSOFT = "com.microsoft"
"""The domain of the operators that onnxruntime adds to the standard's."""


class NetWriter:
    """A net that grows: nodes and constants are added, and `model_bytes` is the file."""

    def __init__(self) -> None:
        self._graph: list[Field] = []

    def constant(self, name: str, values: AnyArray) -> str:
        """Add a constant. Returns its name."""
        self._graph.append((_GRAPH_INITIALIZER, BYTES, encode_tensor(name, values)))
        return name

    def node(
        self, operator: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: int | float
    ) -> str:
        """Add a node of one output. Returns the output's name."""
        fields: list[Field] = [(_NODE_INPUT, BYTES, name.encode()) for name in inputs]
        fields += [(_NODE_OUTPUT, BYTES, output.encode()), (_NODE_OPERATOR, BYTES, operator.encode())]
        fields += [(_NODE_ATTRIBUTE, BYTES, _attribute(name, value)) for name, value in attributes.items()]
        fields.append((_NODE_DOMAIN, BYTES, domain.encode()))
        self._graph.append((_GRAPH_NODE, BYTES, encode_message(fields)))
        return output

    def model_bytes(
        self,
        inputs: Sequence[tuple[str, str, Sequence[int | str]]],
        outputs: Sequence[tuple[str, str, Sequence[int | str]]],
    ) -> bytes:
        """The file; of inputs and outputs are given name, element type, and sides, those not known by a name."""
        graph = [*self._graph, (_GRAPH_NAME, BYTES, b"net")]
        for number, values in ((_GRAPH_INPUT, inputs), (_GRAPH_OUTPUT, outputs)):
            graph += [(number, BYTES, _value_info(*value)) for value in values]
        opsets = [(_MODEL_OPSET, BYTES, _opset("", _OPSET)), (_MODEL_OPSET, BYTES, _opset(MICROSOFT, _MICROSOFT_OPSET))]
        return encode_message([(_MODEL_IR, VARINT, _IR_VERSION), *opsets, (_MODEL_GRAPH, BYTES, encode_message(graph))])


def encode_tensor(name: str, values: AnyArray) -> bytes:
    """A constant. Raises KeyError for an element type that is not written here."""
    dims: list[Field] = [(_TENSOR_DIMS, VARINT, side) for side in values.shape]
    raw = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    kind = _ELEMENT_TYPES[values.dtype.name]
    return encode_message(
        [*dims, (_TENSOR_TYPE, VARINT, kind), (_TENSOR_NAME, BYTES, name.encode()), (_TENSOR_RAW, BYTES, raw)]
    )


def _attribute(name: str, value: int | float) -> bytes:
    held: list[Field] = (
        [(_ATTRIBUTE_INTEGER, VARINT, value), (_ATTRIBUTE_KIND, VARINT, _IS_INTEGER)]
        if isinstance(value, int)
        else [(_ATTRIBUTE_FLOAT, FIXED32, struct.pack("<f", value)), (_ATTRIBUTE_KIND, VARINT, _IS_FLOAT)]
    )
    return encode_message([(_ATTRIBUTE_NAME, BYTES, name.encode()), *held])


def _value_info(name: str, element: str, sides: Sequence[int | str]) -> bytes:
    """ValueInfoProto over TypeProto, its tensor's element type and shape."""
    shape = encode_message(
        (1, BYTES, encode_message([(1, VARINT, side) if isinstance(side, int) else (2, BYTES, side.encode())]))
        for side in sides
    )
    tensor = encode_message([(1, VARINT, _ELEMENT_TYPES[element]), (2, BYTES, shape)])
    return encode_message([(1, BYTES, name.encode()), (2, BYTES, encode_message([(1, BYTES, tensor)]))])


def _opset(domain: str, version: int) -> bytes:
    return encode_message([(_OPSET_DOMAIN, BYTES, domain.encode()), (_OPSET_VERSION, VARINT, version)])
