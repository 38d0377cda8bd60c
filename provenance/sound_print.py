"""A fingerprint of what a video sounds like: 256 bits a second, to find it again by its sound alone.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): each bit says whether the step in
loudness from one band to the next grew or shrank since an eighth of a second ago. Codecs, other sample rates, another
volume and a telephone leave most of the signs as they were; another speed or pitch does not, and then nothing is found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media.video import HEARD_RATE, Heard
from provenance.fingerprint import Second
from provenance.look import Look

WITHIN = 56
"""Up to how many of 256 bits may differ in the same sound; in other sound about 128 do (evals/results/lookup.json)."""

OFFSETS = 32
_HOP = HEARD_RATE // OFFSETS
_WINDOW, _STEP, _ROWS = 6144, HEARD_RATE // 8, 9  # samples: 0.384 s and 0.125 s; the first row is only compared with
_SPAN = _STEP * (_ROWS - 1) + _WINDOW
_SIZE, _BANDS, _LOW, _HIGH = 8192, 33, 300.0, 3400.0
_EDGES = np.round(np.geomspace(_LOW, _HIGH, _BANDS + 1) / HEARD_RATE * _SIZE).astype(int)
_WIDTHS = np.diff(_EDGES)
_SHAPE = np.hanning(_WINDOW).astype(np.float32)
_FLOOR = 1e-6
_CLEAR = 250  # a typical change of 0.2 (in nepers of energy) is a quality of 50
_PLAIN = 50
_MOST_SECONDS = 10


def sound_fingerprint(heard: Heard | None) -> tuple[str, ...]:
    """One entry for each whole second as `second:hex:quality`, as fingerprint() writes them; nothing without sound."""
    if heard is None:
        return ()
    starts = range(0, max(0, len(heard.samples) - _SPAN + 1), HEARD_RATE)
    return tuple(str(_second(number, heard.samples[start : start + _SPAN])) for number, start in enumerate(starts))


def sounds_of(heard: Heard | None) -> Look:
    """How a stranger's file sounds, to be looked up: ten seconds of it at the most, evenly spread.

    Each is listened to from OFFSETS beginnings, since a copy may be cut anywhere. Seconds without much sound, or whose
    sound does not change, are left out: they sound like any other.
    """
    samples = np.zeros(0, np.float32) if heard is None else heard.samples
    whole = 1 + (len(samples) - _SPAN) // HEARD_RATE  # how many seconds can be listened to from their beginning
    chosen = np.unique(np.linspace(0, whole - 1, min(whole, _MOST_SECONDS)).astype(int)) if whole > 0 else ()
    found = [(int(second), *one) for second in chosen for one in _from_everywhere(samples[second * HEARD_RATE :])]
    clear = [(second, bits) for second, bits, quality in found if quality >= _PLAIN]
    hashes = np.array([bits for _, bits in clear], dtype=np.uint8).reshape(-1, 32)
    return Look(hashes=hashes, seconds=tuple(second for second, _ in clear))


def _from_everywhere(samples: NDArray[np.float32]) -> list[tuple[NDArray[np.uint8], int]]:
    """What begins within a second, from each of OFFSETS places where enough follows; they share most of their rows."""
    last = min(len(samples) - _WINDOW, (OFFSETS - 1) * _HOP + _STEP * (_ROWS - 1))
    loud = _loud(samples, range(0, last + 1, _HOP))
    apart = _STEP // _HOP
    reach = apart * (_ROWS - 1) + 1
    return [_bits(loud[first : first + reach : apart]) for first in range(min(OFFSETS, len(loud) - reach + 1))]


def _second(number: int, samples: NDArray[np.float32]) -> Second:
    bits, quality = _bits(_loud(samples, range(0, _STEP * _ROWS, _STEP)))
    return Second(second=number, bits=bits.tobytes().hex(), quality=quality)


def _loud(samples: NDArray[np.float32], starts: range) -> NDArray[np.float64]:
    """(windows that begin there, bands): the logarithm of each band's energy."""
    rows = np.stack([samples[start : start + _WINDOW] for start in starts]) * _SHAPE
    power = np.abs(np.fft.rfft(rows, _SIZE, axis=1)[:, : _EDGES[-1] + 1]) ** 2
    sums = np.cumsum(power, axis=1)
    found: NDArray[np.float64] = np.log((sums[:, _EDGES[1:]] - sums[:, _EDGES[:-1]]) / _WIDTHS + _FLOOR)
    return found


def _bits(loud: NDArray[np.float64]) -> tuple[NDArray[np.uint8], int]:
    """32 bytes of _ROWS rows, and how clear they are in [0, 100]: how much the loudness of bands changes."""
    changes = np.diff(np.diff(loud, axis=1), axis=0)
    return np.packbits(changes.ravel() > 0), min(100, int(_CLEAR * float(np.median(np.abs(changes)))))
