"""Finds a picture's geometry with the help of the key: where too few tiles are left for their comb to stand out.

Each map tried is looked at with the key's pilots at all shifts and four ways round. Which map is then read depends on
the key: whoever judges that reading must count all maps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import ComplexSpectra, DoubleArray, FloatArray
from provenance.watermark.video.carrier_layout import TILE_SIZE, KnownLines, subcarriers

_PADDING = 2.0  # sides of the transform over those of the picture: finer lines
_NOISE_WINDOW = 3.0
"""Lines over which the level of noise is measured."""
_CLIP_LEVEL = 2.2  # times the local level of noise
_BATCH = 24  # maps compared at once: bounds memory
_TYPICAL_FREQUENCY = 0.085  # cycles a canonical pixel, about the middle of the band
_COARSE_TILE = TILE_SIZE // 2


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedSpectrum:
    """A whitened picture's spectrum, each value over the level around it; and the picture's longer side."""

    spectrum: ComplexSpectra
    side: int


@dataclass(frozen=True, slots=True, eq=False)
class PilotSearchResult:
    """A 2 x 2 map from canonical pixels to the picture's, and how well the key's pilots agree there."""

    z: float
    matrix: DoubleArray


def scale_grid(spectrum: NormalisedSpectrum, low: float, high: float) -> DoubleArray:
    """Scales, in pixels a canonical pixel, near enough that between two of them most of the mark still adds up."""
    most = spectrum.side / float(np.sqrt(low * high))
    count = max(2, int(np.log(high / low) * most * _TYPICAL_FREQUENCY * 1.6))
    return np.asarray(np.geomspace(low, high, count))


def pilot_search(
    spectrum: NormalisedSpectrum, lines: KnownLines, maps: DoubleArray, *, keep: int = 3
) -> list[PilotSearchResult]:
    """Of (n, 2, 2) maps those with the highest z, neighbours of a better one left out."""
    z = np.concatenate([_lines_z(spectrum.spectrum, lines, part) for part in _batches(maps)])
    best: list[PilotSearchResult] = []
    for at in np.argsort(-z):
        if all(abs(int(at) - near) > 2 for near in [_map_index(kept_result, maps) for kept_result in best]):
            best.append(PilotSearchResult(z=float(z[at]), matrix=maps[at]))
        if len(best) == keep:
            break
    return best


def _map_index(result: PilotSearchResult, maps: DoubleArray) -> int:
    return int(np.flatnonzero((maps == result.matrix).all((1, 2)))[0])


def _batches(maps: DoubleArray) -> Iterator[DoubleArray]:
    for start in range(0, len(maps), _BATCH):
        yield maps[start : start + _BATCH]


def normalised_spectrum(picture: FloatArray) -> NormalisedSpectrum:
    """Phases count from the picture's middle, frequency zero is in the middle; values are clipped."""
    height, width = picture.shape
    rows, columns = (cv2.getOptimalDFTSize(int(side * _PADDING)) for side in (height, width))
    padded = np.zeros((rows, columns), np.float32)
    padded[:height, :width] = picture
    spectrum = np.fft.fftshift(np.fft.fft2(np.roll(padded, (-(height // 2), -(width // 2)), (0, 1))))
    power = np.abs(spectrum) ** 2
    cycle = TILE_SIZE * min(height, width) / 720
    box = int(columns / cycle * _NOISE_WINDOW) | 1, int(rows / cycle * _NOISE_WINDOW) | 1
    level = np.sqrt(cv2.blur(power, box)) + 1e-9
    over = spectrum / level
    limited: ComplexSpectra = np.asarray(over / np.maximum(1.0, np.abs(over) / _CLIP_LEVEL), np.complex64)
    return NormalisedSpectrum(spectrum=limited, side=max(height, width))


def _lines_z(spectrum: ComplexSpectra, lines: KnownLines, maps: DoubleArray) -> DoubleArray:
    """The lines' z at the best shift and way round, for each map."""
    u, v = subcarriers().u[lines.indices], subcarriers().v[lines.indices]
    phases = lines.symbols.conj().astype(np.complex64)
    best_z = np.full(len(maps), -np.inf)
    for across in (u, -u):
        values = _sample_carriers(spectrum, np.stack([across, v]) / TILE_SIZE, maps)
        spread = np.sqrt((np.abs(values) ** 2).sum(1) / 2) + 1e-9
        for observed in (values, values.conj()):
            best_z = np.maximum(best_z, _max_correlation(observed * phases, u, v) / spread)
    return best_z


def _max_correlation(matched: ComplexSpectra, u: NDArray[np.int64], v: NDArray[np.int64]) -> DoubleArray:
    """The highest real correlation over all shifts by two canonical pixels: near enough to say which map is best."""
    half = np.zeros((len(matched), _COARSE_TILE, _COARSE_TILE // 2 + 1), np.complex64)
    half[:, u % _COARSE_TILE, v] = matched
    surface = np.fft.irfft2(half, (_COARSE_TILE, _COARSE_TILE), axes=(1, 2))
    return np.asarray(surface.max((1, 2)) * (_COARSE_TILE * _COARSE_TILE / 2), np.float64)


def _sample_carriers(spectrum: ComplexSpectra, frequency: DoubleArray, maps: DoubleArray) -> ComplexSpectra:
    """(maps, lines): the nearest value; none where a map puts a line beyond what the picture can hold."""
    placed = np.linalg.inv(maps).transpose(0, 2, 1) @ frequency
    rows, columns = spectrum.shape
    across, down = np.rint(placed[:, 0] * columns).astype(int), np.rint(placed[:, 1] * rows).astype(int)
    inside = (np.abs(placed) < 0.47).all(1)
    values = spectrum[(down + rows // 2) % rows, (across + columns // 2) % columns]
    return np.asarray(np.where(inside, values, 0), np.complex64)


def scale_maps(scales: DoubleArray) -> DoubleArray:
    """(n, 2, 2) maps that only scale."""
    return np.asarray(scales[:, None, None] * np.eye(2))


def rotation_maps(spectrum: NormalisedSpectrum, scales: Sequence[float], degrees: float) -> DoubleArray:
    """Maps that turn by angles up to so many degrees either way, at each scale."""
    return np.concatenate([_rotations(scale, _angles(spectrum, scale, degrees)) for scale in scales])


def stretch_maps(spectrum: NormalisedSpectrum, scales: Sequence[float], most: float) -> DoubleArray:
    """Maps that scale one way, and up to so many times more or less the other way."""
    maps_found: list[DoubleArray] = []
    for scale in scales:
        others = scale_grid(spectrum, scale / most, scale * most)
        first, second = np.full_like(others, scale), others
        maps_found += [_axis_scalings(second, first), _axis_scalings(first, second)]
    return np.concatenate(maps_found)


def neighbour_maps(spectrum: NormalisedSpectrum, matrix: DoubleArray) -> DoubleArray:
    """Maps near this one: a little larger, each way by itself, and a little turned."""
    reach = 0.5 / (spectrum.side / float(np.sqrt(abs(np.linalg.det(matrix)))) * _TYPICAL_FREQUENCY * 1.6)
    shares = 1 + reach * np.array([-0.9, 0.0, 0.9])
    across, down = (part.ravel() for part in np.meshgrid(shares, shares))
    turned = _rotations(1.0, reach * np.array([-0.6, 0.0, 0.6]))
    return np.asarray((turned[:, None] @ (matrix @ _axis_scalings(across, down))[None]).reshape(-1, 2, 2))


def _angles(spectrum: NormalisedSpectrum, scale: float, degrees: float) -> DoubleArray:
    reach = float(np.deg2rad(degrees))
    count = max(3, int(2 * reach * spectrum.side / scale * _TYPICAL_FREQUENCY * 1.6)) | 1
    return np.linspace(-reach, reach, count)


def _rotations(scale: float, angles: DoubleArray) -> DoubleArray:
    turns = np.stack([np.cos(angles), -np.sin(angles), np.sin(angles), np.cos(angles)], -1)
    return np.asarray(scale * turns.reshape(-1, 2, 2))


def _axis_scalings(across: DoubleArray, down: DoubleArray) -> DoubleArray:
    maps = np.zeros((len(across), 2, 2))
    maps[:, 0, 0], maps[:, 1, 1] = across, down
    return maps
