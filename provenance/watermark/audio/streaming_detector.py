"""What one key has found so far in sound that is analysed span by span."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log

import numpy as np

from media.arrays import PowerSpectrum
from provenance.watermark.audio.chip_layout import STEPS_PER_OCTAVE
from provenance.watermark.audio.chips import AUDIO_PILOT_SHARE, decode_payload, despread_soft_bits, pilot_z
from provenance.watermark.audio.demodulate import (
    REFINE_HYPOTHESES,
    TRACK_HYPOTHESES,
    ChipSums,
    SynchronisedChips,
    refine_sync,
    track_sync,
)
from provenance.watermark.audio.spectrogram import HOP_SECONDS
from provenance.watermark.audio.synchronisation import Synchronisation, hypothesis_count, sync_candidates
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import TAG_BITS, Payload
from provenance.watermark.payload_set import AlignmentCandidates, PayloadSet

REFINED_CANDIDATES = 3
"""Places of a span's search that are looked at closely."""
_MIN_Z_TO_SKIP_SEARCH = 6.5  # z of the pilots from which a tracked place needs no search
_MIN_Z_TO_DECODE = 5.0  # z of the pilots from which bits are decoded
_MIN_Z_TO_TRACK = 3.0  # z of the pilots from which a place is followed into the next span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Hypothesis:
    """Evidence of several spans at places that follow each other; `log_tests` is the logarithm of all that was
    compared.
    """

    sync: Synchronisation
    chip_sums: ChipSums
    log_tests: float
    z: float

    @property
    def log_p_value(self) -> float:
        return self.log_tests - max(0.0, self.z) ** 2 / 2


class StreamingDetector:
    """Listens to span after span; `payload` is what was read, if anything, and `sync_note` at which speed and pitch."""

    def __init__(self, key: WatermarkKey) -> None:
        self.key = key
        self.payload: Payload | None = None
        self.sync_note = ""
        self._elapsed = 0.0
        self._spans = self._decodes = 0
        self._log_p_value = 0.0
        self._current: _Hypothesis | None = None
        self._best: _Hypothesis | None = None
        self.among = 0

    def p_value(self) -> float:
        """At most how likely sound without this key's mark is to look so marked, over all that was tried."""
        bound = log(2 * max(1, self._spans)) + self._log_p_value
        if self.payload and not self.among:
            bound = min(bound, 0.0) + log(2 * self._decodes) - TAG_BITS * log(2)
        return exp(min(0.0, bound))

    def match_payloads(self, issued: PayloadSet) -> None:
        """After the last span: what could not be read is compared with what was issued, where it was clearest."""
        hypothesis = self._best
        if self.payload or hypothesis is None:
            return
        places = AlignmentCandidates(
            z=np.array([hypothesis.z]), soft_bits=despread_soft_bits(hypothesis.chip_sums, self.key)[None]
        )
        (match,) = issued.match([places], pilot_share=AUDIO_PILOT_SHARE)
        if match is None:
            return
        chance = hypothesis.log_tests + log(len(issued)) - match.z**2 / 2
        if chance < self._log_p_value:
            self.payload, self.among, self._log_p_value = match.payload, len(issued), chance
            self.sync_note = f"{_describe_sync(hypothesis.sync)}; matched against {len(issued):,} issued"

    def process(self, power: PowerSpectrum) -> None:
        """The next span of sound, right after the one before."""
        if self.payload:
            return
        self._spans += 1
        added = self._track(power)
        fresh = None
        if added is None or added.z < _MIN_Z_TO_SKIP_SEARCH:
            fresh = self._search(power)
        for hypothesis in (added, fresh):
            if hypothesis and not self.payload:
                self._consider(hypothesis)
        self._current = min((s for s in (added, fresh) if s), key=lambda s: s.log_p_value, default=None)
        self._elapsed += len(power) * HOP_SECONDS

    def _track(self, spectrum: PowerSpectrum) -> _Hypothesis | None:
        if self._current is None or self._current.z < _MIN_Z_TO_DECODE:
            return None
        place = replace(self._current.sync, start=self._current.sync.start - self._elapsed)
        reading = track_sync(spectrum, place, self.key)
        if reading.z < _MIN_Z_TO_TRACK:
            return None
        folded = self._current.chip_sums + reading.chip_sums
        tries = self._current.log_tests + log(2 * TRACK_HYPOTHESES)
        return _Hypothesis(sync=self._absolute(reading), chip_sums=folded, log_tests=tries, z=pilot_z(folded, self.key))

    def _search(self, spectrum: PowerSpectrum) -> _Hypothesis:
        candidates = sync_candidates(spectrum, self.key, best=REFINED_CANDIDATES)
        reading = max((refine_sync(spectrum, c.sync, self.key) for c in candidates), key=lambda r: r.z)
        tries = log(hypothesis_count(len(spectrum) * HOP_SECONDS) + REFINED_CANDIDATES * REFINE_HYPOTHESES)
        return _Hypothesis(sync=self._absolute(reading), chip_sums=reading.chip_sums, log_tests=tries, z=reading.z)

    def _consider(self, hypothesis: _Hypothesis) -> None:
        self._log_p_value = min(self._log_p_value, hypothesis.log_p_value)
        self._best = min((s for s in (hypothesis, self._best) if s), key=lambda s: s.log_p_value)
        if hypothesis.z < _MIN_Z_TO_DECODE:
            return
        self._decodes += 1
        self.payload = decode_payload(hypothesis.chip_sums, self.key)
        if self.payload:
            self._log_p_value = hypothesis.log_p_value
            self.sync_note = _describe_sync(hypothesis.sync)

    def _absolute(self, reading: SynchronisedChips) -> Synchronisation:
        return replace(reading.sync, start=reading.sync.start + self._elapsed)


def _describe_sync(sync: Synchronisation) -> str:
    return f"tempo {sync.tempo:.3f}, pitch {2 ** (sync.pitch / STEPS_PER_OCTAVE):.3f} of the original"
