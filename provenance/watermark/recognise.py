"""Compares readings of a picture with the payloads that were issued: at the places of the tile that pilots propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.watermark.fold import Reading
from provenance.watermark.issued import Issued, Places
from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import PILOT_SHARE, Complex, gathered, layout
from provenance.watermark.read import FINER, Opinion, carriers_at, surface

_PLACES = 24
"""Places of the tile, the likeliest by the pilots, at which payloads are compared; in each reading."""


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """One place of the tile: the pilots' z there, the lines as they lie, and how far it is moved."""

    z: float
    way: str
    values: Complex
    right: float
    down: float


def recognised(readings: Sequence[Reading], issued: Issued) -> list[Opinion | None]:
    """For each reading the issued payload that agrees best with it, or None if another might as well.

    z of the opinion is of pilots and carriers together, at any shift and way: see Opinion.chance.
    """
    places = [_places(reading, issued.key) for reading in readings]
    told = issued.told([_compared(some, issued.key) for some in places], pilots=PILOT_SHARE)
    found: list[Opinion | None] = []
    for some, one in zip(places, told, strict=True):
        at = some[one.place] if one else None
        found.append(
            Opinion(z=one.z, payload=one.payload, way=at.way, right=at.right, down=at.down, among=len(issued))
            if one and at
            else None
        )
    return found


def _places(reading: Reading, key: WatermarkKey) -> list[_Place]:
    """The likeliest places of the tile, of all ways round."""
    pilots = layout(key).pilots
    found: list[_Place] = []
    for way, values in reading.ways():
        z = surface(values[pilots], key)
        peaks = np.where(z == cv2.dilate(z, np.ones((3, 3))), z, 0).ravel()
        for index in np.argpartition(-peaks, _PLACES)[:_PLACES]:
            down, right = divmod(int(index), z.shape[1])
            found.append(_Place(float(peaks[index]), way, values, right / FINER, down / FINER))
    return sorted(found, key=lambda place: -place.z)[:_PLACES]


def _compared(places: Sequence[_Place], key: WatermarkKey) -> Places:
    return Places(z=np.array([place.z for place in places]), soft=np.stack([_soft(place, key) for place in places]))


def _soft(place: _Place, key: WatermarkKey) -> NDArray[np.float32]:
    carriers = carriers_at(place.values, place.right, place.down, key)
    spread = float(np.sqrt((np.abs(carriers) ** 2).sum())) + 1e-9
    return np.asarray(gathered(carriers, key) / spread, np.float32)
