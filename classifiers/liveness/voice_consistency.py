"""Whether one voice speaks throughout. A port describes it, so that a better net can take its place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from classifiers.liveness.capture import FRAME_INTERVAL, SAMPLE_RATE, LivenessCapture
from classifiers.liveness.lip_sync import speech_activity
from media.arrays import Embedding

VoiceEmbedder = Callable[[Embedding, int], Embedding | None]
"""Mono sound and its rate to a vector of any length, compared by cosine; None where there is too little speech."""

_SAME_VOICE_COSINE = 0.6  # cosine of the two halves, score 0
_OTHER_VOICE_COSINE = 0.2  # the same, score 1


def voice_changed(take: LivenessCapture, voice: VoiceEmbedder | None) -> float | None:
    """From the cosine between the voices of the two halves of the speech: 0.0 from 0.6, 1.0 up to 0.2."""
    speech = _speech(take)
    if voice is None or len(speech) < 2 * SAMPLE_RATE:
        return None
    first, second = voice(speech[: len(speech) // 2], SAMPLE_RATE), voice(speech[len(speech) // 2 :], SAMPLE_RATE)
    if first is None or second is None:
        return None
    cosine = float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
    return float(np.clip((_SAME_VOICE_COSINE - cosine) / (_SAME_VOICE_COSINE - _OTHER_VOICE_COSINE), 0.0, 1.0))


def capture_voice_template(take: LivenessCapture, voice: VoiceEmbedder | None) -> Embedding | None:
    """The template of the voice, or None."""
    speech = _speech(take)
    return voice(speech, SAMPLE_RATE) if voice is not None and len(speech) >= SAMPLE_RATE else None


def _speech(take: LivenessCapture) -> Embedding:
    size = int(SAMPLE_RATE * FRAME_INTERVAL)
    loud = np.repeat(speech_activity(take.sound), size)[: len(take.sound)]
    return np.ascontiguousarray(take.sound[: len(loud)][loud])
