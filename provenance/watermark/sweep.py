"""Finds how a picture lies with the help of the key: where too few tiles are left for their comb to stand out.

Each map tried is looked at with the key's pilots at all shifts and four ways round. Which map is then read depends on
the key: whoever judges that reading must count all maps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import TILE, layout, lines

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Spectra = NDArray[np.complex64]

_PADDING = 2.0
_SMOOTH = 3.0
"""Lines over which the level of noise is measured."""
_LOUDEST = 2.2
_AT_ONCE = 24
_USUAL_FREQUENCY = 0.085
_PLACES = TILE // 2


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A whitened picture's spectrum, each value over the level around it; and the picture's longer side."""

    spectrum: Spectra
    side: int


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """A 2 x 2 map from canonical pixels to the picture's, and how well the key's pilots agree there."""

    z: float
    matrix: Doubles


def steps(seen: Seen, low: float, high: float) -> Doubles:
    """Scales, in pixels a canonical pixel, near enough that between two of them most of the mark still adds up."""
    most = seen.side / float(np.sqrt(low * high))
    count = max(2, int(np.log(high / low) * most * _USUAL_FREQUENCY * 1.6))
    return np.asarray(np.geomspace(low, high, count))


def sweep(seen: Seen, key: WatermarkKey, maps: Doubles, *, keep: int = 3) -> list[Swept]:
    """Of (n, 2, 2) maps those with the highest z, neighbours of a better one left out."""
    z = np.concatenate([_agreements(seen.spectrum, key, part) for part in _chunks(maps)])
    best: list[Swept] = []
    for at in np.argsort(-z):
        if all(abs(int(at) - near) > 2 for near in [_place(one, maps) for one in best]):
            best.append(Swept(z=float(z[at]), matrix=maps[at]))
        if len(best) == keep:
            break
    return best


def _place(one: Swept, maps: Doubles) -> int:
    return int(np.flatnonzero((maps == one.matrix).all((1, 2)))[0])


def _chunks(maps: Doubles) -> Iterator[Doubles]:
    for start in range(0, len(maps), _AT_ONCE):
        yield maps[start : start + _AT_ONCE]


def see(picture: Floats) -> Seen:
    """Phases count from the picture's middle, frequency zero lies in the middle; no value stands out too far."""
    height, width = picture.shape
    rows, columns = (cv2.getOptimalDFTSize(int(side * _PADDING)) for side in (height, width))
    padded = np.zeros((rows, columns), np.float32)
    padded[:height, :width] = picture
    spectrum = np.fft.fftshift(np.fft.fft2(np.roll(padded, (-(height // 2), -(width // 2)), (0, 1))))
    power = np.abs(spectrum) ** 2
    cycle = TILE * min(height, width) / 720
    box = int(columns / cycle * _SMOOTH) | 1, int(rows / cycle * _SMOOTH) | 1
    level = np.sqrt(cv2.blur(power, box)) + 1e-9
    over = spectrum / level
    limited: Spectra = np.asarray(over / np.maximum(1.0, np.abs(over) / _LOUDEST), np.complex64)
    return Seen(spectrum=limited, side=max(height, width))


def _agreements(spectrum: Spectra, key: WatermarkKey, maps: Doubles) -> Doubles:
    """The pilots' z at the best shift and way round, for each map."""
    how = layout(key)
    u, v = lines().u[how.pilots], lines().v[how.pilots]
    phases = how.phases.conj().astype(np.complex64)
    found = np.full(len(maps), -np.inf)
    for across in (u, -u):
        values = _sampled(spectrum, np.stack([across, v]) / TILE, maps)
        spread = np.sqrt((np.abs(values) ** 2).sum(1) / 2) + 1e-9
        for seen in (values, values.conj()):
            found = np.maximum(found, _best_shift(seen * phases, u, v) / spread)
    return found


def _best_shift(matched: Spectra, u: NDArray[np.int64], v: NDArray[np.int64]) -> Doubles:
    """The highest real correlation over all shifts by two canonical pixels: near enough to say which map is best."""
    half = np.zeros((len(matched), _PLACES, _PLACES // 2 + 1), np.complex64)
    half[:, u % _PLACES, v] = matched
    surface = np.fft.irfft2(half, (_PLACES, _PLACES), axes=(1, 2))
    return np.asarray(surface.max((1, 2)) * (_PLACES * _PLACES / 2), np.float64)


def _sampled(spectrum: Spectra, frequency: Doubles, maps: Doubles) -> Spectra:
    """(maps, lines): the nearest value; none where a map puts a line beyond what the picture can hold."""
    placed = np.linalg.inv(maps).transpose(0, 2, 1) @ frequency
    rows, columns = spectrum.shape
    across, down = np.rint(placed[:, 0] * columns).astype(int), np.rint(placed[:, 1] * rows).astype(int)
    inside = (np.abs(placed) < 0.47).all(1)
    values = spectrum[(down + rows // 2) % rows, (across + columns // 2) % columns]
    return np.asarray(np.where(inside, values, 0), np.complex64)


def scalings(scales: Doubles) -> Doubles:
    """(n, 2, 2) maps that only scale."""
    return np.asarray(scales[:, None, None] * np.eye(2))


def turnings(seen: Seen, scales: Sequence[float], degrees: float) -> Doubles:
    """Maps that turn by angles up to so many degrees either way, at each scale."""
    return np.concatenate([_turned(scale, _angles(seen, scale, degrees)) for scale in scales])


def stretchings(seen: Seen, scales: Sequence[float], most: float) -> Doubles:
    """Maps that scale one way, and up to so many times more or less the other way."""
    found: list[Doubles] = []
    for scale in scales:
        others = steps(seen, scale / most, scale * most)
        one, other = np.full_like(others, scale), others
        found += [_diagonal(other, one), _diagonal(one, other)]
    return np.concatenate(found)


def around(seen: Seen, matrix: Doubles) -> Doubles:
    """Maps near this one: a little larger, each way by itself, and a little turned."""
    reach = 0.5 / (seen.side / float(np.sqrt(abs(np.linalg.det(matrix)))) * _USUAL_FREQUENCY * 1.6)
    shares = 1 + reach * np.array([-0.9, 0.0, 0.9])
    across, down = (part.ravel() for part in np.meshgrid(shares, shares))
    turned = _turned(1.0, reach * np.array([-0.6, 0.0, 0.6]))
    return np.asarray((turned[:, None] @ (matrix @ _diagonal(across, down))[None]).reshape(-1, 2, 2))


def _angles(seen: Seen, scale: float, degrees: float) -> Doubles:
    reach = float(np.deg2rad(degrees))
    count = max(3, int(2 * reach * seen.side / scale * _USUAL_FREQUENCY * 1.6)) | 1
    return np.linspace(-reach, reach, count)


def _turned(scale: float, angles: Doubles) -> Doubles:
    turns = np.stack([np.cos(angles), -np.sin(angles), np.sin(angles), np.cos(angles)], -1)
    return np.asarray(scale * turns.reshape(-1, 2, 2))


def _diagonal(across: Doubles, down: Doubles) -> Doubles:
    maps = np.zeros((len(across), 2, 2))
    maps[:, 0, 0], maps[:, 1, 1] = across, down
    return maps
