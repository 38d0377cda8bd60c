"""Puts the mark into sound: what comes out has as many samples as went in, each at its old time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.audio.chips import chips, coded_bits
from provenance.watermark.audio.informed import factors
from provenance.watermark.audio.layout import CELL, CELLS, spread
from provenance.watermark.audio.overlap import OVERLAP, Overlap, Samples
from provenance.watermark.audio.strength import CONTEXT, strength
from provenance.watermark.key import WatermarkKey
from provenance.watermark.payload import Payload

LOWEST_RATE = 8_000

_BATCH = OVERLAP * CELLS  # windows worked on at once: about a period, in which each coded bit has its chips


def embed_audio(blocks: Iterable[Samples], rate: int, payload: Payload, key: WatermarkKey) -> Iterator[Samples]:
    """Blocks (n, channels) of any length in, marked ones out, as many samples in all; constant memory.

    Samples are full scale at 1. All channels are changed alike. Raises ValueError below 8000 Hz.
    """
    marker = AudioMarker(rate, payload, key)
    for block in blocks:
        yield from marker.push(block)
    yield from marker.finish()


class AudioMarker:
    """embed_audio() for who pushes blocks instead of being asked for them. Waits for at most three seconds of them."""

    def __init__(self, rate: int, payload: Payload, key: WatermarkKey) -> None:
        if rate < LOWEST_RATE:
            raise ValueError(f"sound at {rate} Hz cannot carry a mark: at least {LOWEST_RATE} Hz are needed")
        self._rate, self._size = rate, int(rate * CELL) // OVERLAP * OVERLAP
        self._pattern, self._bits = chips(payload, key), coded_bits(key)
        self._overlap = Overlap(self._size, batch=_BATCH, context=CONTEXT, change=self._change)

    def push(self, block: Samples) -> Iterator[Samples]:
        """The marked samples that no later one will change."""
        return self._overlap.push(block)

    def finish(self) -> Iterator[Samples]:
        """The last of them."""
        return self._overlap.finish()

    def _change(self, first: int, power: NDArray[np.float32]) -> NDArray[np.float32]:
        middle = ((first + np.arange(len(power))) * (self._size // OVERLAP) + self._size / 2) / self._rate
        cell = np.floor(middle / CELL).astype(np.int64) % CELLS
        signs, shape = self._pattern[cell], spread(self._size, self._rate)
        allowed = strength(power, self._size, self._rate)
        chosen = signs * factors(power, shape, signs, self._bits[cell], allowed)
        return np.asarray(np.exp((chosen @ shape) * allowed), np.float32)
