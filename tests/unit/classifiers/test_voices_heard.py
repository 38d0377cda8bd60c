"""Speech is found and voices are told apart once for a sound, whoever asks."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from classifiers.audio.spoken_words import hear_words
from classifiers.audio.voices import EmptyGallery, Voices, enrol_voice
from classifiers.audio.voices_heard import speech_of, voices_of
from classifiers.base import SignalNote
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models.whisper import SpokenPassage
from classifiers.person_comparison import extract_voice_templates
from classifiers.remember import remember
from core.errors import Unavailable
from core.signals import Subject
from media.video import MonoAudio

SECONDS = 6


class CountingModels:
    """Nets that hear one voice all the time, and count how often each is asked."""

    def __init__(self, *missing: str) -> None:
        self.asked: Counter[str] = Counter()
        self._missing = missing

    def get(self, name: str) -> CountingModels:
        if name in self._missing:
            raise Unavailable(f"no {name}")
        self.asked[name] += 1
        return self

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        return np.full(-(-len(samples) // 512), 0.99, np.float32)

    def run(self, batch: np.ndarray) -> np.ndarray:
        return np.ones((len(batch), 192 if batch.shape[-1] == 80 else 256), np.float32) / 14

    def transcribe(self, samples: np.ndarray) -> tuple[str, list[SpokenPassage]]:
        del samples
        return "en", [SpokenPassage(text="word", start=n, end=n + 1, certainty=0.9) for n in range(2)]


def a_sound() -> MonoAudio:
    return MonoAudio(samples=np.random.default_rng(1).normal(0, 0.1, SECONDS * 16_000).astype(np.float32))


def test_everyone_who_asks_about_a_sound_is_answered_from_one_look_at_it() -> None:
    models, sound = CountingModels(), a_sound()
    sample = sample_of_images(flat_image(90))
    sample = replace(sample, info=replace(sample.info, has_audio=True), audio=sound)
    Voices(EmptyGallery(), models=models).measure(sample, Subject.VIDEO)
    once = dict(models.asked)
    assert once["speech_finder"] == 1 and once["campplus"] > 1
    passages, note = hear_words(sample, models)
    assert (note, [one.speaker for one in passages]) == (SignalNote.NONE, [1, 1])
    assert enrol_voice(sound, models) is not None and extract_voice_templates(sound, models).voices
    assert models.asked == Counter(once, speech_multilingual=1)


def test_another_sound_and_other_models_are_asked_anew() -> None:
    models, sound = CountingModels(), a_sound()
    first = voices_of(sound, models)
    assert voices_of(sound, models) is first and voices_of(a_sound(), models) is not first
    assert voices_of(sound, CountingModels()) is not first


def test_what_was_heard_goes_with_the_sound() -> None:
    models, sound = CountingModels(), a_sound()
    heard, held = weakref.ref(sound), weakref.ref(voices_of(sound, models).voices[0].template)
    del sound
    gc.collect()
    assert heard() is None and held() is None


def test_a_missing_model_is_missed_each_time_and_speech_is_found_without_those_of_voices() -> None:
    models, sound = CountingModels("campplus"), a_sound()
    for _ in range(2):
        with pytest.raises(Unavailable, match="campplus"):
            voices_of(sound, models)
    assert speech_of(sound, models).min() > 0.9


def test_what_was_raised_is_not_remembered() -> None:
    asked: list[int] = []

    @remember
    def at_the_second_time(sound: MonoAudio, models: CountingModels) -> int:
        asked.append(1)
        if len(asked) == 1:
            raise Unavailable("not yet")
        return len(asked)

    models, sound = CountingModels(), a_sound()
    with pytest.raises(Unavailable):
        at_the_second_time(sound, models)
    assert (at_the_second_time(sound, models), at_the_second_time(sound, models)) == (2, 2)
