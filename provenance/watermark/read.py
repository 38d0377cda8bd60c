"""Decides from one reading whether the key's mark is there, and what it says.

The statistic is the pilots' correlation, at the best of all shifts, over its own root mean square. Its phases are
secret and random: by Hoeffding's inequality the chance that a picture made without the key reaches z at one shift is
at most exp(-z^2 / 2), whatever the picture. Nothing about pictures is assumed, only that they do not know the key.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.fold import Reading
from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import TILE, Complex, decode, layout, lines
from provenance.watermark.payload import TAG_BITS, Payload

FINER = 2
"""Places looked at in a canonical pixel."""
_WORTH_DECODING = 4.5
SHIFTS = 4 * (TILE * FINER) ** 2
"""How many places of the pilots are looked at in one reading: all shifts by half pixels, four ways round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one reading says for one key; `right` and `down` in canonical pixels are where the tile lies."""

    z: float
    payload: Payload | None
    way: str
    right: float = 0.0
    down: float = 0.0
    among: int = 0
    """How many issued payloads this one was recognised among; 0 where it was read, with its tag."""

    def chance(self, attempts: int) -> float:
        """An upper bound of the probability that one of so many readings without a mark says at least this."""
        agrees = min(1.0, max(1, self.among) * SHIFTS * float(np.exp(-self.z * self.z / 2)))
        tagged = self.payload is not None and not self.among
        return min(1.0, attempts * agrees * (2.0**-TAG_BITS if tagged else 1.0))


def opinion(reading: Reading, key: WatermarkKey) -> Opinion:
    """Looks for the key's pilots at every shift and way round, and reads the payload there."""
    found = [(*_correlate(values[layout(key).pilots], key), way, values) for way, values in reading.ways()]
    z, right, down, way, values = max(found, key=lambda one: one[0])
    right, down = _sharpen(values[layout(key).pilots], right, down, key)
    payload = _read(values, right, down, key) if z > _WORTH_DECODING else None
    return Opinion(z=z, payload=payload, way=way, right=right, down=down)


def statistic(reading: Reading, key: WatermarkKey) -> float:
    """The z of opinion() alone, nothing decoded."""
    return max(_correlate(values[layout(key).pilots], key)[0] for _, values in reading.ways())


def agreement(values: Complex, amplitudes: Complex, right: float = 0.0, down: float = 0.0) -> float:
    """How surely these lines carry just this mark, its tile at this place: a z whose chance is exp(-z^2 / 2)."""
    aligned = _aligned(values, right, down)
    power = float((np.abs(values) ** 2).sum())
    return float((aligned * amplitudes.conj()).real.sum()) / float(np.sqrt(power / 2) + 1e-9)


def _correlate(pilots: Complex, key: WatermarkKey) -> tuple[float, float, float]:
    """z at the best shift, and that shift in canonical pixels, right and down."""
    z = surface(pilots, key)
    down, right = np.unravel_index(int(z.argmax()), z.shape)
    return float(z[down, right]), float(right) / FINER, float(down) / FINER


def surface(pilots: Complex, key: WatermarkKey) -> NDArray[np.float32]:
    """z at each shift of the tile, down and right, FINER to a canonical pixel."""
    how, size = layout(key), TILE * FINER
    u, v = lines().u[how.pilots], lines().v[how.pilots]
    spectrum = np.zeros((size, size), np.complex64)
    spectrum[v % size, u % size] = pilots * how.phases.conj()
    spread = float(np.sqrt((np.abs(pilots) ** 2).sum() / 2)) + 1e-9
    return np.asarray(np.fft.ifft2(spectrum).real * np.float32(size * size / spread), np.float32)


def _read(values: Complex, right: float, down: float, key: WatermarkKey) -> Payload | None:
    return decode(carriers_at(values, right, down, key), key)


def carriers_at(values: Complex, right: float, down: float, key: WatermarkKey) -> Complex:
    """The carriers of a tile that lies there, weighted by how far each can be trusted."""
    aligned = _aligned(values, right, down)
    return np.asarray((aligned * _trust(aligned, key))[layout(key).carriers])


def _aligned(values: Complex, right: float, down: float) -> Complex:
    """All lines, the tile moved back from there."""
    return np.asarray(values * np.exp(2j * np.pi * (lines().u * right + lines().v * down) / TILE))


def _trust(aligned: Complex, key: WatermarkKey) -> NDArray[np.float64]:
    """How far each line can be trusted, by how well the pilots of like frequency agree."""
    how, where = layout(key), lines()
    strength = (aligned[how.pilots] * how.phases.conj()).real
    profile = np.polynomial.Polynomial.fit(where.radius[how.pilots], strength, 2)
    return np.asarray(np.maximum(profile(where.radius), 0.05 * abs(float(strength.mean())) + 1e-9))


def _sharpen(pilots: Complex, right: float, down: float, key: WatermarkKey) -> tuple[float, float]:
    """The shift to an eighth of a pixel."""
    how = layout(key)
    u, v = lines().u[how.pilots], lines().v[how.pilots]
    matched = pilots * how.phases.conj()
    steps = np.arange(-3, 4) / 8
    turns = np.exp(2j * np.pi * steps[:, None] * u / TILE), np.exp(2j * np.pi * steps[:, None] * v / TILE)
    based = matched * np.exp(2j * np.pi * (u * right + v * down) / TILE)
    surface = np.einsum("xn,yn,n->yx", *turns, based).real
    y, x = np.unravel_index(int(surface.argmax()), surface.shape)
    return right + float(steps[x]), down + float(steps[y])
