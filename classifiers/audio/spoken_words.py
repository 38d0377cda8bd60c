"""Hears what is said in a video."""

from __future__ import annotations

from classifiers.base import SignalNote
from classifiers.models import Models
from classifiers.passages import Passage, PassageKind
from core.signals import Span
from media.video import VideoSample

_MIN_CERTAINTY = 0.2  # mean probability of the words: below it, what is heard is guessed


def hear_words(sample: VideoSample, models: Models) -> tuple[list[Passage], SignalNote]:
    """What is said, and why not all of it is known, if so. Raises Unavailable without the model."""
    if not sample.info.has_audio:
        return [], SignalNote.NONE
    if sample.audio is None:
        return [], SignalNote.FAILED
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
    return passages, SignalNote.NONE if sample.audio.complete else SignalNote.TOO_LONG
