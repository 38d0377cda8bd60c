"""Measures whose voice is heard: everyone who speaks against a gallery of enrolled and protected people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifiers.audio.diarization import MIN_VOICE_SECONDS, SpeakerVoice
from classifiers.audio.voice_template import SPEAKER_MODELS
from classifiers.audio.voices_heard import HeardVoices, speech_of, voices_of
from classifiers.base import (
    BiometricGallery,
    Classifier,
    ClassifierContext,
    ClassifierExample,
    Material,
    MeasuringOrder,
    SignalNote,
)
from classifiers.identify import Identification, identify, recognised_cameo
from classifiers.image.sampled_frames import flat_image, require_sample, sample_of_images
from classifiers.match_calibration import VOICE_CALIBRATION
from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.speaker_nets import VAD_HOP
from core.signals import Signal, Span, Subject
from media.video import MONO_SAMPLE_RATE, MonoAudio, VideoSample

MIN_ENROLMENT_SECONDS = 5.0
"""Seconds of speech from which a voice is enrolled."""

_MIN_REPORTED_SCORE = 0.2  # match score from which a person is reported by id
_SURELY_SPEECH = int(0.25 * MONO_SAMPLE_RATE / VAD_HOP)  # hops over which the finder must be sure
_IGNORED_SECONDS = 0.4  # seconds of speech that nobody is recognised by and that need not be mentioned


class EmptyGallery:
    """Knows nobody."""

    size = 0

    def nearest(
        self,
        embedding: NDArray[np.float32],
        *,
        exclude: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> None:
        """Nobody."""
        del embedding, exclude, only

    def has_person(self, person: str) -> bool:
        """No."""
        del person
        return False


class Voices(Classifier):
    """silero finds speech, CAM++ and GE2E tell voices apart and describe them, the gallery says whose they are."""

    name = "voices"
    version = 1
    order = MeasuringOrder.SOUND
    subjects = frozenset({Subject.VIDEO, Subject.REFERENCE})
    labels = ("voice_present", "unreadable_voice", "protected_voice")
    required_models = ("speech_finder", *SPEAKER_MODELS)
    covers = (
        f"Speech from {MIN_VOICE_SECONDS:g} s a voice, also cloned, compressed, noisy (10 dB) or over music. Not "
        "singing, whispers, voices that speak at once, or a person who was enrolled in another language."
    )

    def __init__(
        self, gallery: BiometricGallery, *, leased: Collection[str] = (), models: Models = PACKAGED_MODELS
    ) -> None:
        """`leased` are ids of the gallery whose voice this case may use: they are left out of the search."""
        self._gallery, self._models = gallery, models
        self._leased = frozenset(leased)

    @classmethod
    def build(cls, context: ClassifierContext) -> Self:
        """Over what the context says."""
        return cls(context.voices, leased=context.voices_leased, models=context.models)

    def measure(self, material: Material, subject: Subject) -> list[Signal]:
        """`protected_voice`: 0.5 where a stranger is taken for one of the gallery once in a hundred times."""
        sample = require_sample(material)
        if sample.audio is None:
            return self._silence_signals(sample, subject)
        heard = voices_of(sample.audio, self._models)
        templates = [voice.template for voice in heard.voices]
        identified = identify(templates, self._gallery, VOICE_CALIBRATION, leased=self._leased)
        return [
            self._presence_signal(subject, speech_of(sample.audio, self._models)),
            self.signal(subject, "unreadable_voice", _unassigned_share(heard)),
            *self._person_signals(subject, heard.voices, identified),
            *self._unrecognised_signals(subject, sample.audio, heard),
        ]

    def _silence_signals(self, sample: VideoSample, subject: Subject) -> list[Signal]:
        if sample.info.has_audio:  # there is a track to which nobody listened
            return self.unmeasured(subject, SignalNote.CANNOT_TELL)
        return [self.signal(subject, label, 0.0) for label in self.labels]

    def _presence_signal(self, subject: Subject, likely: NDArray[np.float32]) -> Signal:
        if not len(likely):
            return self.signal(subject, "voice_present", 0.0)
        width = min(_SURELY_SPEECH, len(likely))
        steady = np.convolve(likely, np.ones(width) / width, mode="valid")
        place = int(np.argmax(steady))
        at = Span(
            start=round(place * VAD_HOP / MONO_SAMPLE_RATE, 2),
            end=round((place + width) * VAD_HOP / MONO_SAMPLE_RATE, 2),
        )
        return self.signal(subject, "voice_present", round(min(1.0, float(steady[place])), 4), at=at)

    def _person_signals(
        self, subject: Subject, voices: Sequence[SpeakerVoice], identified: Identification
    ) -> list[Signal]:
        ranked = sorted(identified.protected.items(), key=lambda match: match[1][0], reverse=True)
        return [
            self.signal(
                subject,
                "protected_voice",
                round(score, 4),
                at=voices[index].first_span,
                note=note,
                cameo=recognised_cameo(person, score),
            )
            for place, (person, (score, note, index)) in enumerate(ranked)
            if place == 0 or score >= _MIN_REPORTED_SCORE
        ] or [self.signal(subject, "protected_voice", 0.0)]

    def _unrecognised_signals(self, subject: Subject, sound: MonoAudio, heard: HeardVoices) -> list[Signal]:
        """None where somebody may have spoken who could not be recognised; an empty gallery protects nobody."""
        if not self._gallery.size:
            return []
        if not sound.complete:
            return [self.signal(subject, "protected_voice", None, note=SignalNote.TOO_LONG)]
        if not heard.voices and heard.unassigned > _IGNORED_SECONDS:
            return [self.signal(subject, "protected_voice", None, note=SignalNote.CANNOT_TELL)]
        return []

    def examples(self) -> list[ClassifierExample]:
        """Without sound, and with noise. The repository contains no voice, since each belongs to somebody."""
        mute = sample_of_images(flat_image(90))
        noisy = _with_sound(np.random.default_rng(1).normal(0, 0.05, 3 * MONO_SAMPLE_RATE))
        return [
            ClassifierExample(about="no sound", material=mute, label="voice_present", high=0.0),
            ClassifierExample(about="no sound", material=mute, label="protected_voice", high=0.0),
            ClassifierExample(about="noise", material=noisy, label="voice_present", high=0.4),
            ClassifierExample(about="noise", material=noisy, label="unreadable_voice", high=0.1),
        ]


def enrol_voice(sound: MonoAudio, models: Models) -> NDArray[np.float32] | None:
    """The template of the one voice of a track, (448,) float32; None if there is not exactly one for long enough."""
    heard = voices_of(sound, models)
    if len(heard.voices) != 1:
        return None
    [voice] = heard.voices
    if voice.seconds < MIN_ENROLMENT_SECONDS or heard.unassigned > voice.seconds / 4:
        return None
    return voice.template


def _unassigned_share(heard: HeardVoices) -> float:
    spoken = heard.unassigned + sum(voice.seconds for voice in heard.voices)
    return round(heard.unassigned / spoken, 4) if spoken > _IGNORED_SECONDS else 0.0


@cache
def _track() -> VideoSample:
    sample = sample_of_images(flat_image(90))
    return replace(sample, info=replace(sample.info, has_audio=True, sample_rate=MONO_SAMPLE_RATE))


def _with_sound(samples: NDArray[np.float64]) -> VideoSample:
    return replace(_track(), audio=MonoAudio(samples=samples.astype(np.float32)))
