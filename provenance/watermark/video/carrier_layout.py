"""Where the watermark is: frequencies of a square tile, each a pilot or a carrier of two coded bits.

Which frequencies there are is public; which are pilots, their phases, and the order and scrambling of the coded bits
come from the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from media.arrays import ComplexArray
from provenance.watermark import convolutional_code
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import MESSAGE_BITS, Payload, from_message_bits, to_message_bits

CANONICAL_SHORT_SIDE = 720
"""The canonical picture: its shorter side has so many pixels. Plain resizing therefore needs no search."""
TILE_SIZE = 192
"""Canonical pixels along each side of the tile."""
_MIN_SCALE = 1.0
"""The least scale, for pictures with few rows: coarser waves cost an encoder half the bytes."""
_EARLIER_MIN_SCALES = (0.8, 0.5)
"""The least scales of the first two versions, whose marks are still looked for."""
_ROWS_AT_UNIT_SCALE = 240
"""Rows of a picture below which the least scale shrinks with the picture."""
SHORTEST_WAVELENGTH = 8.0
"""Canonical pixels."""
LONGEST_WAVELENGTH = 36.0
"""Canonical pixels."""
PILOT_SHARE = 0.25
"""Share of the lines that are pilots."""


def embedding_scale(width: int, height: int) -> float:
    """Pixels a canonical pixel when a picture of this size is marked; small ones get waves that survive encoding.

    The smallest hold little more than one tile: less would leave lines that cannot be resolved.
    """
    rows = min(width, height)
    return max(rows / CANONICAL_SHORT_SIDE, min(_MIN_SCALE, rows / _ROWS_AT_UNIT_SCALE))


def candidate_scales(width: int, height: int) -> tuple[float, ...]:
    """Pixels a canonical pixel in a picture of this size, the likeliest first: as marked, shrunk, marked long ago."""
    resized = min(width, height) / CANONICAL_SHORT_SIDE
    return tuple(
        dict.fromkeys(
            (
                embedding_scale(width, height),
                resized,
                *(max(resized, earlier_scale) for earlier_scale in _EARLIER_MIN_SCALES),
            )
        )
    )


def cropped_scales(width: int, height: int) -> tuple[float, ...]:
    """Pixels a canonical pixel in a picture that was only cut to this size: of 576 rows and fewer, 720, and 1080."""
    longer = (rows / CANONICAL_SHORT_SIDE for rows in (1080, 720) if rows >= min(width, height))
    return tuple(dict.fromkeys((_MIN_SCALE, *longer)))


def scale_range(width: int, height: int) -> tuple[float, float]:
    """Pixels a canonical pixel in a picture of this size, resized and cut to less than half a side."""
    resized = min(width, height) / CANONICAL_SHORT_SIDE
    return 0.4 * resized, max(2.5 * resized, 1.2 * _MIN_SCALE)


@dataclass(frozen=True, slots=True, eq=False)
class Subcarriers:
    """The frequencies in use: `u` right and `v` down in cycles a tile, one of each conjugate pair."""

    u: NDArray[np.int64]
    v: NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.u)

    @property
    def frequency(self) -> NDArray[np.float64]:
        """(2, count) cycles a canonical pixel: right, down."""
        return np.stack([self.u, self.v]) / TILE_SIZE

    @property
    def radius(self) -> NDArray[np.float64]:
        """(count) cycles a canonical pixel."""
        return np.hypot(self.u, self.v) / TILE_SIZE


@dataclass(frozen=True, slots=True, eq=False)
class CarrierLayout:
    """How one key uses the lines: indices of pilots and carriers, and what is done to the coded bits."""

    pilots: NDArray[np.intp]
    pilot_symbols: ComplexArray
    carriers: NDArray[np.intp]
    interleaver: NDArray[np.intp]
    scrambler: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class KnownLines:
    """Lines whose symbols are known: a key's pilots, or all lines of one payload."""

    indices: NDArray[np.intp]
    symbols: ComplexArray


@cache
def subcarriers() -> Subcarriers:
    """All lines in band. None on the axes, where the energy of edges and black bars of pictures is."""
    half = TILE_SIZE // 2
    u, v = np.meshgrid(np.arange(-half, half), np.arange(-half, half))
    radius = np.hypot(u, v) / TILE_SIZE
    chosen = (radius <= 1 / SHORTEST_WAVELENGTH) & (radius >= 1 / LONGEST_WAVELENGTH) & (v > 0) & (u != 0)
    return Subcarriers(u=u[chosen].astype(np.int64), v=v[chosen].astype(np.int64))


@cache
def carrier_layout(key: WatermarkKey) -> CarrierLayout:
    """The key's use of the lines."""
    total = subcarriers().count
    pilots = int(PILOT_SHARE * total)
    shuffled = key.permutation("lines", total)
    signs = 1.0 - 2.0 * key.bits("pilots", 2 * pilots)
    capacity = 2 * (total - pilots)
    return CarrierLayout(
        pilots=np.sort(shuffled[:pilots]),
        pilot_symbols=(signs[0::2] + 1j * signs[1::2]) / np.sqrt(2),
        carriers=np.sort(shuffled[pilots:]),
        interleaver=key.permutation("order", capacity),
        scrambler=key.bits("scramble", capacity),
    )


def pilot_lines(key: WatermarkKey) -> KnownLines:
    """What all marks of a key share."""
    layout = carrier_layout(key)
    return KnownLines(indices=layout.pilots, symbols=layout.pilot_symbols)


def payload_lines(payload: Payload, key: WatermarkKey) -> KnownLines:
    """All lines of a mark, its payload being known."""
    return KnownLines(indices=np.arange(subcarriers().count), symbols=modulate(payload, key))


def modulate(payload: Payload, key: WatermarkKey) -> ComplexArray:
    """The complex amplitude of each line, all of magnitude 1."""
    layout = carrier_layout(key)
    coded = convolutional_code.encode(to_message_bits(payload, key))
    bits = np.empty(len(layout.interleaver), np.uint8)
    bits[layout.interleaver] = coded[_coded_bit_indices(len(layout.interleaver))]
    signs = 1.0 - 2.0 * (bits ^ layout.scrambler)
    amplitudes = np.empty(subcarriers().count, np.complex128)
    amplitudes[layout.pilots] = layout.pilot_symbols
    amplitudes[layout.carriers] = (signs[0::2] + 1j * signs[1::2]) / np.sqrt(2)
    return amplitudes


def shift_tile(amplitudes: ComplexArray, right: float, down: float) -> ComplexArray:
    """The same mark, its tile moved by so many canonical pixels."""
    positions = subcarriers()
    return np.asarray(
        amplitudes * np.exp(-2j * np.pi * (positions.u * right + positions.v * down) / TILE_SIZE), np.complex128
    )


def decode_carriers(carriers: ComplexArray, key: WatermarkKey) -> Payload | None:
    """The payload of the carriers' complex values, weighted by how far each can be trusted; None if its tag fails."""
    soft = combine_soft_bits(carriers, key)
    scale = float(np.sqrt(np.mean(soft**2))) or 1.0
    return from_message_bits(convolutional_code.decode((soft / scale).astype(np.float32)), key)


def combine_soft_bits(carriers: ComplexArray, key: WatermarkKey) -> NDArray[np.float64]:
    """For each coded bit the sum of what its carriers say, positive for 0."""
    layout = carrier_layout(key)
    soft = np.empty(len(layout.interleaver))
    soft[0::2], soft[1::2] = carriers.real, carriers.imag
    soft = (soft * (1.0 - 2.0 * layout.scrambler))[layout.interleaver]
    return np.asarray(
        np.bincount(
            _coded_bit_indices(len(soft)), weights=soft, minlength=MESSAGE_BITS * convolutional_code.INVERSE_RATE
        ),
        np.float64,
    )


def _coded_bit_indices(capacity: int) -> NDArray[np.intp]:
    """Which coded bit each place carries: all of them, over and over."""
    return np.arange(capacity) % (MESSAGE_BITS * convolutional_code.INVERSE_RATE)
