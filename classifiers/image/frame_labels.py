"""Measures what frames show by comparing them with sentences that policy owns (CLIP). Needs a checkpoint."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.base import ClassifierExample, Material, MeasuringOrder, ModelClassifier, SignalNote, clip_score
from classifiers.image.sampled_frames import downscaled_frames, flat_image, peak_score, require_sample, sample_of_images
from classifiers.image.zero_shot import LabelSentences, label_sentences
from core.signals import Signal, Subject


class FrameLabels(ModelClassifier):
    """Zero-shot labels of sampled frames."""

    name = "frame_labels"
    version = 2
    order = MeasuringOrder.FACES
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = (
        "violence_visual",
        "weapon_visual",
        "fire_visual",
        "blood_visual",
        "drugs_visual",
        "alcohol_visual",
        "smoking_visual",
        "political_sign_visual",
        "crowd_visual",
        "child_visual",
        "uniform_visual",
        "news_studio_visual",
    )
    required_models = ("open_clip",)
    covers = (
        "What fills a good part of the frame, in photographs, as policy/zero_shot.toml describes it. Not calibrated: a "
        "score is the softmax against sentences of what it is not. Without a checkpoint it says nothing."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """For each label the highest probability over frames, against the sentences of what it is not."""
        sample = require_sample(material)
        if not sample.frames:
            return self.unmeasured(subject, SignalNote.NO_FRAMES)
        net = self._models.get("open_clip")
        sentences = label_sentences(self._models.options.zero_shot_prompts)
        pictures = net.encode_images(downscaled_frames(sample, 512))
        signals = []
        for label in self.labels:
            if label not in sentences:  # a file of one's own need not speak of all
                signals.append(self.signal(subject, label, None, note=SignalNote.MISSING_MODEL))
                continue
            described, against = _embedded(net, sentences[label])
            score, at = peak_score(sample, _label_probability(pictures, described, against, net.scale))
            signals.append(self.signal(subject, label, round(clip_score(score), 4), at=at))
        return signals

    def examples(self) -> list[ClassifierExample]:
        """Grey frames. Without a checkpoint there is no score, which the shared test allows for."""
        return [
            ClassifierExample(about="grey frames", material=sample_of_images(flat_image(128)), label=label)
            for label in self.labels
        ]


@cache
def _embedded(net: Any, said: LabelSentences) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The embedded sentences of a label, and those of what it is not."""
    rows = np.asarray(net.encode_texts([*said.described, *said.against]), dtype=np.float32)
    return rows[: len(said.described)], rows[len(said.described) :]


def _label_probability(
    pictures: NDArray[np.float32], described: NDArray[np.float32], against: NDArray[np.float32], scale: float
) -> NDArray[np.float32]:
    """P(any of the label's sentences) for each picture: softmax over cosines times the net's scale."""
    logits = scale * pictures @ np.concatenate([described, against]).T
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights[:, : len(described)].sum(axis=1) / weights.sum(axis=1), dtype=np.float32)
