"""Spends strength where the sound itself speaks against the payload, and saves it where it happens to agree.

The sound's own evidence for or against each coded bit is known when marking; to the detector it is noise. Chips of a
bit that it already favours are made weaker, those of a bit it speaks against stronger (Malvar and Florencio's improved
spread spectrum, 2003), about as much in all as before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media.arrays import PowerSpectrum
from provenance.watermark.audio.soft_chips import normalised_contrast

MIN_GAIN = 0.3
"""The least factor on the strength of a chip."""

MAX_GAIN = 1.7
"""The largest factor on the strength of a chip."""
_CANCELLED_SHARE = 0.8  # of the sound's evidence that is cancelled
_SURVIVING_SHARE = 0.5  # of a change of the log power of bands that the detector's windows and codecs leave
_NOISE = 0.01  # cells that noise 20 dB under the sound would cover count less: there the bit must not depend on them


def chip_gains(
    power: PowerSpectrum,
    bin_weights: PowerSpectrum,
    signs: PowerSpectrum,
    bits: NDArray[np.intp],
    strength: PowerSpectrum,
) -> NDArray[np.float32]:
    """(windows, pairs) factors for the `strength` (windows, bins) of a change of `power` (windows, bins).

    `bin_weights` is layout.spread(); `signs` (windows, pairs) are those to be written and `bits` the numbers of the
    coded
    bits they stand for, -1 for pilots.
    """
    lower, upper = np.maximum(bin_weights, 0), np.maximum(-bin_weights, 0)
    bands = np.stack([lower, upper], axis=1).reshape(-1, bin_weights.shape[1]).T
    noise = np.float32(_NOISE) * power.sum(1).mean() / power.shape[1]
    lean, unit = normalised_contrast(power @ bands, noise * bands.sum(0))
    strength = (strength @ (lower + upper).T) / np.maximum((lower + upper).sum(1), 1e-9)
    own = np.bincount((bits + 1).ravel(), (signs * lean).ravel())
    added = np.bincount((bits + 1).ravel(), (4 * _SURVIVING_SHARE * strength * unit).ravel())
    factor = np.clip(1 - _CANCELLED_SHARE * own / np.maximum(added, 1e-9), MIN_GAIN, MAX_GAIN)
    factor[0] = 1  # pilots
    return factor[bits + 1].astype(np.float32)
