"""Describes voices (CAM++ and GE2E, two nets of different make) and finds speech (silero)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.onnx_net import OnnxNet, onnx_session
from media.arrays import AudioSamples

VAD_HOP = 512
"""Samples for which the voice activity detector gives one probability."""

_CONTEXT_SAMPLES = 64  # samples of the hop before that it wants to hear again


class VoiceActivityDetector:
    """silero VAD; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._session = onnx_session(path)

    def probabilities(self, samples: AudioSamples) -> NDArray[np.float32]:
        """P(speech) for each VAD_HOP of 16 kHz mono samples, the last one padded with silence."""
        if not len(samples):
            return np.zeros(0, np.float32)
        hops = np.pad(samples, (0, -len(samples) % VAD_HOP)).astype(np.float32).reshape(-1, VAD_HOP)
        before = np.concatenate([np.zeros((1, _CONTEXT_SAMPLES), np.float32), hops[:-1, -_CONTEXT_SAMPLES:]])
        state = np.zeros((1, 1, 128), np.float32)
        inputs = {"input": np.concatenate([before, hops], axis=1), "h": state, "c": state}
        return np.asarray(self._session.run(None, inputs)[0], np.float32).ravel()


def load_vad(paths: Sequence[Path]) -> VoiceActivityDetector:
    """From the one .onnx file."""
    return VoiceActivityDetector(paths[0])


def load_speaker_net(paths: Sequence[Path]) -> OnnxNet:
    """CAM++: (n, frames, 80) to (n, 192). GE2E: (n, 160, 40) to (n, 256)."""
    return OnnxNet(paths[0])
