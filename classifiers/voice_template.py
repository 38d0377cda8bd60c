"""A voice as numbers: CAM++ and GE2E of the same speech, put together so that one distance weighs both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.models.voice_nets import HOP
from classifiers.speech_features import kaldi_fbank, librosa_mels
from media.video import HEARD_RATE

Samples = NDArray[np.float32]
Template = NDArray[np.float32]

NETS = ("campplus", "ge2e")
LENGTH = 192 + 256
_GE2E_WEIGHT = 2.0  # its cosines spread about half as widely as CAM++'s, for strangers
_LONGEST = 10 * HEARD_RATE  # what CAM++ is given at once
_PARTIAL, _STEP = 160, 80  # frames of 10 ms that GE2E looks at, and from one look to the next
_LOUD = 10 ** (-30 / 20)  # root mean square that GE2E was trained at
_SPEECH = 0.5


def speech_of(samples: Samples) -> tuple[Samples, NDArray[np.bool_]]:
    """What is spoken, put together; and for each HOP samples whether there is speech."""
    spoken = models.get("speech_finder").probabilities(samples) >= _SPEECH
    return samples[np.repeat(spoken, HOP)[: len(samples)]], spoken


def describe_voice(speech: Samples) -> Template:
    """(448,) float32 of length one, of speech in 16 kHz mono. Steady from about 1.5 s."""
    pieces = [speech[at : at + _LONGEST] for at in range(0, max(1, len(speech) - HEARD_RATE // 2), _LONGEST)]
    timbre = _mean([campplus(piece) for piece in pieces])
    manner = _mean(list(_ge2e(speech)))
    return joined(timbre, manner)


def joined(timbre: Template, manner: Template) -> Template:
    """The two descriptors as one of length one, whose cosine is their weighted mean."""
    both = np.concatenate([timbre, np.sqrt(_GE2E_WEIGHT) * manner])
    return np.asarray(both / np.sqrt(1 + _GE2E_WEIGHT), np.float32)


def campplus(speech: Samples) -> Template:
    """(192,) of length one."""
    return _unit(models.get("campplus").run(kaldi_fbank(speech)[None])[0])


def _ge2e(speech: Samples) -> Template:
    """(n, 256), each of length one, of 1.6 s looks that overlap by half."""
    loudness = float(np.sqrt(np.mean(np.square(speech)))) if len(speech) else 0.0
    mels = librosa_mels(speech * (_LOUD / max(loudness, 1e-6)))
    if len(mels) < _PARTIAL:
        mels = np.pad(mels, ((0, _PARTIAL - len(mels)), (0, 0)))
    looks = [mels[at : at + _PARTIAL] for at in range(0, len(mels) - _PARTIAL + 1, _STEP)]
    found = models.get("ge2e").run(np.stack(looks))
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), np.float32)


def _mean(vectors: Sequence[Template]) -> Template:
    return _unit(np.mean(vectors, axis=0))


def _unit(vector: NDArray[np.float32]) -> Template:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
