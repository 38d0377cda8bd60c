"""A fingerprint of what a video sounds like: 256 bits a second, to find it again by its sound alone.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): each bit says whether the step in
loudness from one band to the next grew or shrank since an eighth of a second ago. Codecs, other sample rates, another
volume and a telephone leave most of the signs as they were; another speed or pitch does not, and then nothing is found.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from media.video import HEARD_RATE, Heard
from provenance.fingerprint import Second
from provenance.look import Look

WITHIN = 56
"""Up to how many of 256 bits may differ in the same sound; in other sound about 128 do (evals/results/lookup.json)."""

OFFSETS = 32
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
    return tuple(str(_second(number, heard.samples[start:])) for number, start in enumerate(starts))


def sounds_of(heard: Heard | None) -> Look:
    """How a stranger's file sounds, to be looked up: ten seconds of it at the most, evenly spread.

    Each is listened to from OFFSETS beginnings, since a copy may be cut anywhere. Seconds without much sound, or whose
    sound does not change, are left out: they sound like any other.
    """
    samples = np.zeros(0, np.float32) if heard is None else heard.samples
    last = (len(samples) - _SPAN) / HEARD_RATE
    whole = range(int(last) + 1 if last >= 0 else 0)
    chosen = [whole[at] for at in np.unique(np.linspace(0, len(whole) - 1, min(len(whole), _MOST_SECONDS)).astype(int))]
    found = [(second, entry) for second in chosen for entry in _from_everywhere(samples, second)]
    clear = [(second, bits) for second, (bits, quality) in found if quality >= _PLAIN]
    hashes = np.array([bits for _, bits in clear], dtype=np.uint8).reshape(-1, 32)
    return Look(hashes=hashes, seconds=tuple(second for second, _ in clear))


def _from_everywhere(samples: NDArray[np.float32], second: int) -> Iterable[tuple[NDArray[np.uint8], int]]:
    for offset in range(OFFSETS):
        start = second * HEARD_RATE + offset * HEARD_RATE // OFFSETS
        if start + _SPAN <= len(samples):
            yield _bits(samples[start:])


def _second(number: int, samples: NDArray[np.float32]) -> Second:
    bits, quality = _bits(samples)
    return Second(second=number, bits=bits.tobytes().hex(), quality=quality)


def _bits(samples: NDArray[np.float32]) -> tuple[NDArray[np.uint8], int]:
    """32 bytes of what begins here, and how clear they are in [0, 100]: how much the loudness of bands changes."""
    rows = np.stack([samples[start : start + _WINDOW] for start in range(0, _STEP * _ROWS, _STEP)]) * _SHAPE
    power = np.abs(np.fft.rfft(rows, _SIZE, axis=1)) ** 2
    sums = np.cumsum(power[:, : _EDGES[-1] + 1], axis=1)
    loud = np.log((sums[:, _EDGES[1:]] - sums[:, _EDGES[:-1]]) / _WIDTHS + _FLOOR)
    changes = np.diff(np.diff(loud, axis=1), axis=0)
    return np.packbits(changes.ravel() > 0), min(100, int(_CLEAR * float(np.median(np.abs(changes)))))
