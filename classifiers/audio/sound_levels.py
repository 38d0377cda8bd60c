"""Measures how much of a video is silent."""

from __future__ import annotations

import numpy as np

from classifiers.base import Classifier, ClassifierExample, Material, MeasuringOrder, SignalNote
from classifiers.image.sampled_frames import flat_image, require_sample, sample_of_images
from core.signals import Signal, Subject
from media.video import MONO_SAMPLE_RATE

_SILENT = 10 ** (-60 / 20)  # RMS of full scale: -60 dBFS, below the noise of rooms
_STRETCH = MONO_SAMPLE_RATE // 10  # samples that are judged together: a tenth of a second


class SoundLevels(Classifier):
    """The share of the time in which nothing is heard."""

    name = "sound_levels"
    version = 1
    order = MeasuringOrder.SOUND
    subjects = frozenset({Subject.VIDEO})
    labels = ("silence",)
    covers = (
        "Stretches of a tenth of a second below -60 dBFS, of the first ten minutes. A video without sound is silent."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`silence`: 1 where there is no sound track."""
        sample = require_sample(material)
        if not sample.info.has_audio:
            return [self.signal(subject, "silence", 1.0)]
        if sample.audio is None:
            return self.unmeasured(subject, SignalNote.FAILED)
        heard = sample.audio.samples
        whole = len(heard) // _STRETCH * _STRETCH
        if not whole:
            return [self.signal(subject, "silence", 1.0)]
        levels = np.sqrt(np.square(heard[:whole].reshape(-1, _STRETCH), dtype=np.float64).mean(axis=1))
        return [self.signal(subject, "silence", round(float((levels < _SILENT).mean()), 4))]

    def examples(self) -> list[ClassifierExample]:
        """A picture without sound."""
        mute = sample_of_images(flat_image(128))
        return [ClassifierExample(about="no sound track", material=mute, label="silence", low=1.0)]
