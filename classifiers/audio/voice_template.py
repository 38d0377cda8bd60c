"""A voice as numbers: CAM++ and GE2E of the same speech, put together so that one distance weighs both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.audio.speech_features import kaldi_fbank, librosa_mels
from classifiers.models import Models
from classifiers.models.speaker_nets import VAD_HOP
from media.arrays import AudioSamples, Embedding
from media.video import MONO_SAMPLE_RATE

SPEAKER_MODELS = ("campplus", "ge2e")
VOICE_TEMPLATE_LENGTH = 192 + 256  # dimensions of CAM++ and of GE2E
_GE2E_WEIGHT = 2.0  # its cosines spread about half as widely as CAM++'s, for strangers
_MAX_SAMPLES = 10 * MONO_SAMPLE_RATE  # what CAM++ is given at once
_WINDOW_FRAMES = 160  # frames of 10 ms that GE2E embeds at once
_STEP_FRAMES = 80  # frames from one window to the next
_TARGET_RMS = 10 ** (-30 / 20)  # root mean square that GE2E was trained at

SPEECH_PROBABILITY = 0.5
"""P(speech) from which a hop counts as speech."""


def extract_speech(samples: AudioSamples, models: Models) -> tuple[AudioSamples, NDArray[np.bool_]]:
    """What is spoken, put together; and for each VAD_HOP samples whether there is speech."""
    spoken = models.get("speech_finder").probabilities(samples) >= SPEECH_PROBABILITY
    return samples[np.repeat(spoken, VAD_HOP)[: len(samples)]], spoken


def embed_voice(speech: AudioSamples, models: Models) -> Embedding:
    """(448,) float32 of length one, of speech in 16 kHz mono. Steady from about 1.5 s."""
    pieces = [
        speech[at : at + _MAX_SAMPLES] for at in range(0, max(1, len(speech) - MONO_SAMPLE_RATE // 2), _MAX_SAMPLES)
    ]
    timbre = _mean([embed_campplus(piece, models) for piece in pieces])
    manner = _mean(list(_embed_ge2e(speech, models)))
    return fuse_embeddings(timbre, manner)


def fuse_embeddings(timbre: Embedding, manner: Embedding) -> Embedding:
    """The two descriptors as one of length one, whose cosine is their weighted mean."""
    fused = np.concatenate([timbre, np.sqrt(_GE2E_WEIGHT) * manner])
    return np.asarray(fused / np.sqrt(1 + _GE2E_WEIGHT), np.float32)


def embed_campplus(speech: AudioSamples, models: Models) -> Embedding:
    """(192,) of length one."""
    return _unit(models.get("campplus").run(kaldi_fbank(speech)[None])[0])


def _embed_ge2e(speech: AudioSamples, models: Models) -> Embedding:
    """(n, 256), each of length one, of 1.6 s looks that overlap by half."""
    loudness = float(np.sqrt(np.mean(np.square(speech)))) if len(speech) else 0.0
    mels = librosa_mels(speech * (_TARGET_RMS / max(loudness, 1e-6)))
    if len(mels) < _WINDOW_FRAMES:
        mels = np.pad(mels, ((0, _WINDOW_FRAMES - len(mels)), (0, 0)))
    windows = [mels[at : at + _WINDOW_FRAMES] for at in range(0, len(mels) - _WINDOW_FRAMES + 1, _STEP_FRAMES)]
    embeddings = models.get("ge2e").run(np.stack(windows))
    return np.asarray(embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-9), np.float32)


def _mean(vectors: Sequence[Embedding]) -> Embedding:
    return _unit(np.mean(vectors, axis=0))


def _unit(vector: NDArray[np.float32]) -> Embedding:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
