"""Who is heard: the same voice throughout. A port describes it, so that a better net can take its place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from classifiers.takes.mouth import spoken
from classifiers.takes.take import EVERY, RATE, Take

Vector = NDArray[np.float32]
VoiceOf = Callable[[Vector, int], Vector | None]
"""Mono sound and its rate to a vector of any length, compared by cosine; None where there is too little speech."""

_SAME, _OTHER = 0.6, 0.2  # cosine of the two halves


def voice_changed(take: Take, voice: VoiceOf | None) -> float | None:
    """From the cosine between the voices of the two halves of the speech: 0.0 from 0.6, 1.0 up to 0.2."""
    speech = _speech(take)
    if voice is None or len(speech) < 2 * RATE:
        return None
    first, second = voice(speech[: len(speech) // 2], RATE), voice(speech[len(speech) // 2 :], RATE)
    if first is None or second is None:
        return None
    alike = float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
    return float(np.clip((_SAME - alike) / (_SAME - _OTHER), 0.0, 1.0))


def voice_of(take: Take, voice: VoiceOf | None) -> Vector | None:
    """The template of the voice, or None."""
    speech = _speech(take)
    return voice(speech, RATE) if voice is not None and len(speech) >= RATE else None


def _speech(take: Take) -> Vector:
    size = int(RATE * EVERY)
    loud = np.repeat(spoken(take.sound), size)[: len(take.sound)]
    return np.ascontiguousarray(take.sound[: len(loud)][loud])
