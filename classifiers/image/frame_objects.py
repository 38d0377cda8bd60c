"""Finds fire in frames: linear heads on CLIP's vectors of a few frames, two at a time."""

from __future__ import annotations

import numpy as np

from classifiers.base import ClassifierExample, Material, ModelClassifier, SignalNote, clip_score
from classifiers.image.sampled_frames import (
    flat_image,
    frame_span,
    persistent_score,
    require_sample,
    sample_of_images,
    spread_pairs,
)
from core.signals import Signal, Span, Subject
from media.video import VideoSample

_PLACES = 4  # looked at in a video, two frames each: about a seventh of a second of CPU for a frame


class FrameObjects(ModelClassifier):
    """The highest score that two frames beside one another share, of a few places of a video."""

    name = "frame_objects"
    version = 1
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("fire_shown",)
    required_models = ("clip_image_tower", "frame_heads")
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
        some = spread_pairs(sample, _PLACES)
        vectors = self._models.get("clip_image_tower").encode([frame.rgb for frame in some.frames])
        heads = self._models.get("frame_heads")
        scores = heads.scores(vectors)
        signals = []
        for label in self.labels:
            score, at = persistent_score(some, scores[:, heads.labels.index(label)])
            signals.append(self.signal(subject, label, round(clip_score(score), 4), at=_span(sample, at)))
        return signals

    def examples(self) -> list[ClassifierExample]:
        """Grey frames: photographs of fires do not belong in a repository."""
        grey = sample_of_images(flat_image(128), flat_image(60))
        return [ClassifierExample(about="grey frames", material=grey, label=label, high=0.4) for label in self.labels]


def _span(sample: VideoSample, at: Span) -> Span:
    """The span of the frame that begins there among all frames, and not only among those that were looked at."""
    place = int(np.argmin([abs(frame.at - at.start) for frame in sample.frames]))
    return frame_span(sample, place)
