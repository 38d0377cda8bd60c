"""Decides from one reading whether the key's mark is there, and what it says.

The statistic is the pilots' correlation, at the best of all shifts, over its own root mean square. Its phases are
secret and random: by Hoeffding's inequality the chance that a picture made without the key reaches z at one shift is
at most exp(-z^2 / 2), whatever the picture. Nothing about pictures is assumed, only that they do not know the key.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.arrays import ComplexArray
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import TAG_BITS, Payload
from provenance.watermark.video.carrier_layout import (
    TILE_SIZE,
    KnownLines,
    carrier_layout,
    decode_carriers,
    pilot_lines,
    subcarriers,
)
from provenance.watermark.video.demodulate import CarrierSpectrum

SHIFTS_PER_PIXEL = 2
"""Places looked at in a canonical pixel."""
_MIN_Z_TO_DECODE = 4.5  # z of the pilots from which bits are decoded
SHIFT_HYPOTHESES = 4 * (TILE_SIZE * SHIFTS_PER_PIXEL) ** 2
"""How many places of the pilots are looked at in one reading: all shifts by half pixels, four ways round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileDetection:
    """What one reading says for one key; `right` and `down` in canonical pixels are where the tile is."""

    z: float
    payload: Payload | None
    orientation: str
    right: float = 0.0
    down: float = 0.0
    among: int = 0
    """How many issued payloads this one was recognised among; 0 where it was read, with its tag."""

    def p_value(self, attempts: int) -> float:
        """An upper bound of the probability that one of so many readings without a mark says at least this."""
        agrees = min(1.0, max(1, self.among) * SHIFT_HYPOTHESES * float(np.exp(-self.z * self.z / 2)))
        tagged = self.payload is not None and not self.among
        return min(1.0, attempts * agrees * (2.0**-TAG_BITS if tagged else 1.0))


def detect_tile(spectrum: CarrierSpectrum, key: WatermarkKey) -> TileDetection:
    """Looks for the key's pilots at every shift and way round, and reads the payload there."""
    candidates = [(*best_shift(values, pilot_lines(key)), way, values) for way, values in spectrum.orientations()]
    z, right, down, way, values = max(candidates, key=lambda one: one[0])
    right, down = _refine_shift(values[carrier_layout(key).pilots], right, down, key)
    payload = _decode_at(values, right, down, key) if z > _MIN_Z_TO_DECODE else None
    return TileDetection(z=z, payload=payload, orientation=way, right=right, down=down)


def pilot_statistic(spectrum: CarrierSpectrum, key: WatermarkKey) -> float:
    """The z of opinion() alone, nothing decoded."""
    return max(best_shift(values, pilot_lines(key))[0] for _, values in spectrum.orientations())


def carrier_agreement(values: ComplexArray, amplitudes: ComplexArray, right: float = 0.0, down: float = 0.0) -> float:
    """How surely these lines carry just this mark, its tile at this place: a z whose chance is exp(-z^2 / 2)."""
    aligned = _undo_shift(values, right, down)
    power = float((np.abs(values) ** 2).sum())
    return float((aligned * amplitudes.conj()).real.sum()) / float(np.sqrt(power / 2) + 1e-9)


def best_shift(values: ComplexArray, lines: KnownLines) -> tuple[float, float, float]:
    """z at the best shift, and that shift in canonical pixels, right and down."""
    z = correlation_surface(values, lines)
    down, right = np.unravel_index(int(z.argmax()), z.shape)
    return float(z[down, right]), float(right) / SHIFTS_PER_PIXEL, float(down) / SHIFTS_PER_PIXEL


def correlation_surface(values: ComplexArray, lines: KnownLines) -> NDArray[np.float32]:
    """z of known lines at each shift of the tile, down and right, SHIFTS_PER_PIXEL to a canonical pixel.

    `values` are of all lines of a reading.
    """
    size, known = TILE_SIZE * SHIFTS_PER_PIXEL, values[lines.indices]
    u, v = subcarriers().u[lines.indices], subcarriers().v[lines.indices]
    spectrum = np.zeros((size, size), np.complex64)
    spectrum[v % size, u % size] = known * lines.symbols.conj()
    spread = float(np.sqrt((np.abs(known) ** 2).sum() / 2)) + 1e-9
    return np.asarray(np.fft.ifft2(spectrum).real * np.float32(size * size / spread), np.float32)


def _decode_at(values: ComplexArray, right: float, down: float, key: WatermarkKey) -> Payload | None:
    return decode_carriers(weighted_carriers(values, right, down, key), key)


def weighted_carriers(values: ComplexArray, right: float, down: float, key: WatermarkKey) -> ComplexArray:
    """The carriers of a tile at that position, weighted by reliability."""
    aligned = _undo_shift(values, right, down)
    return np.asarray((aligned * _carrier_weights(aligned, key))[carrier_layout(key).carriers])


def _undo_shift(values: ComplexArray, right: float, down: float) -> ComplexArray:
    """All lines, the tile moved back from there."""
    return np.asarray(values * np.exp(2j * np.pi * (subcarriers().u * right + subcarriers().v * down) / TILE_SIZE))


def _carrier_weights(aligned: ComplexArray, key: WatermarkKey) -> NDArray[np.float64]:
    """How far each line can be trusted, by how well the pilots of like frequency agree."""
    layout, where = carrier_layout(key), subcarriers()
    strength = (aligned[layout.pilots] * layout.pilot_symbols.conj()).real
    profile = np.polynomial.Polynomial.fit(where.radius[layout.pilots], strength, 2)
    return np.asarray(np.maximum(profile(where.radius), 0.05 * abs(float(strength.mean())) + 1e-9))


def _refine_shift(pilots: ComplexArray, right: float, down: float, key: WatermarkKey) -> tuple[float, float]:
    """The shift to an eighth of a pixel."""
    layout = carrier_layout(key)
    u, v = subcarriers().u[layout.pilots], subcarriers().v[layout.pilots]
    matched = pilots * layout.pilot_symbols.conj()
    steps = np.arange(-3, 4) / 8
    turns = np.exp(2j * np.pi * steps[:, None] * u / TILE_SIZE), np.exp(2j * np.pi * steps[:, None] * v / TILE_SIZE)
    based = matched * np.exp(2j * np.pi * (u * right + v * down) / TILE_SIZE)
    surface = np.einsum("xn,yn,n->yx", *turns, based).real
    y, x = np.unravel_index(int(surface.argmax()), surface.shape)
    return right + float(steps[x]), down + float(steps[y])
