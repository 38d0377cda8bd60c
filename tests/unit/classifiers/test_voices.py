"""Voices: what can be said without anybody's voice at hand, and, where ASSAY_DATA names it, with real ones."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.audio.diarization import diarize
from classifiers.audio.speech_features import kaldi_fbank, librosa_mels
from classifiers.audio.voice_template import VOICE_TEMPLATE_LENGTH, embed_voice, extract_speech
from classifiers.audio.voices import Voices, enrol_voice
from classifiers.base import SignalNote
from classifiers.image.sampled_frames import flat_image, sample_of_images
from classifiers.models import PACKAGED_MODELS
from classifiers.models.catalog import model_entry
from classifiers.person_comparison import compare_people, extract_voice_templates
from core.signals import Subject
from media.audio_decode import decode_mono_audio_in_process
from media.video import MONO_SAMPLE_RATE, MonoAudio

pytestmark = pytest.mark.models

DATA = os.environ.get("ASSAY_DATA", "")


def tone(hertz: float, seconds: float = 2.0) -> np.ndarray:
    at = np.arange(int(seconds * MONO_SAMPLE_RATE)) / MONO_SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def a_clip(samples: np.ndarray, *, complete: bool = True):
    sample = sample_of_images(flat_image(90))
    return replace(
        sample, info=replace(sample.info, has_audio=True), audio=MonoAudio(samples=samples, complete=complete)
    )


def scores(found) -> dict[str, float | None]:
    return {signal.label: signal.score for signal in found}


def test_a_higher_tone_lies_in_a_higher_band() -> None:
    low, high = (kaldi_fbank(np.concatenate([tone(hertz), tone(3500)]))[:190].mean(axis=0) for hertz in (300, 2000))
    assert low.argmax() < high.argmax()
    assert librosa_mels(tone(300)).mean(axis=0).argmax() < librosa_mels(tone(2000)).mean(axis=0).argmax()
    assert kaldi_fbank(tone(300)).shape == (198, 80) and librosa_mels(tone(300, 1.0)).shape == (101, 40)


def test_a_template_has_length_one_and_does_not_depend_on_loudness() -> None:
    speech = np.random.default_rng(3).normal(0, 0.1, 2 * MONO_SAMPLE_RATE).astype(np.float32)
    one, louder = embed_voice(speech, PACKAGED_MODELS), embed_voice(3 * speech, PACKAGED_MODELS)
    assert one.shape == (VOICE_TEMPLATE_LENGTH,) and np.linalg.norm(one) == pytest.approx(1, abs=1e-3)
    assert np.linalg.norm(one - louder) < 0.1


def test_music_and_noise_are_not_taken_for_speech(listed_faces) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 2 * MONO_SAMPLE_RATE).astype(np.float32)
    for samples in (tone(440), noise, np.zeros(MONO_SAMPLE_RATE, np.float32), np.zeros(0, np.float32)):
        found = scores(
            Voices(listed_faces(("p", "other", np.ones(VOICE_TEMPLATE_LENGTH)))).measure(a_clip(samples), Subject.VIDEO)
        )
        assert found["voice_present"] < 0.5 and found["protected_voice"] == 0.0 == found["unreadable_voice"]


def test_a_silent_video_measures_nothing_and_one_to_which_nobody_listened_is_not_known(listed_faces) -> None:
    mute = sample_of_images(flat_image(90))
    assert set(scores(Voices(listed_faces()).measure(mute, Subject.VIDEO)).values()) == {0.0}
    unheard = replace(mute, info=replace(mute.info, has_audio=True))
    found = Voices(listed_faces()).measure(unheard, Subject.VIDEO)
    assert {(signal.score, signal.note) for signal in found} == {(None, SignalNote.CANNOT_TELL)}


def test_a_track_that_was_not_heard_to_its_end_is_not_known_to_be_free_of_protected_voices(listed_faces) -> None:
    gallery = listed_faces(("p", "other", np.ones(VOICE_TEMPLATE_LENGTH, np.float32)))
    found = Voices(gallery).measure(a_clip(tone(440), complete=False), Subject.VIDEO)
    assert (None, SignalNote.TOO_LONG) in {(s.score, s.note) for s in found if s.label == "protected_voice"}


def test_silence_is_not_somebody_else() -> None:
    quiet = extract_voice_templates(MonoAudio(samples=np.zeros(3 * MONO_SAMPLE_RATE, np.float32)), PACKAGED_MODELS)
    said = compare_people(quiet, quiet, PACKAGED_MODELS)
    assert (said.score, said.same) == (None, None) and "nobody speaks" in said.reason


def test_nobody_is_enrolled_from_music() -> None:
    assert enrol_voice(MonoAudio(samples=tone(440, 8.0)), PACKAGED_MODELS) is None


# With real voices


def voice(path: str) -> np.ndarray:
    return np.asarray(decode_mono_audio_in_process(str(Path(DATA) / "audio" / path), 20.0, {})["samples"], np.float32)


@pytest.fixture(scope="module")
def takes() -> dict[str, np.ndarray]:
    folders = {"one": "tortoise_voices/train_atkins", "other": "tortoise_voices/pat"}
    return {
        f"{name} {number}": voice(str(path.relative_to(Path(DATA) / "audio")))
        for name, folder in folders.items()
        for number, path in enumerate(sorted((Path(DATA) / "audio" / folder).glob("*")), 1)
    }


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="ASSAY_DATA names no folder with recorded voices")
def test_a_voice_is_recognised_in_another_recording_and_not_in_somebody_else(takes) -> None:
    one, again, other = (
        extract_voice_templates(MonoAudio(samples=takes[name]), PACKAGED_MODELS)
        for name in ("one 1", "one 2", "other 1")
    )
    assert compare_people(one, again, PACKAGED_MODELS).same is True
    assert compare_people(one, other, PACKAGED_MODELS).same is False


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="ASSAY_DATA names no folder with recorded voices")
def test_two_who_speak_in_turn_are_two_voices_and_the_protected_one_is_found(takes, listed_faces) -> None:
    together = np.concatenate([takes["one 1"][: 5 * MONO_SAMPLE_RATE], takes["other 1"][: 5 * MONO_SAMPLE_RATE]])
    _, spoken = extract_speech(together, PACKAGED_MODELS)
    assert len(diarize(together, spoken, PACKAGED_MODELS)[0]) == 2
    enrolled = enrol_voice(MonoAudio(samples=takes["other 2"]), PACKAGED_MODELS)
    found = Voices(listed_faces(("p", "estate", enrolled))).measure(a_clip(together), Subject.VIDEO)
    best = max((s for s in found if s.label == "protected_voice"), key=lambda s: s.score)
    assert best.score > 0.6 and best.note == SignalNote.ESTATE and best.at.start > 3
    leased = Voices(listed_faces(("p", "cameo", enrolled)), leased=["p"]).measure(a_clip(together), Subject.VIDEO)
    assert scores(leased)["protected_voice"] == 0.0


def test_models_of_voices_may_be_used_commercially() -> None:
    assert all(model_entry(name).commercial for name in Voices.required_models)
