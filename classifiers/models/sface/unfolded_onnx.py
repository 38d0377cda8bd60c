"""Unfolds weights that an ONNX file keeps as bytes with a scale for each block of them: plain floats, the same values.

OpenCV writes such files. onnxruntime refuses to run them: they name the unfolded weights as inputs that nobody gives.
What is read here of the format are the few fields that are needed, so that the package onnx need not be installed;
fields that are not known are kept as they are. The same bytes always make the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.models.onnx_bytes.net_writer import encode_tensor
from classifiers.models.onnx_bytes.wire_format import BYTES, Field, encode_message, read_fields, read_varints
from core.errors import Unavailable
from media.arrays import AnyArray

# Numbers of fields in onnx.proto, and of element types.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT = 1, 5, 11
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INTEGER = 1, 3
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_INPUT_NAME = 1
_ELEMENT_TYPES = {1: "<f4", 2: "u1", 3: "i1", 7: "<i8"}


@dataclass(frozen=True, slots=True)
class _Node:
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    integers: dict[str, int]


def unfold_weights(model: bytes) -> bytes:
    """The same net with float weights, and without inputs that are weights. Raises Unavailable for other bytes."""
    try:
        return encode_message(
            (number, kind, _unfold_graph(_as_bytes(held)) if number == _MODEL_GRAPH else held)
            for number, kind, held in read_fields(model)
        )
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise Unavailable(f"this is no ONNX file with weights in blocks ({type(error).__name__})") from error


def _unfold_graph(graph: bytes) -> bytes:
    """First the nodes that unfold weights are done here, then everything else is written as it was."""
    fields = list(read_fields(graph))
    stored = {_text(tensor, _TENSOR_NAME): tensor for tensor in _held(fields, _GRAPH_INITIALIZER)}
    unfolded: dict[str, AnyArray] = {}
    kept: list[tuple[_Node, bytes]] = []
    for raw in _held(fields, _GRAPH_NODE):
        node = _node(raw)
        if node.operator == "DequantizeLinear":
            values, scale, zero = (_array(stored[name]) for name in node.inputs)
            axis, block = node.integers.get("axis", 1), node.integers.get("block_size", 0)
            unfolded[node.outputs[0]] = _spread(values, scale, zero, axis, block)
        elif node.operator == "Reshape" and node.inputs[0] in unfolded:
            shape = tuple(int(side) for side in _array(stored[node.inputs[1]]))
            unfolded[node.outputs[0]] = unfolded.pop(node.inputs[0]).reshape(shape)
        else:
            kept.append((node, raw))
    used = {name for node, _ in kept for name in node.inputs}
    constants = [tensor for name, tensor in stored.items() if name in used]
    constants += [encode_tensor(name, values) for name, values in unfolded.items() if name in used]
    inputs = [
        one for one in _held(fields, _GRAPH_INPUT) if _text(one, _INPUT_NAME) in used - stored.keys() - unfolded.keys()
    ]
    written = {_GRAPH_NODE: [raw for _, raw in kept], _GRAPH_INITIALIZER: constants, _GRAPH_INPUT: inputs}
    return encode_message(
        [
            *((number, BYTES, held) for number, all_held in written.items() for held in all_held),
            *(field for field in fields if field[0] not in written),
        ]
    )


def _spread(values: AnyArray, scale: AnyArray, zero: AnyArray, axis: int, block: int) -> AnyArray:
    """Each value less its block's zero, times its block's scale: what DequantizeLinear says, in float32."""
    length = values.shape[axis]
    scale, zero = (np.repeat(part, block, axis=axis).take(range(length), axis=axis) for part in (scale, zero))
    with np.errstate(over="ignore", invalid="ignore"):  # of a damaged file: its digest is what refuses it
        return np.asarray((values.astype(np.int32) - zero.astype(np.int32)).astype(np.float32) * scale, np.float32)


def _node(raw: bytes) -> _Node:
    fields = list(read_fields(raw))
    attributes = [list(read_fields(one)) for one in _held(fields, _NODE_ATTRIBUTE)]
    integers = {
        _held(one, _ATTRIBUTE_NAME)[0].decode(): held
        for one in attributes
        for number, _, held in one
        if number == _ATTRIBUTE_INTEGER and isinstance(held, int)
    }
    inputs, outputs = (tuple(one.decode() for one in _held(fields, number)) for number in (_NODE_INPUT, _NODE_OUTPUT))
    return _Node(_held(fields, _NODE_OPERATOR)[0].decode(), inputs, outputs, integers)


def _array(tensor: bytes) -> AnyArray:
    fields = list(read_fields(tensor))
    kind = next((held for number, _, held in fields if number == _TENSOR_TYPE), 0)
    raw = _held(fields, _TENSOR_RAW)[0]
    return np.frombuffer(raw, _ELEMENT_TYPES[int(kind)]).reshape(_dims(fields))


def _dims(fields: Sequence[Field]) -> tuple[int, ...]:
    """One number in a field each, or all packed in one."""
    dims: list[int] = []
    for number, _, held in fields:
        if number == _TENSOR_DIMS:
            dims += [held] if isinstance(held, int) else list(read_varints(held))
    return tuple(dims)


def _text(message: bytes, number: int) -> str:
    return _held(list(read_fields(message)), number)[0].decode()


def _held(fields: Sequence[Field], number: int) -> list[bytes]:
    return [_as_bytes(held) for one, _, held in fields if one == number]


def _as_bytes(held: int | bytes) -> bytes:
    if isinstance(held, int):
        raise TypeError("a number where bytes belong")
    return held
