"""Changes sound window by window, in overlapping windows, as it streams through: as many samples out as in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from media.arrays import AudioSamples

OVERLAP_FACTOR = 4
"""Windows over each sample."""

SpectralGain = Callable[[int, NDArray[np.float32]], NDArray[np.float32]]
"""(number of the first window, power (windows, bins)) -> what to multiply the spectra by, of all channels."""


class OverlapAdd:
    """Works on `batch` windows at a time, with `context` windows before and after for `change` to look at.

    Window 0 begins with the first sample; the ones before it begin earlier, in silence.
    """

    def __init__(self, size: int, *, batch: int, context: int, change: SpectralGain) -> None:
        self._size, self._hop = size, size // OVERLAP_FACTOR
        self._batch, self._context, self._spectral_gain = batch, context, change
        self._window = np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)
        self._first = -context - OVERLAP_FACTOR + 1  # number of the first window whose samples are waiting
        self._buffer = self._tail = np.zeros((0, 0), np.float32)
        self._samples_in = self._samples_out = 0

    def push(self, block: AudioSamples) -> Iterator[AudioSamples]:
        """The changed samples that no later one will touch."""
        if len(block) == 0:
            return
        if self._samples_in == 0:
            self._buffer = np.zeros((-self._first * self._hop, block.shape[1]), np.float32)
            self._tail = np.zeros((self._size, block.shape[1]), np.float32)
        self._samples_in += len(block)
        self._buffer = np.concatenate([self._buffer, np.asarray(block, np.float32)])
        while len(self._buffer) >= self._needed:
            yield from self._process_batch()

    def finish(self) -> Iterator[AudioSamples]:
        """The last of them."""
        while self._samples_out < self._samples_in:
            short = max(0, self._needed - len(self._buffer))
            self._buffer = np.concatenate([self._buffer, np.zeros((short, self._buffer.shape[1]), np.float32)])
            yield from self._process_batch()

    @property
    def _needed(self) -> int:
        return (self._batch + 2 * self._context - 1) * self._hop + self._size

    def _process_batch(self) -> Iterator[AudioSamples]:
        from scipy import fft  # slow to import

        views = np.lib.stride_tricks.sliding_window_view(self._buffer, self._size, axis=0)
        windows = views[:: self._hop][: self._batch + 2 * self._context]  # (windows, channels, samples)
        spectra = fft.rfft(windows * self._window, axis=-1)
        power = (spectra.real**2 + spectra.imag**2).sum(1)
        inner = slice(self._context, self._context + self._batch)
        spectra = spectra[inner] * self._spectral_gain(self._first, power)[inner, None]
        changed = fft.irfft(spectra, self._size, axis=-1) * (self._window * (2 / OVERLAP_FACTOR))
        start = (self._first + self._context) * self._hop
        self._first += self._batch
        self._buffer = self._buffer[self._batch * self._hop :]
        yield from self._trim_to_input(self._overlap_add(changed), start)

    def _overlap_add(self, changed: AudioSamples) -> AudioSamples:
        """The windows (windows, channels, samples) laid over each other, without the tail that others will add to."""
        out = np.zeros((self._batch * self._hop + self._size, self._tail.shape[1]), np.float32)
        out[: self._size] = self._tail
        for part in range(OVERLAP_FACTOR):
            piece = changed[part::OVERLAP_FACTOR].transpose(0, 2, 1).reshape(-1, out.shape[1])
            out[part * self._hop : part * self._hop + len(piece)] += piece
        self._tail = out[self._batch * self._hop :].copy()
        return out[: self._batch * self._hop]

    def _trim_to_input(self, out: AudioSamples, start: int) -> Iterator[AudioSamples]:
        """Without what is before the first sample and after the last."""
        kept = out[max(0, -start) : max(0, self._samples_in - start)]
        self._samples_out += len(kept)
        if len(kept):
            yield np.clip(kept, -1, 1)
