"""Hears what is said in a video."""

from __future__ import annotations

from classifiers.base import SignalNote
from classifiers.models import Models
from classifiers.passages import Passage, PassageKind
from classifiers.time_limit import is_time_up
from core.signals import Span
from media.video import MonoAudio, VideoSample

_SPEECH = 0.85
"""P(speech) that some moment must reach before words are looked for. In clips with speech, also in noise of 5 dB, 0.96
was the least of the highest; in music, squeaks and noise at most 0.78 (12 clips, three levels of noise each)."""

_MIN_CERTAINTY = 0.2  # mean probability of the words: below it, what is heard is guessed


def hear_words(sample: VideoSample, models: Models) -> tuple[list[Passage], SignalNote]:
    """What is said, and why not all of it is known, if so. Raises Unavailable without the model."""
    if not sample.info.has_audio:
        return [], SignalNote.NONE
    if is_time_up():
        return [], SignalNote.OUT_OF_TIME
    if sample.audio is None:
        return [], SignalNote.FAILED
    if models.get("speech_finder").probabilities(sample.audio.samples).max(initial=0.0) < _SPEECH:
        return [], _completeness(sample.audio)
    language, said = models.get("speech_multilingual").transcribe(sample.audio.samples)
    passages = [
        Passage(
            kind=PassageKind.HEARD,
            text=one.text,
            at=Span(start=round(max(0.0, one.start), 2), end=round(max(0.0, one.start, one.end), 2)),
            certainty=min(1.0, one.certainty),
            language=language,
        )
        for one in said
        if one.certainty >= _MIN_CERTAINTY
    ]
    return passages, SignalNote.OUT_OF_TIME if is_time_up() else _completeness(sample.audio)


def _completeness(audio: MonoAudio) -> SignalNote:
    return SignalNote.NONE if audio.complete else SignalNote.TOO_LONG
