"""Compares frames with pictures and videos that are known already, by perceptual hash. Finds copies, not likenesses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import (
    Classifier,
    ClassifierContext,
    ClassifierExample,
    HashBank,
    Material,
    MeasuringOrder,
    SignalNote,
)
from classifiers.image.frame_views import banked_hashes, frame_views
from classifiers.image.sampled_frames import downscale, flat_image, frame_span, require_sample, sample_of_images
from classifiers.models import PACKAGED_MODELS, Models
from core.errors import Unavailable
from core.signals import Signal, Span, Subject
from media.lookup.bank_hashes import BankHit
from media.video import VideoSample

HASH_LABELS = ("known_bad", "known_claimed", "known_work", "known_listed", "known_noted")
_MAX_TOLD = 5  # entries of one kind of bank that are named


class FrameHashes(Classifier):
    """PDQ and phash of every frame against the banks."""

    name = "frame_hashes"
    version = 3
    order = MeasuringOrder.COPIES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = HASH_LABELS
    required_models = ("hashes",)
    covers = (
        "Copies of banked pictures and parts of banked videos: recompressed, resized, recoloured, captioned; mirrored, "
        "turned by quarters, with a border; cropped where Assay banked them itself. Not a new picture of the same "
        "thing; not a small inset; not frames without detail."
    )

    def __init__(self, bank: HashBank, *, models: Models = PACKAGED_MODELS) -> None:
        self._bank, self._models = bank, models

    @classmethod
    def build(cls, context: ClassifierContext) -> Self:
        """Over what the context says."""
        return cls(context.bank, models=context.models)

    @property
    def may_find(self) -> bool:
        """Whether anything is banked, as far as that can be told."""
        try:
            return self._bank.size > 0
        except Unavailable:
            return True

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """A signal for each entry that is found, five of a kind at the most: 0.5 at the limit of a copy; else 0.0.

        Where a bank of harmless footage takes all hits of a kind away, the signal is 0.0 and says so.
        """
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        if not self._bank.size:
            return [self.signal(subject, kind, 0.0) for kind in HASH_LABELS]
        hits = self._bank.frame_hits([frame_views(frame.rgb, self._models) for frame in sample.frames])
        return [signal for kind in HASH_LABELS for signal in self._signals(sample, subject, kind, hits)]

    def _signals(self, sample: VideoSample, subject: Subject, kind: str, hits: Sequence[BankHit]) -> list[Signal]:
        mine = [hit for hit in hits if hit.kind == kind]
        if counting := [hit for hit in mine if not hit.cleared_by][:_MAX_TOLD]:
            return [
                self.signal(subject, kind, hit.score, at=_longest_span(sample, hit), evidence=hit.entry)
                for hit in counting
            ]
        if mine:
            cleared = mine[0]
            at, note = _longest_span(sample, cleared), SignalNote.KNOWN_HARMLESS
            return [self.signal(subject, kind, 0.0, at=at, note=note, evidence=cleared.cleared_by)]
        return [self.signal(subject, kind, 0.0)]

    def examples(self) -> list[ClassifierExample]:
        """Frames without detail are like nothing."""
        return [
            ClassifierExample(about="grey frames", material=sample_of_images(flat_image(128)), label=kind, high=0.0)
            for kind in HASH_LABELS
        ]


def bank_hashes(rgb: NDArray[np.uint8], models: Models) -> list[tuple[str, list[tuple[int, bytes]]]]:
    """What a bank keeps of a picture: `pdq` of its views, 32 bytes each, and `phash`, 8. Empty without detail."""
    found = banked_hashes(rgb, models)
    if not found:
        return []
    return [("pdq", found), ("phash", [(1000, models.get("hashes").phash(downscale(rgb, 512)))])]


def _longest_span(sample: VideoSample, hit: BankHit) -> Span:
    """The longest run of frames one after the other in which it is seen."""
    runs = [[place for _, place in run] for _, run in groupby(enumerate(hit.places), key=lambda one: one[1] - one[0])]
    longest = max(runs, key=lambda run: (len(run), -run[0]))
    return Span(start=frame_span(sample, longest[0]).start, end=frame_span(sample, longest[-1]).end)
