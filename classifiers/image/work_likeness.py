"""Looks for what rights holders registered with example pictures: characters, works and logos, also drawn anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.base import (
    Classifier,
    ClassifierExample,
    Material,
    MeasuringOrder,
    SignalNote,
)
from classifiers.copy_vectors import COPY_COSINE, COPY_MODEL, CopyExamples, copy_examples, finds_altered_copies
from classifiers.image.example_matching import (
    EXAMPLE_MODEL,
    PicturePart,
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
from classifiers.picture_vectors import frame_vector, most_different_frames
from core.signals import ExampleMatch, Signal, Subject
from media.video import Frame, VideoSample

LABEL_OF_TERMS = {"ask": "work_likeness", "forbid": "work_not_allowed"}
_MOST_FRAMES = 3  # frames whose parts are looked at: the most different ones
_MOST_WORKS = 5  # works that are named for one label
_SURE_COPY = 0.5  # score within the distance of a copy


class ExamplesSource(Protocol):
    """The port behind this classifier."""

    def examples(self, model: str) -> Sequence[WorkWithExamples]:
        """Every work that is looked for, by what `model` made; the same object until it changes. Raises Unavailable."""

    def picture(self, work: str, image: str) -> bytes:
        """An example as a JPEG that Assay wrote. Raises NotFound and Unavailable."""


class WorkLikeness(Classifier):
    """Likeness to the example pictures of registered works."""

    name = "work_likeness"
    version = 1
    order = MeasuringOrder.FACES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = tuple(LABEL_OF_TERMS.values())
    required_models: tuple[str, ...] = (EXAMPLE_MODEL, "hashes")
    covers = (
        "Characters, works and logos of which a rights holder gave example pictures, also in another drawing of the "
        "same thing, that fill a good part of the picture. Not small things in a corner; not what has no example here. "
        "A video is looked at in up to three frames. With the extra `sscd` also copies that are cropped, captioned, "
        "turned, or inset in something else."
    )

    def __init__(self, source: ExamplesSource, *, models: Models = PACKAGED_MODELS) -> None:
        self._source, self._models = source, models
        self._known: tuple[object, tuple[PreparedWork, ...], CopyExamples] | None = None
        if finds_altered_copies():  # then what it would find is not to be missed where its weights are wrong
            self.required_models = (*type(self).required_models, COPY_MODEL)

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each label the works that are alike, the surest first, or one signal of the nearest.

        0.5 is the threshold of a work, 0.0 is measured where nothing is registered. Raises Unavailable.
        """
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        works, copies = self._current_works()
        if not works:
            return [self.signal(subject, label, 0.0) for label in self.labels]
        best = self._compared(sample, works, copies)
        return [one for label in self.labels for one in self._signals(sample, subject, label, works, best)]

    def examples(self) -> Sequence[ClassifierExample]:
        """What is registered is the installation's: with nothing registered nothing is found."""
        return [
            ClassifierExample(
                about="nothing registered", material=sample_of_images(flat_image(128)), label=label, high=0.0
            )
            for label in self.labels
        ]

    def _current_works(self) -> tuple[tuple[PreparedWork, ...], CopyExamples]:
        """The works, and their examples as SSCD describes them: none where it is not installed."""
        works, known = self._source.examples(EXAMPLE_MODEL), self._known
        if known is None or known[0] is not works:
            copies = CopyExamples()
            if COPY_MODEL in self.required_models:
                copies = copy_examples(works, self._source, self._models, known[2] if known else None)
            self._known = known = works, tuple(prepare_work(work) for work in works), copies
        return known[1:]

    def _compared(
        self, sample: VideoSample, works: Sequence[PreparedWork], copies: CopyExamples
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
        by_name = {work.work: work for work in works}
        for place in most_different_frames(sample, _MOST_FRAMES):
            for name, score, match in self._altered_copies(sample.frames[place], copies):
                note(by_name[name], score, place, match)
            for part, vector in self._described(sample.frames[place]):
                for work in works:
                    cosine, image = match_vector(vector, work)
                    match = _part_match(work.work, image, cosine, work.threshold, part)
                    note(work, likeness_score(cosine, work.threshold), place, match)
        return best

    def _altered_copies(self, frame: Frame, copies: CopyExamples) -> Iterator[tuple[str, float, ExampleMatch]]:
        """Each work of which the frame, or a part of it, is a copy by SSCD: its score, and the evidence."""
        if not copies.works:
            return
        parts = copy_parts(frame.rgb)
        vectors = self._models.get(COPY_MODEL).encode([part.rgb for part in parts])
        for part, vector in zip(parts, vectors, strict=True):
            for work, image, cosine in copies.nearest(vector):
                match = _part_match(work, image, cosine, COPY_COSINE, part)
                yield work, likeness_score(cosine, COPY_COSINE), match

    def _described(self, frame: Frame) -> list[tuple[PicturePart, NDArray[np.float32]]]:
        """The parts of a frame with their vectors; that of the first, the middle, may be known already."""
        middle, *others = picture_parts(frame.rgb)
        vectors = [frame_vector(frame, self._models)]
        vectors += list(self._models.get(EXAMPLE_MODEL).encode([part.rgb for part in others]))
        return list(zip([middle, *others], centred(np.stack(vectors)), strict=True))

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


def copy_parts(rgb: NDArray[np.uint8]) -> list[PicturePart]:
    """All of a picture, whatever its shape, then the squares in which works are looked for."""
    return [PicturePart(rgb, (0.0, 0.0, 1.0, 1.0)), *picture_parts(rgb)]


def _part_match(work: str, image: str, cosine: float, threshold: float, part: PicturePart) -> ExampleMatch:
    left, top, right, bottom = (round(share, 4) for share in part.box)
    return ExampleMatch(
        work=work,
        image=image,
        similarity=round(cosine, 4),
        threshold=round(threshold, 4),
        box=(left, top, right, bottom),
    )
