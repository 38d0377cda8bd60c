"""What one key has found so far in sound that is heard span by span."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log

import numpy as np

from provenance.watermark.audio.chips import PILOTS, payload_in, pilot_z, soft_bits
from provenance.watermark.audio.fold import FOLLOWED, REFINED, Folded, Reading, followed, refined
from provenance.watermark.audio.hearing import HOP, Power
from provenance.watermark.audio.layout import STEPS
from provenance.watermark.audio.search import Place, candidates, tried
from provenance.watermark.issued import Issued, Places
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import TAG_BITS, Payload

CANDIDATES = 3
"""Places of a span's search that are looked at closely."""
_CLEAR = 6.5
_WORTH_READING = 5.0
_FOLLOWS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sum:
    """Evidence of several spans at places that follow each other; `tries` is the logarithm of all that was compared."""

    place: Place
    folded: Folded
    tries: float
    z: float

    @property
    def log_chance(self) -> float:
        return self.tries - max(0.0, self.z) ** 2 / 2


class Track:
    """Listens to span after span; `payload` is what was read, if anything, and `how` at which speed and pitch."""

    def __init__(self, key: WatermarkKey) -> None:
        self.key = key
        self.payload: Payload | None = None
        self.how = ""
        self._at = 0.0
        self._spans = self._reads = 0
        self._log_chance = 0.0
        self._sum: _Sum | None = None
        self._surest: _Sum | None = None
        self.among = 0

    def chance(self) -> float:
        """At most how likely sound without this key's mark is to look so marked, over all that was tried."""
        bound = log(2 * max(1, self._spans)) + self._log_chance
        if self.payload and not self.among:
            bound = min(bound, 0.0) + log(2 * self._reads) - TAG_BITS * log(2)
        return exp(min(0.0, bound))

    def recognise(self, issued: Issued) -> None:
        """After the last span: what could not be read is compared with what was issued, where it was clearest."""
        found = self._surest
        if self.payload or found is None:
            return
        places = Places(z=np.array([found.z]), soft=soft_bits(found.folded, self.key)[None])
        (told,) = issued.told([places], pilots=PILOTS)
        if told is None:
            return
        chance = found.tries + log(len(issued)) - told.z**2 / 2
        if chance < self._log_chance:
            self.payload, self.among, self._log_chance = told.payload, len(issued), chance
            self.how = f"{_placed(found.place)}; told apart from {len(issued):,} issued"

    def listen(self, heard: Power) -> None:
        """The next span of sound, right after the one before."""
        if self.payload:
            return
        self._spans += 1
        added = self._followed(heard)
        fresh = None
        if added is None or added.z < _CLEAR:
            fresh = self._fresh(heard)
        for found in (added, fresh):
            if found and not self.payload:
                self._weigh(found)
        self._sum = min((s for s in (added, fresh) if s), key=lambda s: s.log_chance, default=None)
        self._at += len(heard) * HOP

    def _followed(self, heard: Power) -> _Sum | None:
        if self._sum is None or self._sum.z < _WORTH_READING:
            return None
        place = replace(self._sum.place, start=self._sum.place.start - self._at)
        reading = followed(heard, place, self.key)
        if reading.z < _FOLLOWS:
            return None
        folded = self._sum.folded + reading.folded
        tries = self._sum.tries + log(2 * FOLLOWED)
        return _Sum(place=self._absolute(reading), folded=folded, tries=tries, z=pilot_z(folded, self.key))

    def _fresh(self, heard: Power) -> _Sum:
        found = candidates(heard, self.key, best=CANDIDATES)
        reading = max((refined(heard, c.place, self.key) for c in found), key=lambda r: r.z)
        tries = log(tried(len(heard) * HOP) + CANDIDATES * REFINED)
        return _Sum(place=self._absolute(reading), folded=reading.folded, tries=tries, z=reading.z)

    def _weigh(self, found: _Sum) -> None:
        self._log_chance = min(self._log_chance, found.log_chance)
        self._surest = min((s for s in (found, self._surest) if s), key=lambda s: s.log_chance)
        if found.z < _WORTH_READING:
            return
        self._reads += 1
        self.payload = payload_in(found.folded, self.key)
        if self.payload:
            self._log_chance = found.log_chance
            self.how = _placed(found.place)

    def _absolute(self, reading: Reading) -> Place:
        return replace(reading.place, start=reading.place.start + self._at)


def _placed(place: Place) -> str:
    return f"tempo {place.tempo:.3f}, pitch {2 ** (place.pitch / STEPS):.3f} of the original"
