"""Hears what is said in a video, by which voice, and where the words may be others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from classifiers.audio.diarization import who_speaks
from classifiers.audio.voices_heard import speech_of, voices_of
from classifiers.base import SignalNote
from classifiers.models import Models
from classifiers.models.speaker_nets import VAD_HOP
from classifiers.models.whisper import SpokenPassage
from classifiers.passages import Passage, PassageKind
from classifiers.time_limit import is_time_up
from core.errors import Unavailable
from core.signals import Span
from media.arrays import AudioSamples
from media.video import MONO_SAMPLE_RATE, MonoAudio, VideoSample

_SPEECH = 0.85
"""P(speech) that some moment must reach before words are looked for. In clips with speech, also in noise of 5 dB, 0.96
was the least of the highest; in music, squeaks and noise at most 0.78 (12 clips, three levels of noise each)."""

_MIN_CERTAINTY = 0.2  # mean probability of the words: below it, what is heard is guessed

# What follows is from read speech, clean and in noise of 10 and 0 dB, read speech from a film, and a rap over music.
_NOISE_DB = 9.0  # loud to quiet moments of speech: 20 to 37 in quiet, 11 to 16 in noise of 10 dB, 2 to 8 of 0
_MUSIC_DB = 16.0  # likewise; over music with much that is no speech to the net
_MUSIC_NO_SPEECH = 0.2
_UNSURE_CERTAINTY = 0.45
_UNSURE_NO_SPEECH = 0.5
_UNSURE_COMPRESSION = 2.0


def hear_words(sample: VideoSample, models: Models) -> tuple[list[Passage], SignalNote]:
    """What is said, and why not all of it is known, if so. Raises Unavailable without the model."""
    if not sample.info.has_audio:
        return [], SignalNote.NONE
    if is_time_up():
        return [], SignalNote.OUT_OF_TIME
    if sample.audio is None:
        return [], SignalNote.FAILED
    if speech_of(sample.audio, models).max(initial=0.0) < _SPEECH:
        return [], _completeness(sample.audio)
    language, said = models.get("speech_multilingual").transcribe(sample.audio.samples)
    passages = [
        Passage(
            kind=PassageKind.HEARD,
            text=one.text,
            at=Span(start=round(max(0.0, one.start), 2), end=round(max(0.0, one.start, one.end), 2)),
            certainty=min(1.0, one.certainty),
            language=language,
            doubt=doubt_of(one, sample.audio.samples),
        )
        for one in said
        if one.certainty >= _MIN_CERTAINTY
    ]
    if is_time_up():
        return passages, SignalNote.OUT_OF_TIME
    return _with_speakers(passages, sample.audio, models), _completeness(sample.audio)


def doubt_of(said: SpokenPassage, samples: AudioSamples) -> str:
    """Why the words may be others, one of passages.DOUBTS; empty for speech that is heard well."""
    range_db = _range_db(samples[int(said.start * MONO_SAMPLE_RATE) : int(said.end * MONO_SAMPLE_RATE)])
    if range_db < _NOISE_DB:
        return "noise"
    if range_db < _MUSIC_DB and said.no_speech >= _MUSIC_NO_SPEECH:
        return "singing"
    unsure = (
        said.certainty < _UNSURE_CERTAINTY
        or said.no_speech > _UNSURE_NO_SPEECH
        or said.compression > _UNSURE_COMPRESSION
    )
    return "unsure" if unsure else ""


def _range_db(samples: AudioSamples) -> float:
    """How much louder the loud moments are than the quiet ones, in decibels: noise and music fill the quiet ones."""
    whole = len(samples) // VAD_HOP * VAD_HOP
    if not whole:
        return 0.0
    power = (samples[:whole].astype(np.float64).reshape(-1, VAD_HOP) ** 2).mean(axis=1) + 1e-9
    quiet, loud = np.percentile(power, [10, 90])
    return float(10 * np.log10(loud / quiet))


def _with_speakers(passages: list[Passage], audio: MonoAudio, models: Models) -> list[Passage]:
    """The passages with the numbers of their voices; without where there is one passage, or no model for voices."""
    if len(passages) < 2:
        return passages
    try:
        voices = voices_of(audio, models).voices
    except Unavailable:
        return passages
    return [replace(one, speaker=who_speaks(one.at, voices)) for one in passages]


def _completeness(audio: MonoAudio) -> SignalNote:
    return SignalNote.NONE if audio.complete else SignalNote.TOO_LONG
