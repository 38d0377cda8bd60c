"""Compares frames with pictures that are known already, by perceptual hash. Finds copies, not likenesses."""

from __future__ import annotations

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
from classifiers.image.sampled_frames import downscale, flat_image, frame_span, require_sample, sample_of_images
from classifiers.models import PACKAGED_MODELS, Models
from core.signals import Signal, Span, Subject

HASH_LABELS = ("known_bad", "known_work")
# Distance up to which it is a copy, and at which it is chance: PDQ's authors use 31 of 256 (Facebook, 2019).
_COPY = {"pdq": 31, "phash": 6}
_CHANCE = {"pdq": 96, "phash": 20}
_MIN_QUALITY = 50  # PDQ's own measure of detail, 0 to 100; below, hashes collide


class FrameHashes(Classifier):
    """PDQ and phash of every frame against a bank."""

    name = "frame_hashes"
    version = 1
    order = MeasuringOrder.COPIES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = HASH_LABELS
    required_models = ("hashes",)
    covers = (
        "Copies of banked pictures: recompressed, resized, slightly cropped or recoloured; mirrored and turned by "
        "quarters too. Not a new picture of the same thing; not a small inset; not frames without detail."
    )

    def __init__(self, bank: HashBank, *, models: Models = PACKAGED_MODELS) -> None:
        self._bank, self._models = bank, models

    @classmethod
    def build(cls, context: ClassifierContext) -> Self:
        """Over what the context says."""
        return cls(context.bank, models=context.models)

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each kind: 1.0 down to 0.5 within a copy's distance, 0.0 at chance; 0.0 for an empty bank."""
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        if not self._bank.size:
            return [self.signal(subject, kind, 0.0) for kind in HASH_LABELS]
        best: dict[str, tuple[float, Span | None]] = dict.fromkeys(HASH_LABELS, (0.0, None))
        for place, frame in enumerate(sample.frames):
            hashes = _dihedral_hashes(frame.rgb, self._models)
            for kind in HASH_LABELS:
                score = max((self._score(algorithm, bits, kind) for algorithm, bits in hashes), default=0.0)
                if score > best[kind][0]:
                    best[kind] = (score, frame_span(sample, place))
        return [self.signal(subject, kind, round(score, 4), at=at) for kind, (score, at) in best.items()]

    def _score(self, algorithm: str, bits: bytes, kind: str) -> float:
        match = self._bank.nearest(algorithm, bits, kind=kind)
        return hash_similarity(algorithm, match[2]) if match else 0.0

    def examples(self) -> list[ClassifierExample]:
        """Frames without detail are like nothing."""
        return [
            ClassifierExample(about="grey frames", material=sample_of_images(flat_image(128)), label=kind, high=0.0)
            for kind in HASH_LABELS
        ]


def hash_similarity(algorithm: str, distance: int) -> float:
    """A Hamming distance as a score: 1.0 at 0, 0.5 at the limit of a copy, 0.0 at chance. Falls monotonically."""
    copy, chance = _COPY[algorithm], _CHANCE[algorithm]
    if distance <= copy:
        return 1.0 - 0.5 * distance / copy
    return max(0.0, 0.5 * (chance - distance) / (chance - copy))


def bank_hashes(rgb: NDArray[np.uint8], models: Models) -> list[tuple[str, bytes]]:
    """What a bank keeps of a picture: (algorithm, bits), `pdq` 32 bytes and `phash` 8. Empty without detail."""
    hashes = _dihedral_hashes(rgb, models)
    return [hashes[0], hashes[-1]] if hashes else []


def _dihedral_hashes(rgb: NDArray[np.uint8], models: Models) -> list[tuple[str, bytes]]:
    """PDQ of all eight ways to turn and mirror a picture, upright first, and last its phash. None without detail."""
    hasher = models.get("hashes")
    small = downscale(rgb, 512)
    rotated, quality = hasher.pdq(small)
    if quality < _MIN_QUALITY:
        return []
    return [*(("pdq", bits) for bits in rotated), ("phash", hasher.phash(small))]
