"""Where a video stands still: there an encoder codes the mark once, while in motion it codes it again in each picture.

In motion the mark therefore costs bytes and hardly survives: it is spared there, and stronger where it lasts.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_LEAST = 0.05
"""What is left of the mark's strength in the fastest motion."""
_USUAL, _SHARE = 0.4, 0.55
"""Change in grey levels that halves the strength, or that share of the usual change where everything moves."""
_CUT = 16.0
"""Mean change in grey levels that is taken for a new shot, if it is also three times the usual one."""
_MEMORY = 0.85


class Calm:
    """Call it with each Y plane (height, width): the share of strength (a quarter of the size) it may have there."""

    def __init__(self) -> None:
        self._last: Floats | None = None
        self._usual = 0.0
        self._mean = 0.0
        self.cut = False

    def __call__(self, luma: NDArray[np.uint8]) -> Floats:
        """Ones for the first picture of a shot: nothing is known of its motion."""
        height, width = luma.shape
        step = 4 * max(1.0, min(height, width) / 720)
        size = max(8, round(width / step)), max(8, round(height / step))
        small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.float32)
        change = np.zeros_like(small) if self._last is None else cv2.blur(cv2.absdiff(small, self._last), (5, 5))
        first, self._last = self._last is None, small
        self.cut = not first and self._is_cut(change)
        if first or self.cut:
            return np.ones_like(small)
        reference = max(_USUAL, _SHARE * self._usual)
        return np.asarray(np.maximum(1 / (1 + np.square(change / np.float32(reference))), _LEAST), np.float32)

    def _is_cut(self, change: Floats) -> bool:
        usual, mean = float(np.median(change)), float(change.mean())
        cut = mean > max(_CUT, 3 * self._mean)
        old = _MEMORY if self._mean else 0.0
        self._mean = old * self._mean + (1 - old) * mean
        if not cut:
            self._usual = (old if self._usual else 0.0) * self._usual + (1 - (old if self._usual else 0.0)) * usual
        return cut
