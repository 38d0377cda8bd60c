"""Where the watermark lies: frequencies of a square tile, each a pilot or a carrier of two coded bits.

Which frequencies there are is public; which are pilots, their phases, and the order and scrambling of the coded bits
come from the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from provenance.watermark import code
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import WORD_BITS, Payload, from_word, to_word

SHORT_SIDE = 720
"""The canonical picture: its shorter side has so many pixels. Plain resizing therefore needs no search."""
TILE = 192
_SMALLEST_SCALE, _SMALLEST_ONCE = 1.0, (0.8, 0.5)
"""Of pictures with few rows: coarser waves cost an encoder half the bytes; and as it was in the first two versions."""
_FEWEST_ROWS = 240
SHORTEST_WAVE, LONGEST_WAVE = 8.0, 36.0
PILOT_SHARE = 0.25

Complex = NDArray[np.complex128]


def scale_of(width: int, height: int) -> float:
    """Pixels a canonical pixel when a picture of this size is marked; small ones get waves that survive encoding.

    The smallest hold little more than one tile: less would leave lines that cannot be told apart.
    """
    rows = min(width, height)
    return max(rows / SHORT_SIDE, min(_SMALLEST_SCALE, rows / _FEWEST_ROWS))


def likely_scales(width: int, height: int) -> tuple[float, ...]:
    """Pixels a canonical pixel in a picture of this size, the likeliest first: as marked, shrunk, marked long ago."""
    resized = min(width, height) / SHORT_SIDE
    return tuple(dict.fromkeys((scale_of(width, height), resized, *(max(resized, once) for once in _SMALLEST_ONCE))))


def scales_if_cut(width: int, height: int) -> tuple[float, ...]:
    """Pixels a canonical pixel in a picture that was only cut to this size: of 576 rows and fewer, 720, and 1080."""
    longer = (rows / SHORT_SIDE for rows in (1080, 720) if rows >= min(width, height))
    return tuple(dict.fromkeys((_SMALLEST_SCALE, *longer)))


def scale_range(width: int, height: int) -> tuple[float, float]:
    """Pixels a canonical pixel in a picture of this size, resized and cut to less than half a side."""
    resized = min(width, height) / SHORT_SIDE
    return 0.4 * resized, max(2.5 * resized, 1.2 * _SMALLEST_SCALE)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
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
        return np.stack([self.u, self.v]) / TILE

    @property
    def radius(self) -> NDArray[np.float64]:
        """(count) cycles a canonical pixel."""
        return np.hypot(self.u, self.v) / TILE


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How one key uses the lines: indices of pilots and carriers, and what is done to the coded bits."""

    pilots: NDArray[np.intp]
    phases: Complex
    carriers: NDArray[np.intp]
    order: NDArray[np.intp]
    scramble: NDArray[np.uint8]


@cache
def lines() -> Lines:
    """All lines in band. None on the axes, where edges and black bars of pictures lie."""
    half = TILE // 2
    u, v = np.meshgrid(np.arange(-half, half), np.arange(-half, half))
    radius = np.hypot(u, v) / TILE
    chosen = (radius <= 1 / SHORTEST_WAVE) & (radius >= 1 / LONGEST_WAVE) & (v > 0) & (u != 0)
    return Lines(u=u[chosen].astype(np.int64), v=v[chosen].astype(np.int64))


@cache
def layout(key: WatermarkKey) -> Layout:
    """The key's use of the lines."""
    total = lines().count
    pilots = int(PILOT_SHARE * total)
    shuffled = key.permutation("lines", total)
    signs = 1.0 - 2.0 * key.bits("pilots", 2 * pilots)
    capacity = 2 * (total - pilots)
    return Layout(
        pilots=np.sort(shuffled[:pilots]),
        phases=(signs[0::2] + 1j * signs[1::2]) / np.sqrt(2),
        carriers=np.sort(shuffled[pilots:]),
        order=key.permutation("order", capacity),
        scramble=key.bits("scramble", capacity),
    )


def write(payload: Payload, key: WatermarkKey) -> Complex:
    """The complex amplitude of each line, all of magnitude 1."""
    how = layout(key)
    coded = code.encode(to_word(payload, key))
    bits = np.empty(len(how.order), np.uint8)
    bits[how.order] = coded[_repeats(len(how.order))]
    signs = 1.0 - 2.0 * (bits ^ how.scramble)
    amplitudes = np.empty(lines().count, np.complex128)
    amplitudes[how.pilots] = how.phases
    amplitudes[how.carriers] = (signs[0::2] + 1j * signs[1::2]) / np.sqrt(2)
    return amplitudes


def shifted(amplitudes: Complex, right: float, down: float) -> Complex:
    """The same mark, its tile moved by so many canonical pixels."""
    where = lines()
    return np.asarray(amplitudes * np.exp(-2j * np.pi * (where.u * right + where.v * down) / TILE), np.complex128)


def decode(carriers: Complex, key: WatermarkKey) -> Payload | None:
    """The payload of the carriers' complex values, weighted by how far each can be trusted; None if its tag fails."""
    soft = gathered(carriers, key)
    scale = float(np.sqrt(np.mean(soft**2))) or 1.0
    return from_word(code.decode((soft / scale).astype(np.float32)), key)


def gathered(carriers: Complex, key: WatermarkKey) -> NDArray[np.float64]:
    """For each coded bit the sum of what its carriers say, positive for 0."""
    how = layout(key)
    soft = np.empty(len(how.order))
    soft[0::2], soft[1::2] = carriers.real, carriers.imag
    soft = (soft * (1.0 - 2.0 * how.scramble))[how.order]
    return np.asarray(np.bincount(_repeats(len(soft)), weights=soft, minlength=WORD_BITS * code.RATE), np.float64)


def _repeats(capacity: int) -> NDArray[np.intp]:
    """Which coded bit each place carries: all of them, over and over."""
    return np.arange(capacity) % (WORD_BITS * code.RATE)
