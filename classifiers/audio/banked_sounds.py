"""Compares sound with recordings that are known already, second by second. Finds copies of a recording, no tune."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Self

from classifiers.base import (
    Classifier,
    ClassifierContext,
    ClassifierExample,
    HashBank,
    Material,
    MeasuringOrder,
    SignalNote,
)
from classifiers.image.sampled_frames import flat_image, require_sample, sample_of_images
from core.signals import Signal, Span, Subject
from media.lookup.bank_hashes import BankHit
from media.lookup.sound_hashes import spread_sound_hashes

MAX_HEARD_SECONDS = 120
"""Seconds of sound that are looked up, evenly spread over longer ones."""

_MAX_TOLD = 5  # recordings that are named


class BankedSounds(Classifier):
    """Sound against the banks."""

    name = "banked_sounds"
    version = 1
    order = MeasuringOrder.SOUND
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("known_sound", "known_noted")
    covers = (
        "Copies of banked recordings, cut anywhere, recompressed, at another volume, over a telephone, in some noise. "
        "Not at another speed or pitch, not the same music played anew, not under loud speech."
    )

    def __init__(self, bank: HashBank) -> None:
        self._bank = bank

    @classmethod
    def build(cls, context: ClassifierContext) -> Self:
        """Over what the context says."""
        return cls(context.bank)

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """A signal for each recording that is heard, five at the most: 0.5 at the limit of a copy; else 0.0."""
        sample = require_sample(material)
        if sample.audio is None and sample.info.has_audio:
            return self.unmeasured(subject, SignalNote.CANNOT_TELL)
        if sample.audio is None or not self._bank.has_sounds:
            return [self.signal(subject, label, 0.0) for label in self.labels]
        heard = spread_sound_hashes(sample.audio, MAX_HEARD_SECONDS)
        hits = self._bank.sound_hits(heard.hashes, heard.seconds)
        noted = [hit for hit in hits if hit.kind == "known_noted"]
        others = [hit for hit in hits if hit.kind != "known_noted"]
        return [*self._signals(subject, "known_sound", others), *self._signals(subject, "known_noted", noted)]

    def _signals(self, subject: Subject, label: str, hits: Sequence[BankHit]) -> list[Signal]:
        if counting := [hit for hit in hits if not hit.cleared_by][:_MAX_TOLD]:
            return [self.signal(subject, label, hit.score, at=heard_span(hit), evidence=hit.entry) for hit in counting]
        if hits:
            at, note = heard_span(hits[0]), SignalNote.KNOWN_HARMLESS
            return [self.signal(subject, label, 0.0, at=at, note=note, evidence=hits[0].cleared_by)]
        return [self.signal(subject, label, 0.0)]

    def examples(self) -> list[ClassifierExample]:
        """A silent video sounds like nothing."""
        material = sample_of_images(flat_image(128))
        return [ClassifierExample(about="no sound", material=material, label=label, high=0.0) for label in self.labels]


def heard_span(hit: BankHit) -> Span:
    """The longest run of seconds one after the other in which it is heard."""
    runs = [[second for _, second in run] for _, run in groupby(enumerate(hit.places), key=lambda one: one[1] - one[0])]
    longest = max(runs, key=lambda run: (len(run), -run[0]))
    return Span(start=float(longest[0]), end=float(longest[-1] + 1))
