"""Protobuf's wire format: the fields of a message, read and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

VARINT, BYTES, FIXED32 = 0, 2, 5  # kinds of a field on the wire
_FIXED_LENGTHS = {1: 8, FIXED32: 4}

Field = tuple[int, int, int | bytes]
"""Its number, its kind on the wire, and what it holds."""


def read_fields(message: bytes) -> Iterator[Field]:
    """The fields of a protobuf message in their order. Raises ValueError where it ends in the middle of one."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, kind, value
            continue
        length, at = _varint(message, at) if kind == BYTES else (_FIXED_LENGTHS[kind], at)
        if at + length > len(message):
            raise ValueError("the message ends in a field")
        yield number, kind, message[at : at + length]
        at += length


def encode_message(fields: Iterable[Field]) -> bytes:
    """The message of these fields, in their order."""
    parts = bytearray()
    for number, kind, held in fields:
        parts += _encoded(number << 3 | kind)
        if isinstance(held, int):
            parts += _encoded(held)
            continue
        if kind == BYTES:
            parts += _encoded(len(held))
        parts += held
    return bytes(parts)


def read_varints(packed: bytes) -> Iterator[int]:
    """Numbers one behind the other, as a packed field has them."""
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _encoded(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)
