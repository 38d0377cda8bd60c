"""Compares readings of a picture with the payloads that were issued: at the places of the tile that pilots propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import ComplexArray
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload_set import AlignmentCandidates, PayloadSet
from provenance.watermark.video.carrier_layout import PILOT_SHARE, combine_soft_bits, pilot_lines
from provenance.watermark.video.demodulate import CarrierSpectrum
from provenance.watermark.video.pilot_detector import (
    SHIFTS_PER_PIXEL,
    TileDetection,
    correlation_surface,
    weighted_carriers,
)

_MAX_POSITIONS = 24
"""Places of the tile, the likeliest by the pilots, at which payloads are compared; in each reading."""


@dataclass(frozen=True, slots=True, eq=False)
class _TilePosition:
    """One place of the tile: the pilots' z there, the lines in that orientation, and how far it is moved."""

    z: float
    orientation: str
    values: ComplexArray
    right: float
    down: float


def match_known_payloads(spectra: Sequence[CarrierSpectrum], payloads: PayloadSet) -> list[TileDetection | None]:
    """For each reading the issued payload that agrees best with it, or None if another might as well.

    z of the opinion is of pilots and carriers together, at any shift and way: see Opinion.chance.
    """
    places = [_tile_positions(reading, payloads.key) for reading in spectra]
    matches = payloads.match([_alignment_candidates(some, payloads.key) for some in places], pilot_share=PILOT_SHARE)
    detections: list[TileDetection | None] = []
    for some, match in zip(places, matches, strict=True):
        position = some[match.candidate_index] if match else None
        detections.append(
            TileDetection(
                z=match.z,
                payload=match.payload,
                orientation=position.orientation,
                right=position.right,
                down=position.down,
                among=len(payloads),
            )
            if match and position
            else None
        )
    return detections


def _tile_positions(reading: CarrierSpectrum, key: WatermarkKey) -> list[_TilePosition]:
    """The likeliest places of the tile, of all ways round."""
    positions: list[_TilePosition] = []
    for way, values in reading.orientations():
        z = correlation_surface(values, pilot_lines(key))
        peaks = np.where(z == cv2.dilate(z, np.ones((3, 3))), z, 0).ravel()
        for index in np.argpartition(-peaks, _MAX_POSITIONS)[:_MAX_POSITIONS]:
            down, right = divmod(int(index), z.shape[1])
            positions.append(
                _TilePosition(float(peaks[index]), way, values, right / SHIFTS_PER_PIXEL, down / SHIFTS_PER_PIXEL)
            )
    return sorted(positions, key=lambda place: -place.z)[:_MAX_POSITIONS]


def _alignment_candidates(places: Sequence[_TilePosition], key: WatermarkKey) -> AlignmentCandidates:
    return AlignmentCandidates(
        z=np.array([place.z for place in places]),
        soft_bits=np.stack([normalised_soft_bits(place.values, place.right, place.down, key) for place in places]),
    )


def normalised_soft_bits(values: ComplexArray, right: float, down: float, key: WatermarkKey) -> NDArray[np.float32]:
    """The coded bits of a tile at that place, positive for 0: their sum with a payload's signs is a z."""
    carriers = weighted_carriers(values, right, down, key)
    spread = float(np.sqrt((np.abs(carriers) ** 2).sum())) + 1e-9
    return np.asarray(combine_soft_bits(carriers, key) / spread, np.float32)
