"""Who speaks in a sound, found once for all who ask: those who look for people, for words, and who enrol a voice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.audio.diarization import SpeakerVoice, diarize
from classifiers.audio.voice_template import SPEECH_PROBABILITY
from classifiers.models import Models
from classifiers.remember import remember
from media.video import MonoAudio


@dataclass(frozen=True, slots=True, eq=False)
class HeardVoices:
    """The voices, the one heard most first; and the seconds of speech that were too little to recognise anyone."""

    voices: tuple[SpeakerVoice, ...]
    unassigned: float


@remember
def speech_of(sound: MonoAudio, models: Models) -> NDArray[np.float32]:
    """P(speech) for each VAD_HOP samples. Raises Unavailable if the model is missing."""
    likely: NDArray[np.float32] = models.get("speech_finder").probabilities(sound.samples)
    return likely


@remember
def voices_of(sound: MonoAudio, models: Models) -> HeardVoices:
    """Who speaks, and how much of the speech is nobody's. Raises Unavailable if a model is missing."""
    voices, unassigned = diarize(sound.samples, speech_of(sound, models) >= SPEECH_PROBABILITY, models)
    return HeardVoices(tuple(voices), unassigned)
