"""Measures violence and weapons in frames by comparing them with sentences (CLIP). Needs a checkpoint."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.base import ClassifierExample, Material, MeasuringOrder, ModelClassifier, SignalNote, clip_score
from classifiers.image.sampled_frames import downscaled_frames, flat_image, peak_score, require_sample, sample_of_images
from core.signals import Signal, Subject

_LABEL_SENTENCES = {
    "violence_visual": (
        "a photo of a person attacking another person",
        "a violent fight with injured people",
        "a person being beaten",
        "a scene of war with dead bodies",
    ),
    "weapon_visual": (
        "a photo of a person holding a gun",
        "a close-up of a pistol",
        "a photo of a rifle",
        "a person threatening with a knife",
    ),
}
_NEUTRAL_SENTENCES = (
    "a photo of people talking",
    "a landscape",
    "a photo of an animal",
    "a street with people walking",
    "a photo of food on a table",
    "people playing sport",
    "a cartoon",
    "a person holding a tool",
    "a close-up of a face",
    "an empty room",
    "a blank picture",
)


class FrameLabels(ModelClassifier):
    """Zero-shot labels of sampled frames."""

    name = "frame_labels"
    version = 1
    order = MeasuringOrder.FACES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = tuple(_LABEL_SENTENCES)
    required_models = ("open_clip",)
    covers = (
        "Fights, injured people, guns and knives that fill a good part of the frame, in photographs. "
        "Not calibrated: a score is the softmax against innocent sentences. Without a checkpoint it says nothing."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each label the highest probability over frames, against the innocent sentences."""
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        net = self._models.get("open_clip")
        pictures = net.encode_images(downscaled_frames(sample, 512))
        signals = []
        for label in self.labels:
            score, at = peak_score(sample, _label_probability(pictures, _sentences(net, label), net.scale))
            signals.append(self.signal(subject, label, round(clip_score(score), 4), at=at))
        return signals

    def examples(self) -> list[ClassifierExample]:
        """Grey frames. Without a checkpoint there is no score, which the shared test allows for."""
        return [
            ClassifierExample(about="grey frames", material=sample_of_images(flat_image(128)), label=label)
            for label in self.labels
        ]


@cache
def _sentences(net: Any, label: str) -> NDArray[np.float32]:
    """The embedded sentences of a label and after them the innocent ones."""
    return np.asarray(net.encode_texts([*_LABEL_SENTENCES[label], *_NEUTRAL_SENTENCES]), dtype=np.float32)


def _label_probability(
    pictures: NDArray[np.float32], sentences: NDArray[np.float32], scale: float
) -> NDArray[np.float32]:
    """P(any of the label's sentences) for each picture: softmax over cosines times the net's scale."""
    logits = scale * pictures @ sentences.T
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    guilty = weights[:, : sentences.shape[0] - len(_NEUTRAL_SENTENCES)].sum(axis=1)
    return np.asarray(guilty / weights.sum(axis=1), dtype=np.float32)
