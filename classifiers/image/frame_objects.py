"""Finds fire in frames: linear heads on CLIP's vectors of a few frames, two at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from classifiers.base import ClassifierExample, Material, ModelClassifier, SignalNote, clip_score
from classifiers.image.sampled_frames import (
    WORTH_REPORTING,
    flat_image,
    frame_span,
    persistent_scores,
    require_sample,
    sample_of_images,
)
from classifiers.picture_vectors import VECTOR_MODEL, frame_vector, most_different_frames
from core.signals import Signal, Span, Subject
from media.video import Frame, VideoSample

_PLACES = 4  # looked at in a video, those that look least alike: about a seventh of a second of CPU for a frame


class FrameObjects(ModelClassifier):
    """The highest score that two frames beside one another share, of a few places of a video."""

    name = "frame_objects"
    version = 2
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("fire_shown",)
    required_models = (VECTOR_MODEL, "frame_heads")
    covers = (
        "Fires and flames that are a good part of a photograph; four places of a video are looked at. Hardly drawings, "
        "candles and matches. Weapons, blood, drugs, alcohol, smoking, political signs, crowds, children, uniforms and "
        "news studios are not looked for: there was no data that could be had to learn them from."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """0.5 where one harmless picture in a hundred is above."""
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        found = [self._scores(sample, place) for place in most_different_frames(sample, _PLACES)]
        signals = []
        for column, label in enumerate(self.labels):
            best = int(np.argmax([scores[column][0] for scores in found]))  # a NaN wins, and is refused below
            score, at = found[best][column]
            signals.append(self.signal(subject, label, round(clip_score(score), 4), at=at))
        return signals

    def _scores(self, sample: VideoSample, place: int) -> list[tuple[float, Span]]:
        """For each label what this frame and the one beside it share.

        The second is looked at only where the first shows something: it can only make a score lower, unless it is sure.
        """
        first = self._frame_scores(sample.frames[place])
        if len(sample.frames) == 1 or all(score < WORTH_REPORTING for score in first):
            return [(score, frame_span(sample, place)) for score in first]
        beside = place + 1 if place + 1 < len(sample.frames) else place - 1
        places = sorted((place, beside))
        scores = np.array([first if one == place else self._frame_scores(sample.frames[one]) for one in places])
        return [_persistent(sample, places, scores[:, column]) for column in range(len(self.labels))]

    def _frame_scores(self, frame: Frame) -> list[float]:
        heads = self._models.get("frame_heads")
        scores = heads.scores(frame_vector(frame, self._models)[None])[0]
        return [float(scores[heads.labels.index(label)]) for label in self.labels]

    def examples(self) -> list[ClassifierExample]:
        """Grey frames: photographs of fires do not belong in a repository."""
        grey = sample_of_images(flat_image(128), flat_image(60))
        return [ClassifierExample(about="grey frames", material=grey, label=label, high=0.4) for label in self.labels]


def _persistent(sample: VideoSample, places: list[int], scores: NDArray[np.float32]) -> tuple[float, Span]:
    """As persistent_score, of these frames alone; the span is that of a frame among all."""
    shared = persistent_scores(replace(sample, frames=tuple(sample.frames[place] for place in places)), scores)
    best = int(np.argmax(shared))
    return float(shared[best]), frame_span(sample, places[best])
