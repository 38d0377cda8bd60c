"""Measures how much of a video is silent, and how loud the rest is, by EBU R 128."""

from __future__ import annotations

import numpy as np

from classifiers.base import Classifier, ClassifierExample, Material, MeasuringOrder, SignalNote, clip_score
from classifiers.image.sampled_frames import flat_image, require_sample, sample_of_images
from core.signals import Signal, Span, Subject
from media.sound.loudness import LoudnessCurve
from media.video import MONO_SAMPLE_RATE

_SILENT = 10 ** (-60 / 20)  # RMS of full scale: -60 dBFS, below the noise of rooms
_STRETCH = MONO_SAMPLE_RATE // 10  # samples that are judged together: a tenth of a second
_LOUDNESS = ("loudness", "loud_peak", "loudness_jump", "loudness_range")
_TENTH = 0.1  # seconds between two values of a curve
_MOMENT, _WHILE = 4, 30  # tenths of a second: what is loud now, and how loud it was before
_AUDIBLE = -50.0  # LUFS: after what is quieter, a jump is counted from here


class SoundLevels(Classifier):
    """The share of the time in which nothing is heard, and how loud it is otherwise."""

    name = "sound_levels"
    version = 2
    order = MeasuringOrder.SOUND
    subjects = frozenset({Subject.VIDEO})
    labels = ("silence", *_LOUDNESS)
    covers = (
        "Stretches of a tenth of a second below -60 dBFS, of the first ten minutes. A video without sound is silent. "
        "Integrated loudness, range and true peak (EBU R 128, ITU-R BS.1770-4), and how much louder 0.4 s are than the "
        "three seconds before. How loud somebody plays it is not known."
    )

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`silence`: 1 where there is no sound track; the others are 0 there.

        `loudness` is 0.5 at -23 LUFS and 1 at -5, `loud_peak` 0.5 at -1 dBTP and 1 at +5, `loudness_jump` and
        `loudness_range` 0.5 at 20 LU and 1 at 40.
        """
        sample = require_sample(material)
        if not sample.info.has_audio:
            return [self.signal(subject, "silence", 1.0), *self._nothing(subject)]
        if sample.audio is None:
            return self.unmeasured(subject, SignalNote.FAILED)
        heard = sample.audio.samples
        whole = len(heard) // _STRETCH * _STRETCH
        if not whole:
            return [self.signal(subject, "silence", 1.0), *self._nothing(subject)]
        levels = np.sqrt(np.square(heard[:whole].reshape(-1, _STRETCH), dtype=np.float64).mean(axis=1))
        silence = self.signal(subject, "silence", round(float((levels < _SILENT).mean()), 4))
        if sample.audio.loudness is None:
            return [silence, *(self.signal(subject, label, None, note=SignalNote.CANNOT_TELL) for label in _LOUDNESS)]
        return [silence, *self._loudness(subject, sample.audio.loudness)]

    def _nothing(self, subject: Subject) -> list[Signal]:
        return [self.signal(subject, label, 0.0) for label in _LOUDNESS]

    def _loudness(self, subject: Subject, curve: LoudnessCurve) -> list[Signal]:
        jump, at = _largest_jump(curve)
        return [
            self.signal(subject, "loudness", _scaled(curve.integrated(), -23.0, 36.0)),
            self.signal(subject, "loud_peak", _scaled(curve.true_peak(), -1.0, 12.0), at=_peak_span(curve)),
            self.signal(subject, "loudness_jump", _scaled(jump, 20.0, 40.0), at=at),
            self.signal(subject, "loudness_range", _scaled(curve.range(), 20.0, 40.0)),
        ]

    def examples(self) -> list[ClassifierExample]:
        """A picture without sound."""
        mute = sample_of_images(flat_image(128))
        return [
            ClassifierExample(about="no sound track", material=mute, label="silence", low=1.0),
            ClassifierExample(about="no sound track", material=mute, label="loudness", high=0.0),
        ]


def _scaled(value: float, half: float, width: float) -> float:
    """0.5 at `half`, 0 and 1 half a `width` below and above it."""
    return round(clip_score(0.5 + max(-width, value - half) / width), 4)


def _peak_span(curve: LoudnessCurve) -> Span | None:
    if not len(curve.peak):
        return None
    place = int(np.argmax(curve.peak))
    return Span(start=round(place * _TENTH, 1), end=round((place + 1) * _TENTH, 1))


def _largest_jump(curve: LoudnessCurve) -> tuple[float, Span | None]:
    """By how many LU 0.4 s are louder than the three seconds before them, at the most, and where."""
    now, before = curve.momentary(), curve.short_term()
    count = len(now) - _WHILE  # 0.4 s begin where 3 s end
    if count <= 0 or not len(before):
        return 0.0, None
    rise = now[_WHILE:] - np.maximum(before[:count], _AUDIBLE)
    place = int(np.argmax(rise))
    start = (_WHILE + place) * _TENTH
    return max(0.0, float(rise[place])), Span(start=round(start, 1), end=round(start + _MOMENT * _TENTH, 1))
