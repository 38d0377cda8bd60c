"""Loudness of sound as EBU R 128 has it: ITU-R BS.1770-4 with its K-weighting, gates and true peak; range of EBU 3342.

A meter takes sound at 48 kHz block by block and keeps two numbers for each tenth of a second: how much energy, weighted
as people hear, and how high the wave between the samples goes. The rest follows from these. The weighting is applied to
the spectrum of each tenth, which is the filter's answer but for what rings on from one tenth into the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from media.arrays import AudioSamples, DoubleArray

LOUDNESS_RATE = 48_000  # Hz: the rate for which BS.1770 states its filters
HOP = LOUDNESS_RATE // 10  # samples of a tenth of a second
_MOMENTARY, _SHORT_TERM = 4, 30  # tenths
_SILENT = -70.0  # LUFS: the absolute gate
_OVERSAMPLED = 4
_EDGE = 512  # samples on both sides of a tenth: what oversampling makes of its ends lies in them

_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_WEIGHTS: Mapping[int, tuple[float, ...]] = {  # of channels, in FFmpeg's order: LFE counts nothing, what is behind more
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    7: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41),
    8: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41, 1.41),
}


@dataclass(frozen=True, slots=True, eq=False)
class LoudnessCurve:
    """For each tenth of a second its weighted energy, and its true peak, 1 for full scale: (n,) float64 both."""

    energy: DoubleArray
    peak: DoubleArray

    def momentary(self) -> DoubleArray:
        """LUFS of each 0.4 s, one for each tenth from the fourth on; -inf for silence."""
        return _lufs(_means(self.energy, _MOMENTARY))

    def short_term(self) -> DoubleArray:
        """LUFS of each 3 s, one for each tenth from the thirtieth on."""
        return _lufs(_means(self.energy, _SHORT_TERM))

    def integrated(self) -> float:
        """LUFS of all of it, without what is silent or far quieter than the rest; -inf where all is."""
        blocks = _means(self.energy, _MOMENTARY)
        blocks = blocks[_lufs(blocks) >= _SILENT]
        if not len(blocks):
            return -np.inf
        kept = blocks[_lufs(blocks) >= float(_lufs(blocks.mean())) - 10.0]
        return float(_lufs(kept.mean()))

    def range(self) -> float:
        """Loudness range in LU: between quiet and loud, the quietest tenth and the loudest twentieth left out."""
        energy = _means(self.energy, _SHORT_TERM)
        energy = energy[_lufs(energy) >= _SILENT]
        if not len(energy):
            return 0.0
        kept = _lufs(energy[_lufs(energy) >= float(_lufs(energy.mean())) - 20.0])
        low, high = np.percentile(kept, [10, 95])
        return float(high - low)

    def true_peak(self) -> float:
        """In dB of full scale; -inf for silence."""
        return float(_decibels(np.square(self.peak.max(initial=0.0))))


class LoudnessMeter:
    """Takes sound as it comes, (n, channels) at LOUDNESS_RATE, and keeps no more of it than a fifth of a second."""

    def __init__(self) -> None:
        self._waiting: AudioSamples | None = None
        self._energy: list[float] = []
        self._peak: list[float] = []

    def push(self, block: AudioSamples) -> None:
        """The next samples."""
        if self._waiting is None:
            self._waiting = np.zeros((_EDGE, block.shape[1]), np.float32)
        self._waiting = np.concatenate((self._waiting, np.nan_to_num(block)))
        while len(self._waiting) >= HOP + 2 * _EDGE:
            self._take()

    def curve(self) -> LoudnessCurve:
        """What was heard until now; the last part of a tenth counts as if silence followed."""
        if self._waiting is not None and len(self._waiting) > _EDGE:
            missing = HOP + 2 * _EDGE - len(self._waiting)
            self.push(np.zeros((missing, self._waiting.shape[1]), np.float32))
        return LoudnessCurve(energy=np.array(self._energy, np.float64), peak=np.array(self._peak, np.float64))

    def _take(self) -> None:
        if self._waiting is None:
            return
        surrounded, self._waiting = self._waiting[: HOP + 2 * _EDGE], self._waiting[HOP:]
        own = surrounded[_EDGE : _EDGE + HOP]
        spectrum = np.square(np.abs(np.fft.rfft(own, axis=0))) * _RESPONSE[:, None]
        power = (spectrum[0] + 2 * spectrum[1:-1].sum(axis=0) + spectrum[-1]) / HOP**2
        self._energy.append(float(power @ _weights(own.shape[1])))
        full = np.fft.rfft(surrounded, axis=0)
        fine = np.fft.irfft(full, n=_OVERSAMPLED * len(surrounded), axis=0) * _OVERSAMPLED
        inner = fine[_OVERSAMPLED * _EDGE : _OVERSAMPLED * (_EDGE + HOP)]
        self._peak.append(float(max(np.abs(inner).max(initial=0.0), np.abs(own).max(initial=0.0))))


def _weights(channels: int) -> DoubleArray:
    return np.array(_WEIGHTS.get(channels, (1.0,) * channels), np.float64)


def _response() -> DoubleArray:
    """The squared gain of both filters at each frequency of a tenth's spectrum."""
    at = np.exp(-2j * np.pi * np.arange(HOP // 2 + 1) / HOP)
    gain = np.ones(len(at), np.complex128)
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        gain *= np.polyval(numerator[::-1], at) / np.polyval(denominator[::-1], at)
    return np.asarray(np.square(np.abs(gain)), np.float64)


def _means(values: DoubleArray, width: int) -> DoubleArray:
    if len(values) < width:
        return np.zeros(0)
    sums = np.cumsum(np.concatenate(([0.0], values)))
    return np.asarray(np.maximum(0.0, (sums[width:] - sums[:-width]) / width))


def _lufs(energy: DoubleArray) -> DoubleArray:
    return np.asarray(-0.691 + _decibels(energy))


def _decibels(power: DoubleArray) -> DoubleArray:
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(power))


_RESPONSE = _response()
