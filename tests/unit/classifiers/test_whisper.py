"""What is encoded of a sound to hear its words, over a stand-in that asks as faster-whisper does."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.models.whisper import encode_once

WINDOW = 3000


class AskingNet:
    """Asks for the language, then for the words, window after window; counts what it encodes."""

    def __init__(self) -> None:
        self.encoded: list[np.ndarray] = []
        encode_once(self)

    def encode(self, features: np.ndarray) -> int:
        self.encoded.append(features)
        return len(self.encoded)

    def detect_language(self, features: np.ndarray) -> int:
        return self.encode(_padded(features[:, :WINDOW]))

    def transcribe(self, features: np.ndarray) -> list[int]:
        first = self.detect_language(features=features)
        content = features.shape[1] - 1
        return [first, *(self.encode(_padded(features[:content][:, at : min(at + WINDOW, content)]))
                         for at in range(0, content, WINDOW))]  # fmt: skip


def _padded(features: np.ndarray) -> np.ndarray:
    return np.pad(features, ((0, 0), (0, WINDOW - features.shape[1])))


@pytest.mark.parametrize(("length", "windows"), [(500, 1), (WINDOW + 1, 1), (7001, 3)])
def test_the_language_and_the_first_words_are_asked_of_one_encoding(length: int, windows: int) -> None:
    net = AskingNet()
    features = np.random.default_rng(1).normal(size=(80, length)).astype(np.float32)
    assert net.transcribe(features) == [1, *range(1, windows + 1)]
    assert len(net.encoded) == windows


def test_another_sound_is_encoded_anew() -> None:
    net = AskingNet()
    one, other = np.random.default_rng(1).normal(size=(2, 80, 500)).astype(np.float32)
    assert net.transcribe(one) == [1, 1] and net.transcribe(other) == [2, 2]
