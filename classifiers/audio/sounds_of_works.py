"""Looks for the example sounds of registered works: the same recording, as banks know it again, and no tune."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from classifiers.audio.banked_sounds import MAX_HEARD_SECONDS, heard_span
from classifiers.base import Classifier, ClassifierExample, Material, MeasuringOrder, SignalNote
from classifiers.image.sampled_frames import flat_image, require_sample, sample_of_images
from classifiers.image.work_likeness import LABEL_OF_TERMS
from core.signals import ExampleMatch, Signal, Subject
from media.arrays import BitArray
from media.lookup.bank_hashes import BankHit
from media.lookup.sound_hashes import spread_sound_hashes

HEARD_SCORE = 0.5
"""From this score on a sound is that of the work."""

_MOST_WORKS = 5  # works that are named for one label


class SoundIndex(Protocol):
    """Sounds that are searched together."""

    @property
    def has_sounds(self) -> bool:
        """Whether there is any."""

    def sound_hits(self, hashes: BitArray, seconds: Sequence[int]) -> Sequence[BankHit]:
        """Every sound that is in this one: `bank` is its work, `kind` the work's terms, `id` its own."""


class WorkSoundSource(Protocol):
    """The port behind this classifier."""

    def index(self) -> SoundIndex:
        """Every sound of works that are looked for. Raises Unavailable."""


class WorkSounds(Classifier):
    """Sound against the example sounds of registered works."""

    name = "sounds_of_works"
    version = 1
    order = MeasuringOrder.SOUND
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = tuple(LABEL_OF_TERMS.values())
    covers = (
        "Copies of recordings of which a rights holder gave the sound, cut anywhere, recompressed, at another volume, "
        "over a telephone. Not at another speed or pitch, not the same music played anew, not a voice that says "
        "something else, not under loud speech."
    )

    def __init__(self, source: WorkSoundSource) -> None:
        self._source = source

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each label the works that are heard, the surest first, or 0.0. Raises Unavailable."""
        sample, index = require_sample(material), self._source.index()
        if not index.has_sounds:
            return [self.signal(subject, label, 0.0) for label in self.labels]
        if sample.audio is None and sample.info.has_audio:
            return self.unmeasured(subject, SignalNote.CANNOT_TELL)
        heard = spread_sound_hashes(sample.audio, MAX_HEARD_SECONDS)
        hits = [hit for hit in index.sound_hits(heard.hashes, heard.seconds) if hit.score >= HEARD_SCORE]
        return [one for terms in LABEL_OF_TERMS for one in self._signals(subject, terms, hits)]

    def _signals(self, subject: Subject, terms: str, hits: Sequence[BankHit]) -> list[Signal]:
        best: dict[str, BankHit] = {}
        for hit in hits:  # the surest come first
            if hit.kind == terms:
                best.setdefault(hit.bank, hit)
        label = LABEL_OF_TERMS[terms]
        if not best:
            return [self.signal(subject, label, 0.0)]
        return [
            replace(
                self.signal(subject, label, hit.score, at=heard_span(hit)),
                example=ExampleMatch(work=hit.bank, sound=hit.id, similarity=hit.score, threshold=HEARD_SCORE),
            )
            for hit in list(best.values())[:_MOST_WORKS]
        ]

    def examples(self) -> Sequence[ClassifierExample]:
        """What is registered is the installation's: with nothing registered nothing is heard."""
        material = sample_of_images(flat_image(128))
        return [ClassifierExample(about="no sound", material=material, label=label, high=0.0) for label in self.labels]
