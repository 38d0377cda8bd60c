"""Describes voices (CAM++ and GE2E, two nets of different make) and finds speech (silero)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.onnx_net import Net, session

Samples = NDArray[np.float32]

HOP = 512
"""Samples for each of which the speech finder gives one probability."""

_BEFORE = 64  # samples of the hop before that it wants to hear again


class SpeechFinder:
    """silero VAD; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._session = session(path)

    def probabilities(self, samples: Samples) -> NDArray[np.float32]:
        """P(speech) for each HOP of 16 kHz mono samples, the last one padded with silence."""
        if not len(samples):
            return np.zeros(0, np.float32)
        hops = np.pad(samples, (0, -len(samples) % HOP)).astype(np.float32).reshape(-1, HOP)
        before = np.concatenate([np.zeros((1, _BEFORE), np.float32), hops[:-1, -_BEFORE:]])
        state = np.zeros((1, 1, 128), np.float32)
        given = {"input": np.concatenate([before, hops], axis=1), "h": state, "c": state}
        return np.asarray(self._session.run(None, given)[0], np.float32).ravel()


def load_speech(paths: Sequence[Path]) -> SpeechFinder:
    """From the one .onnx file."""
    return SpeechFinder(paths[0])


def load_net(paths: Sequence[Path]) -> Net:
    """CAM++: (n, frames, 80) to (n, 192). GE2E: (n, 160, 40) to (n, 256)."""
    return Net(paths[0])
