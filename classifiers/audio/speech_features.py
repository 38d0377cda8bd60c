"""What voice nets hear: log mel energies as Kaldi makes them, and plain mel energies as librosa does."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from media.arrays import FloatArray
from media.video import MONO_SAMPLE_RATE

_FRAME_SAMPLES = 400  # 25 ms at 16 kHz
_HOP_SAMPLES = 160  # 10 ms at 16 kHz
_FLOOR = float(np.finfo(np.float32).eps)


def kaldi_fbank(samples: FloatArray) -> FloatArray:
    """(frames, 80): log mel energies less their mean, as kaldi-native-fbank gives them without dither."""
    frames = _frames(samples)
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = np.concatenate([frames[:, :1] * 0.03, frames[:, 1:] - 0.97 * frames[:, :-1]], axis=1) * _povey()
    power = np.abs(np.fft.rfft(frames, 512)[:, :256]) ** 2
    logs = np.log(np.maximum(power @ _kaldi_mels().T, _FLOOR))
    return np.asarray(logs - logs.mean(axis=0), np.float32)


def librosa_mels(samples: FloatArray) -> FloatArray:
    """(frames, 40): mel energies as librosa.feature.melspectrogram gives them with n_fft 400, hop 160."""
    frames = _frames(np.pad(samples, _FRAME_SAMPLES // 2)) * _hann()
    return np.asarray((np.abs(np.fft.rfft(frames, _FRAME_SAMPLES)) ** 2) @ _slaney_mels().T, np.float32)


def _frames(samples: FloatArray) -> FloatArray:
    if len(samples) < _FRAME_SAMPLES:
        samples = np.pad(samples, (0, _FRAME_SAMPLES - len(samples)))
    return np.asarray(np.lib.stride_tricks.sliding_window_view(samples, _FRAME_SAMPLES)[::_HOP_SAMPLES], np.float32)


@cache
def _povey() -> FloatArray:
    return np.asarray(
        (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME_SAMPLES) / (_FRAME_SAMPLES - 1))) ** 0.85, np.float32
    )


@cache
def _hann() -> FloatArray:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME_SAMPLES) / _FRAME_SAMPLES), np.float32)


@cache
def _kaldi_mels(count: int = 80, low: float = 20.0, high: float = MONO_SAMPLE_RATE / 2) -> FloatArray:
    def mel(hertz: float | NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0))

    step = (mel(high) - mel(low)) / (count + 1)
    bin_mels = mel(np.arange(256) * MONO_SAMPLE_RATE / 512)
    lower_edges = mel(low) + np.arange(count)[:, None] * step
    rising, falling = (bin_mels - lower_edges) / step, (lower_edges + 2 * step - bin_mels) / step
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), np.float32)


@cache
def _slaney_mels(count: int = 40) -> FloatArray:
    # Slaney's scale: linear up to 1 kHz (15 mel), logarithmic above.
    edges = np.linspace(0.0, 15 + 27 * np.log(8.0) / np.log(6.4), count + 2)
    hertz = np.where(edges >= 15, 1000 * np.exp(np.log(6.4) / 27 * (edges - 15)), edges * 200 / 3)
    distances = hertz[:, None] - np.linspace(0, MONO_SAMPLE_RATE / 2, _FRAME_SAMPLES // 2 + 1)
    width = np.diff(hertz)
    shapes = np.maximum(0.0, np.minimum(-distances[:-2] / width[:-1, None], distances[2:] / width[1:, None]))
    return np.asarray(shapes * (2.0 / (hertz[2:] - hertz[:-2]))[:, None], np.float32)
