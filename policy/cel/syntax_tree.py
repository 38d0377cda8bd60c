"""The syntax tree of a checked CEL expression: the one that CEL itself runs, so that a proof is about that one.

The library hands it out only serialised, as protobuf of cel.expr.CheckedExpr (cel-spec, proto/cel/expr/checked.proto
and syntax.proto). A few lines read that format; what they do not know they call OTHER, and nobody trusts it.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

# A field of a protobuf message: its number, and its value as int for a varint, as bytes for all else.
ProtoField = tuple[int, bytes | int]


class NodeKind(Enum):
    """The kinds of expression that proofs about rules can handle."""

    NUMBER = auto()
    NAME = auto()
    CALL = auto()
    LIST = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxNode:
    """An expression. `offset` is its offset in the text in characters, `parts` are target, arguments or elements."""

    kind: NodeKind
    offset: int
    raw: bytes
    name: str = ""
    number: float = 0.0
    parts: tuple[SyntaxNode, ...] = ()

    def names(self, known: Collection[str]) -> frozenset[str]:
        """Those of the known names that occur here, at any depth. May name one too many, never one too few.

        An identifier is serialised as tag, length, name, whatever surrounds it.
        """
        spelled = ((name, *_identifiers(name)) for name in known)
        return frozenset(name for name, plain, dotted in spelled if plain in self.raw or dotted in self.raw)

    def offsets_of(self, name: str) -> list[int]:
        """Where a name is in the text, as far as this tree shows: not within OTHER nodes."""
        own = [self.offset] if self.kind is NodeKind.NAME and self.name == name else []
        return own + [offset for part in self.parts for offset in part.offsets_of(name)]


def parse_syntax_tree(serialized: bytes) -> SyntaxNode:
    """The tree of a serialised google.protobuf.Any that holds a CheckedExpr. Raises TypeError for anything else."""
    checked = dict(_fields(_message(dict(_fields(serialized)).get(2))))
    entries = [dict(_fields(_message(v))) for k, v in _fields(_message(checked.get(5))) if k == 4]
    return _node(_message(checked.get(4)), {_int(entry.get(1)): _int(entry.get(2)) for entry in entries})


def _node(raw: bytes, positions: Mapping[int, int]) -> SyntaxNode:
    fields = dict(_fields(raw))
    offset = positions.get(_int(fields.pop(2, 0)), 0)
    [(kind, value)] = fields.items() or [(0, b"")]
    inner = list(_fields(_message(value)))
    match kind:
        case 3 if number := [v for k, v in inner if k == 5]:
            return SyntaxNode(kind=NodeKind.NUMBER, offset=offset, raw=raw, number=_double(number[0]))
        case 4:
            return SyntaxNode(kind=NodeKind.NAME, offset=offset, raw=raw, name=_text(inner, 1))
        case 6:
            return SyntaxNode(
                kind=NodeKind.CALL, offset=offset, raw=raw, name=_text(inner, 2), parts=_parts(inner, (1, 3), positions)
            )
        case 7:
            return SyntaxNode(kind=NodeKind.LIST, offset=offset, raw=raw, parts=_parts(inner, (1,), positions))
    return SyntaxNode(kind=NodeKind.OTHER, offset=offset, raw=raw)


def _parts(inner: list[ProtoField], numbers: tuple[int, ...], positions: Mapping[int, int]) -> tuple[SyntaxNode, ...]:
    return tuple(_node(_message(v), positions) for k, v in inner if k in numbers)


@cache
def _identifiers(name: str) -> tuple[bytes, bytes]:
    """How a name of the vocabulary may be written, the second with CEL's dot for the outermost scope."""
    return _identifier(name), _identifier("." + name)


def _identifier(name: str) -> bytes:
    return b"\x0a" + bytes([len(name)]) + name.encode()


def _double(value: bytes | int) -> float:
    return float(struct.unpack("<d", _message(value))[0])


def _text(inner: list[ProtoField], number: int) -> str:
    return next((_message(v).decode() for k, v in inner if k == number), "")


def _fields(message: bytes) -> Iterator[ProtoField]:
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        wire = tag & 7
        if wire == 0:
            value, position = _varint(message, position)
            yield tag >> 3, value
            continue
        size, position = _varint(message, position) if wire == 2 else ({1: 8, 5: 4}[wire], position)
        yield tag >> 3, message[position : position + size]
        position += size


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        value, shift, position = value | (byte & 127) << shift, shift + 7, position + 1
        if byte < 128:
            return value, position


def _message(value: bytes | int | None) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("not a checked CEL expression")
    return value


def _int(value: bytes | int | None) -> int:
    return value if isinstance(value, int) else 0
