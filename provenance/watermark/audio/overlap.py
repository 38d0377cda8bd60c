"""Changes sound window by window, in overlapping windows, as it streams through: as many samples out as in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import fft

OVERLAP = 4
"""Windows over each sample."""

Samples = NDArray[np.float32]
Change = Callable[[int, NDArray[np.float32]], NDArray[np.float32]]
"""(number of the first window, power (windows, bins)) -> what to multiply the spectra by, of all channels."""


class Overlap:
    """Works on `batch` windows at a time, with `context` windows before and after for `change` to look at.

    Window 0 begins with the first sample; the ones before it begin earlier, in silence.
    """

    def __init__(self, size: int, *, batch: int, context: int, change: Change) -> None:
        self._size, self._hop = size, size // OVERLAP
        self._batch, self._context, self._change = batch, context, change
        self._window = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
        self._first = -context - OVERLAP + 1  # number of the first window whose samples are waiting
        self._waiting = self._tail = np.zeros((0, 0), np.float32)
        self._taken = self._given = 0

    def push(self, block: Samples) -> Iterator[Samples]:
        """The changed samples that no later one will touch."""
        if len(block) == 0:
            return
        if self._taken == 0:
            self._waiting = np.zeros((-self._first * self._hop, block.shape[1]), np.float32)
            self._tail = np.zeros((self._size, block.shape[1]), np.float32)
        self._taken += len(block)
        self._waiting = np.concatenate([self._waiting, np.asarray(block, np.float32)])
        while len(self._waiting) >= self._needed:
            yield from self._work()

    def finish(self) -> Iterator[Samples]:
        """The last of them."""
        while self._given < self._taken:
            short = max(0, self._needed - len(self._waiting))
            self._waiting = np.concatenate([self._waiting, np.zeros((short, self._waiting.shape[1]), np.float32)])
            yield from self._work()

    @property
    def _needed(self) -> int:
        return (self._batch + 2 * self._context - 1) * self._hop + self._size

    def _work(self) -> Iterator[Samples]:
        views = np.lib.stride_tricks.sliding_window_view(self._waiting, self._size, axis=0)
        windows = views[:: self._hop][: self._batch + 2 * self._context]  # (windows, channels, samples)
        spectra = fft.rfft(windows * self._window, axis=-1)
        power = (spectra.real**2 + spectra.imag**2).sum(1)
        inner = slice(self._context, self._context + self._batch)
        spectra = spectra[inner] * self._change(self._first, power)[inner, None]
        changed = fft.irfft(spectra, self._size, axis=-1) * (self._window * (2 / OVERLAP))
        start = (self._first + self._context) * self._hop
        self._first += self._batch
        self._waiting = self._waiting[self._batch * self._hop :]
        yield from self._inside(self._added(changed), start)

    def _added(self, changed: Samples) -> Samples:
        """The windows (windows, channels, samples) laid over each other, without the tail that others will add to."""
        out = np.zeros((self._batch * self._hop + self._size, self._tail.shape[1]), np.float32)
        out[: self._size] = self._tail
        for part in range(OVERLAP):
            piece = changed[part::OVERLAP].transpose(0, 2, 1).reshape(-1, out.shape[1])
            out[part * self._hop : part * self._hop + len(piece)] += piece
        self._tail = out[self._batch * self._hop :].copy()
        return out[: self._batch * self._hop]

    def _inside(self, out: Samples, start: int) -> Iterator[Samples]:
        """Without what lies before the first sample and after the last."""
        kept = out[max(0, -start) : max(0, self._taken - start)]
        self._given += len(kept)
        if len(kept):
            yield np.clip(kept, -1, 1)
