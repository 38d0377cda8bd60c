"""Open peers of the audio watermark, run on the same clips and attacks where they are installed.

    pip install --no-deps resemble-perth aware     (both need torch and librosa; neither is a dependency of Assay)

Perth marks presence only: a score of 0.5 or more counts. AWARE carries 20 bits: all must be right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.watermark.audio_attacks import AudioSignal, resample

_BITS = 20
"""Bits of AWARE's payload."""
_ROUNDS = 100
"""Iterations by which AWARE embeds a payload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioBaseline:
    """`embed` marks mono or stereo sound (mono comes out); `detects` says whether the mark is there and right."""

    name: str
    capacity: str
    embed: Callable[[AudioSignal], AudioSignal]
    detects: Callable[[AudioSignal], bool]


def installed_baselines() -> list[AudioBaseline]:
    """Those that are installed."""
    found: list[AudioBaseline] = []
    if find_spec("perth") and find_spec("librosa"):
        found.append(_perth())
    if find_spec("aware") and find_spec("librosa"):
        found.append(_aware())
    return found


def _perth() -> AudioBaseline:
    marker: Any = import_module("perth.perth_net.perth_net_implicit.perth_watermarker").PerthImplicitWatermarker()

    def embed(sound: AudioSignal) -> AudioSignal:
        return np.asarray(marker.apply_watermark(_mono(sound), sample_rate=sound[1]), np.float32)[:, None], sound[1]

    def found(sound: AudioSignal) -> bool:
        return float(np.mean(marker.get_watermark(_mono(sound), sample_rate=sound[1]))) >= 0.5

    return AudioBaseline(name="resemble-perth 1.0.1", capacity="presence", embed=embed, detects=found)


def _aware() -> AudioBaseline:
    service: Any = import_module("aware.service")
    embedder, detector = import_module("aware.utils.models").load()
    embedder.num_iterations = _ROUNDS
    bits = np.random.default_rng(5).integers(0, 2, _BITS).astype(np.int32)

    def embed(sound: AudioSignal) -> AudioSignal:
        marked: Any = service.embed_watermark(_mono(resample(sound, rate=16_000)), 16_000, bits, embedder)
        return np.asarray(marked, np.float32).reshape(-1, 1), 16_000

    def found(sound: AudioSignal) -> bool:
        answer: Any = service.detect_watermark(_mono(resample(sound, rate=16_000)), 16_000, detector)
        return bool(
            np.array_equal(np.asarray(answer[0] if isinstance(answer, tuple) else answer).ravel()[:_BITS], bits)
        )

    return AudioBaseline(name="aware 2.0.1", capacity=f"{_BITS} bits, {_ROUNDS} rounds", embed=embed, detects=found)


def _mono(sound: AudioSignal) -> NDArray[np.float32]:
    return np.asarray(sound[0].mean(1), np.float32)
