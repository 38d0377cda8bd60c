"""How a second sounds, as 256 bits.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): each bit says whether the step in
loudness from one band to the next grew or shrank since an eighth of a second ago. Codecs, other sample rates, another
volume and a telephone leave most of the signs as they were; another speed or pitch does not, and then nothing is found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from media.search_hashes import SearchHashes
from media.video import MONO_SAMPLE_RATE, MonoAudio

OFFSETS_PER_SECOND = 32
MIN_SOUND_QUALITY = 50
"""Below this quality, of 100, there is little sound or it does not change: it sounds like any other."""

_HOP = MONO_SAMPLE_RATE // OFFSETS_PER_SECOND
_WINDOW, _STEP, _ROWS = (
    6144,
    MONO_SAMPLE_RATE // 8,
    9,
)  # samples: 0.384 s and 0.125 s; the first row is only compared with
_SPAN = _STEP * (_ROWS - 1) + _WINDOW
_SIZE, _BANDS, _LOW, _HIGH = 8192, 33, 300.0, 3400.0
_EDGES = np.round(np.geomspace(_LOW, _HIGH, _BANDS + 1) / MONO_SAMPLE_RATE * _SIZE).astype(int)
_WIDTHS = np.diff(_EDGES)
_WINDOW_FUNCTION = np.hanning(_WINDOW).astype(np.float32)
_ENERGY_FLOOR = 1e-6
_QUALITY_SCALE = 250  # a typical change of 0.2 (in nepers of energy) is a quality of 50


def hashed_seconds(heard: MonoAudio) -> Sequence[tuple[int, bytes, int]]:
    """(second, 32 bytes, quality in [0, 100]) of each whole second."""
    starts = range(0, max(0, len(heard.samples) - _SPAN + 1), MONO_SAMPLE_RATE)
    found = []
    for second, start in enumerate(starts):
        loud = _band_log_energies(heard.samples[start : start + _SPAN], range(0, _STEP * _ROWS, _STEP))
        bits, quality = _hash_bits(loud)
        found.append((second, bits.tobytes(), quality))
    return found


def spread_sound_hashes(heard: MonoAudio | None, max_seconds: int) -> SearchHashes:
    """How sound is looked up: at most so many of its seconds, evenly spread, each from OFFSETS_PER_SECOND beginnings.

    A copy may be cut anywhere. Seconds without much sound, or whose sound does not change, are left out.
    """
    samples = np.zeros(0, np.float32) if heard is None else heard.samples
    whole = 1 + (len(samples) - _SPAN) // MONO_SAMPLE_RATE  # how many seconds can be listened to from their beginning
    chosen = np.unique(np.linspace(0, whole - 1, min(whole, max_seconds)).astype(int)) if whole > 0 else ()
    found = [
        (int(second), *one) for second in chosen for one in _hashes_at_all_offsets(samples[second * MONO_SAMPLE_RATE :])
    ]
    clear = [(second, bits) for second, bits, quality in found if quality >= MIN_SOUND_QUALITY]
    hashes = np.array([bits for _, bits in clear], dtype=np.uint8).reshape(-1, 32)
    return SearchHashes(hashes=hashes, seconds=tuple(second for second, _ in clear))


def _hashes_at_all_offsets(samples: NDArray[np.float32]) -> list[tuple[NDArray[np.uint8], int]]:
    """What begins within a second, from each of OFFSETS_PER_SECOND places where enough follows; they share most of
    their rows.
    """
    last = min(len(samples) - _WINDOW, (OFFSETS_PER_SECOND - 1) * _HOP + _STEP * (_ROWS - 1))
    loud = _band_log_energies(samples, range(0, last + 1, _HOP))
    apart = _STEP // _HOP
    reach = apart * (_ROWS - 1) + 1
    return [
        _hash_bits(loud[first : first + reach : apart])
        for first in range(min(OFFSETS_PER_SECOND, len(loud) - reach + 1))
    ]


def _band_log_energies(samples: NDArray[np.float32], starts: range) -> NDArray[np.float64]:
    """(windows that begin there, bands): the logarithm of each band's energy."""
    rows = np.stack([samples[start : start + _WINDOW] for start in starts]) * _WINDOW_FUNCTION
    power = np.abs(np.fft.rfft(rows, _SIZE, axis=1)[:, : _EDGES[-1] + 1]) ** 2
    sums = np.cumsum(power, axis=1)
    found: NDArray[np.float64] = np.log((sums[:, _EDGES[1:]] - sums[:, _EDGES[:-1]]) / _WIDTHS + _ENERGY_FLOOR)
    return found


def _hash_bits(loud: NDArray[np.float64]) -> tuple[NDArray[np.uint8], int]:
    """32 bytes of _ROWS rows, and how clear they are in [0, 100]: how much the loudness of bands changes."""
    changes = np.diff(np.diff(loud, axis=1), axis=0)
    return np.packbits(changes.ravel() > 0), min(100, int(_QUALITY_SCALE * float(np.median(np.abs(changes)))))
