"""Puts the mark into sound: what comes out has as many samples as went in, each at its old time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.arrays import AudioSamples
from provenance.watermark.audio.chip_layout import CHIP_SECONDS, CHIPS_PER_PERIOD, chip_bin_weights
from provenance.watermark.audio.chips import coded_bit_indices, payload_chips
from provenance.watermark.audio.embedding_strength import CONTEXT_WINDOWS, embedding_strength
from provenance.watermark.audio.informed_embedding import chip_gains
from provenance.watermark.audio.overlap_add import OVERLAP_FACTOR, OverlapAdd
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

MIN_SAMPLE_RATE = 8_000  # Hz: below, most of the bands are missing

_BATCH = (
    OVERLAP_FACTOR * CHIPS_PER_PERIOD
)  # windows worked on at once: about a period, in which each coded bit has its chips


def embed_audio(
    blocks: Iterable[AudioSamples], rate: int, payload: Payload, key: WatermarkKey
) -> Iterator[AudioSamples]:
    """Blocks (n, channels) of any length in, marked ones out, as many samples in all; constant memory.

    AudioSamples are full scale at 1. All channels are changed alike. Raises ValueError below 8000 Hz.
    """
    marker = AudioWatermarker(rate, audio_mark_pattern(payload, key))
    for block in blocks:
        yield from marker.push(block)
    yield from marker.finish()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AudioMarkPattern:
    """One payload's signs, and which coded bit each stands for, (CHIPS_PER_PERIOD, pairs): all that marking needs.

    The secret that it was made with cannot be told from it.
    """

    signs: NDArray[np.float32]
    bits: NDArray[np.intp]


def audio_mark_pattern(payload: Payload, key: WatermarkKey) -> AudioMarkPattern:
    """What this key makes of a payload."""
    return AudioMarkPattern(signs=payload_chips(payload, key), bits=coded_bit_indices(key))


class AudioWatermarker:
    """embed_audio() for who pushes blocks instead of being asked for them. Waits for at most three seconds of them."""

    def __init__(self, rate: int, pattern: AudioMarkPattern) -> None:
        if rate < MIN_SAMPLE_RATE:
            raise ValueError(f"sound at {rate} Hz cannot carry a mark: at least {MIN_SAMPLE_RATE} Hz are needed")
        self._rate, self._size = rate, int(rate * CHIP_SECONDS) // OVERLAP_FACTOR * OVERLAP_FACTOR
        self._pattern, self._bit_indices = pattern.signs, pattern.bits
        self._overlap = OverlapAdd(self._size, batch=_BATCH, context=CONTEXT_WINDOWS, change=self._spectral_gain)

    def push(self, block: AudioSamples) -> Iterator[AudioSamples]:
        """The marked samples that no later one will change."""
        return self._overlap.push(block)

    def finish(self) -> Iterator[AudioSamples]:
        """The last of them."""
        return self._overlap.finish()

    def _spectral_gain(self, first: int, power: NDArray[np.float32]) -> NDArray[np.float32]:
        middle = ((first + np.arange(len(power))) * (self._size // OVERLAP_FACTOR) + self._size / 2) / self._rate
        cell = np.floor(middle / CHIP_SECONDS).astype(np.int64) % CHIPS_PER_PERIOD
        signs, shape = self._pattern[cell], chip_bin_weights(self._size, self._rate)
        allowed = embedding_strength(power, self._size, self._rate)
        chosen = signs * chip_gains(power, shape, signs, self._bit_indices[cell], allowed)
        return np.asarray(np.exp((chosen @ shape) * allowed), np.float32)
