"""How loud something may be in each bin and stay unheard behind the sound itself (Johnston 1988, simplified).

Power is summed in critical bands, spread to the neighbours as the ear spreads it, and lowered by an offset: what
is masked by noise may be 5.5 dB under it, behind a tone 14.5 dB and one more for each Bark. A band counts as tonal as
far as its spectrum is uneven, or its level predictable from window to window.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from media.arrays import PowerSpectrum

_TONE_FLATNESS = -15.0  # dB: from here on a band is all tone
_NOISE_MASKER_OFFSET = 5.5  # dB under a noise that masks (Johnston 1988)
_TONE_MASKER_OFFSET = 14.5  # dB under a tone that masks, plus one for each Bark (Johnston 1988)


@dataclass(frozen=True, slots=True, eq=False)
class _CriticalBands:
    """`bands` (bins, bands): which bin is in which; `spread` (bands, bands); `bark` of the bins; `width` in bins."""

    bands: NDArray[np.float32]
    spread: NDArray[np.float32]
    bark: NDArray[np.float32]
    width: NDArray[np.float32]


def masking_threshold(power: PowerSpectrum, tonality: NDArray[np.float32], size: int, rate: int) -> PowerSpectrum:
    """(windows, bins) power in a bin that stays unheard; `tonality` per bin from 0 (noise) to 1 (steady)."""
    ear = _critical_bands(size, rate)
    energy = power @ ear.bands
    tonal = np.maximum(tonality, _tonality(power, energy, ear) @ ear.bands.T)
    offset = tonal * (_TONE_MASKER_OFFSET + ear.bark) + (1 - tonal) * _NOISE_MASKER_OFFSET
    level = (energy @ ear.spread / ear.width) @ ear.bands.T
    return np.asarray(level * np.exp(offset * np.float32(-np.log(10) / 10)), np.float32)


def _tonality(power: PowerSpectrum, energy: PowerSpectrum, ear: _CriticalBands) -> PowerSpectrum:
    """(windows, bands): 0 for a flat spectrum, 1 for one that is all in a few bins."""
    tiny = np.float32(1e-12)
    mean = energy / ear.width
    flatness = (np.log(power + tiny) @ ear.bands) / ear.width - np.log(mean + tiny)
    return np.asarray(np.clip(flatness * np.float32(10 / np.log(10) / _TONE_FLATNESS), 0, 1), np.float32)


@cache
def _critical_bands(size: int, rate: int) -> _CriticalBands:
    hertz = np.arange(size // 2 + 1) * rate / size
    bark = 13 * np.arctan(0.00076 * hertz) + 3.5 * np.arctan((hertz / 7500) ** 2)
    bands = np.zeros((len(hertz), int(bark[-1]) + 1), np.float32)
    bands[np.arange(len(hertz)), bark.astype(np.intp)] = 1
    bands = bands[:, bands.any(0)]
    apart = np.arange(bands.shape[1])[:, None] - np.arange(bands.shape[1])[None] + 0.474
    spread = 10 ** ((15.81 + 7.5 * apart - 17.5 * np.sqrt(1 + apart**2)) / 10)  # Schroeder 1979
    return _CriticalBands(
        bands=bands,
        spread=(spread / spread.sum(1, keepdims=True)).T.astype(np.float32),
        bark=bark.astype(np.float32),
        width=bands.sum(0),
    )
