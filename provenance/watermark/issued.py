"""Tells which of the payloads that were ever issued a damaged mark carries, where it cannot be read by itself.

Who reads blindly chooses among 2^96 payloads; an office that knows what it issued chooses among those few, and needs a
third of the energy. For each place of the tile that the pilots propose, every issued payload is compared with the
carriers: a matched filter (Cox, Miller, Bloom, Digital Watermarking, 2002, chapter 4: detection with a known message).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from provenance.watermark import code
from provenance.watermark.fold import Reading
from provenance.watermark.key import WatermarkKey
from provenance.watermark.lattice import TILE, Complex, gathered, layout, lines
from provenance.watermark.payload import WORD_BITS, Payload, to_word
from provenance.watermark.read import FINER, Opinion, surface, trust_of

Floats = NDArray[np.float32]

MOST = 100_000
"""Payloads compared at the most, the newest first: what a look at one file may cost (about a second)."""
_PLACES = 24
"""Places of the tile, the likeliest by the pilots, at which payloads are compared; in each reading."""
_PILOTS, _CARRIERS = 0.5, 0.75**0.5
"""How the two parts count: as their shares of the lines, a quarter and three quarters, squared and summed to one."""
_CONFUSED = 1e-6
"""The chance allowed that, at any place looked at, another payload of those issued agrees so well."""
_AS_PILOTS = 0.8
"""How well the bits of the case must agree, over how well the pilots do: twice that is expected of the right one, and a
fifth to a quarter of that of a mark of another case.
"""
_OWN = np.ones(WORD_BITS * code.RATE, np.bool_)
"""Which coded bits depend on the case, and not on version and issuer (the first 32 bits of a word) alone."""
_OWN[code.RATE * (code.LENGTH - 1) : code.RATE * 32] = False
_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """One place of the tile in one reading: the pilots' z there, and the carriers' soft bits (720)."""

    way: str
    right: float
    down: float
    z: float
    soft: Floats


class Issued:
    """Payloads of one key, encoded once: for as many readings as needed."""

    def __init__(self, payloads: Sequence[str], key: WatermarkKey) -> None:
        """`payloads` in hex, the newest first; those beyond MOST are left out."""
        self.key = key
        self.payloads = tuple(dict.fromkeys(payloads))[:MOST]

    def __len__(self) -> int:
        return len(self.payloads)

    @cached_property
    def _coded(self) -> NDArray[np.uint8]:
        """(720, payloads / 8): worked out when it is first needed."""
        words = [to_word(Payload.from_hex(one), self.key) for one in self.payloads]
        return code.encode_many(np.array(words, np.uint8).reshape(-1, WORD_BITS))

    def recognise(self, readings: Sequence[Reading]) -> list[Opinion | None]:
        """For each reading the payload that agrees best with it, or None if another might as well.

        z of the opinion is of pilots and carriers together: for a picture made without the key, the chance that one
        reading, at any shift and way and for any of the payloads, reaches z is at most len(self) * SHIFTS *
        exp(-z^2 / 2) (Hoeffding, as in read.py; the carriers' scrambling is as secret as the pilots' phases).
        """
        if not readings or not self.payloads:
            return [None] * len(readings)
        places = [_places(reading, self.key) for reading in readings]
        z, which = self._carried(np.stack([place.soft for some in places for place in some]))
        starts = np.cumsum([0, *map(len, places)])
        return [
            self._surest(some, z[a : a + len(some)], which[a : a + len(some)], len(z))
            for some, a in zip(places, starts, strict=False)
        ]

    def _surest(
        self, places: Sequence[_Place], z: NDArray[np.float64], which: NDArray[np.intp], looked: int
    ) -> Opinion | None:
        together = _PILOTS * np.array([place.z for place in places]) + _CARRIERS * z
        at = int(together.argmax())
        place, payload = places[at], Payload.from_hex(self.payloads[which[at]])
        own = self._own(place, payload)
        if own < _AS_PILOTS * place.z or len(self) * looked * np.exp(-own * own / 2) > _CONFUSED:
            return None
        return Opinion(
            z=float(together[at]), payload=payload, way=place.way, right=place.right, down=place.down, among=len(self)
        )

    def _own(self, place: _Place, payload: Payload) -> float:
        """z of the bits of the case alone: those of the issuer agree with every mark of this office."""
        signs = 1.0 - 2.0 * code.encode(to_word(payload, self.key))[_OWN]
        return float((place.soft[_OWN] * signs).sum() / np.sqrt(_OWN.mean()))

    def _carried(self, soft: Floats) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Of each place (n, 720) the z of the payload that agrees best, and which it is."""
        best = np.full(len(soft), -np.inf, np.float32)
        which = np.zeros(len(soft), np.intp)
        for start, signs in self._signs():
            z = soft @ signs
            found = z.argmax(1)
            here = z[np.arange(len(soft)), found]
            which = np.where(here > best, start + found, which)
            best = np.maximum(best, here)
        return best.astype(np.float64), which

    def _signs(self) -> Iterator[tuple[int, Floats]]:
        """(720, some) of 1 and -1 for coded bits 0 and 1, and which payload the first is."""
        for start in range(0, len(self), _AT_ONCE):
            some = np.unpackbits(self._coded[:, start // 8 : (start + _AT_ONCE) // 8], axis=1)
            yield start, (1.0 - 2.0 * some[:, : len(self) - start]).astype(np.float32)


def _places(reading: Reading, key: WatermarkKey) -> list[_Place]:
    """The likeliest places of the tile, of all ways round."""
    how = layout(key)
    found: list[tuple[float, str, Complex, int, int]] = []
    for way, values in reading.ways():
        z = surface(values[how.pilots], key)
        peaks = np.where(z == cv2.dilate(z, np.ones((3, 3))), z, 0).ravel()
        best = np.argpartition(-peaks, _PLACES)[:_PLACES]
        found += [(float(peaks[i]), way, values, *divmod(int(i), z.shape[1])) for i in best]
    found.sort(key=lambda one: -one[0])
    return [
        _Place(way, right / FINER, down / FINER, z, _soft(values, right / FINER, down / FINER, key))
        for z, way, values, down, right in found[:_PLACES]
    ]


def _soft(values: Complex, right: float, down: float, key: WatermarkKey) -> Floats:
    """Soft coded bits, scaled so that their sum with a payload's signs is a z."""
    where = lines()
    aligned = values * np.exp(2j * np.pi * (where.u * right + where.v * down) / TILE)
    carriers = (aligned * trust_of(aligned, key))[layout(key).carriers]
    spread = float(np.sqrt((np.abs(carriers) ** 2).sum())) + 1e-9
    return np.asarray(gathered(carriers, key) / spread, np.float32)
