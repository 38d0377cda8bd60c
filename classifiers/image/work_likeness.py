"""Looks for what rights holders registered with example pictures: characters, works and logos, also drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from classifiers.base import (
    Classifier,
    ClassifierExample,
    Material,
    MeasuringOrder,
    SignalNote,
)
from classifiers.image.example_matching import (
    EXAMPLE_MODEL,
    PreparedWork,
    WorkWithExamples,
    centred,
    copy_match,
    likeness_score,
    match_copy,
    match_vector,
    picture_parts,
    prepare_work,
)
from classifiers.image.sampled_frames import downscale, flat_image, frame_span, require_sample, sample_of_images
from classifiers.models import PACKAGED_MODELS, Models
from core.signals import ExampleMatch, Signal, Subject
from media.video import VideoSample

LABEL_OF_TERMS = {"ask": "work_likeness", "forbid": "work_not_allowed"}
_MOST_FRAMES = 3  # frames whose parts are looked at: the most different ones
_MOST_WORKS = 5  # works that are named for one label
_SURE_COPY = 0.5  # score within the distance of a copy


class ExamplesSource(Protocol):
    """The port behind this classifier."""

    def examples(self, model: str) -> Sequence[WorkWithExamples]:
        """Every work that is looked for, by what `model` made; the same object until it changes. Raises Unavailable."""


class WorkLikeness(Classifier):
    """Likeness to the example pictures of registered works."""

    name = "work_likeness"
    version = 1
    order = MeasuringOrder.FACES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = tuple(LABEL_OF_TERMS.values())
    required_models = (EXAMPLE_MODEL, "hashes")
    covers = (
        "Characters, works and logos of which a rights holder gave example pictures, also in another drawing of the "
        "same thing, that fill a good part of the picture. Not small things in a corner; not what has no example here. "
        "A video is looked at in up to three frames."
    )

    def __init__(self, source: ExamplesSource, *, models: Models = PACKAGED_MODELS) -> None:
        self._source, self._models = source, models
        self._prepared: tuple[object, tuple[PreparedWork, ...]] | None = None

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each label the works that are alike, the surest first, or one signal of the nearest.

        0.5 is the threshold of a work, 0.0 is measured where nothing is registered. Raises Unavailable.
        """
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        if not (works := self._current_works()):
            return [self.signal(subject, label, 0.0) for label in self.labels]
        best = self._compared(sample, works)
        return [one for label in self.labels for one in self._signals(sample, subject, label, works, best)]

    def examples(self) -> Sequence[ClassifierExample]:
        """What is registered is the installation's: with nothing registered nothing is found."""
        return [
            ClassifierExample(
                about="nothing registered", material=sample_of_images(flat_image(128)), label=label, high=0.0
            )
            for label in self.labels
        ]

    def _current_works(self) -> tuple[PreparedWork, ...]:
        works = self._source.examples(EXAMPLE_MODEL)
        if self._prepared is None or self._prepared[0] is not works:
            self._prepared = works, tuple(prepare_work(work) for work in works)
        return self._prepared[1]

    def _compared(
        self, sample: VideoSample, works: Sequence[PreparedWork]
    ) -> dict[str, tuple[float, int, ExampleMatch]]:
        """For each work its best score, the frame, and the evidence."""
        best: dict[str, tuple[float, int, ExampleMatch]] = {}

        def note(work: PreparedWork, score: float, frame: int, match: ExampleMatch) -> None:
            if work.work not in best or score > best[work.work][0]:
                best[work.work] = score, frame, match

        hasher = self._models.get("hashes")
        for place, frame in enumerate(sample.frames):
            turned, _quality = hasher.pdq(downscale(frame.rgb, 512))
            for work in works:
                score, image = match_copy(turned, work)
                if score >= _SURE_COPY:
                    note(work, score, place, copy_match(work, image, score))
        for place in most_different(_thumbnails(sample), _MOST_FRAMES):
            parts = tuple(picture_parts(sample.frames[place].rgb))
            vectors = centred(self._models.get(EXAMPLE_MODEL).encode([part.rgb for part in parts]))
            for part, vector in zip(parts, vectors, strict=True):
                for work in works:
                    cosine, image = match_vector(vector, work)
                    match = ExampleMatch(
                        work=work.work,
                        image=image,
                        similarity=round(cosine, 4),
                        threshold=round(work.threshold, 4),
                        box=tuple(round(share, 4) for share in part.box),
                    )
                    note(work, likeness_score(cosine, work.threshold), place, match)
        return best

    def _signals(
        self,
        sample: VideoSample,
        subject: Subject,
        label: str,
        works: Sequence[PreparedWork],
        best: dict[str, tuple[float, int, ExampleMatch]],
    ) -> list[Signal]:
        found = [best[work.work] for work in works if LABEL_OF_TERMS[work.terms] == label]
        found.sort(key=lambda one: (-one[0], one[2].work))
        alike = [one for one in found if one[0] >= 0.5][:_MOST_WORKS]
        if not alike:
            return [self.signal(subject, label, round(found[0][0], 4) if found else 0.0)]
        return [
            replace(self.signal(subject, label, round(score, 4), at=frame_span(sample, place)), example=match)
            for score, place, match in alike
        ]


def _thumbnails(sample: VideoSample) -> NDArray[np.float32]:
    """(n, 192): each frame in 8 x 8 colours, centred and of length 1."""
    small = [cv2.resize(frame.rgb, (8, 8), interpolation=cv2.INTER_AREA) for frame in sample.frames]
    rows = np.stack(small).reshape(len(small), -1).astype(np.float32) - np.float32(127.5)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), np.float32)


def most_different(vectors: NDArray[np.float32], most: int) -> list[int]:
    """Rows that are far from one another, at most so many, in order: the middle one, then each time the farthest."""
    chosen = [len(vectors) // 2]
    nearest = vectors @ vectors[chosen[0]]
    while len(chosen) < min(most, len(vectors)):
        farthest = int(np.argmin(nearest))
        chosen.append(farthest)
        nearest = np.maximum(nearest, vectors @ vectors[farthest])
    return sorted(set(chosen))
