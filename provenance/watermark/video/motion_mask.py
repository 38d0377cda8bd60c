"""Where nothing moves an encoder codes the mark once; in motion it codes it again in each picture.

In motion the mark therefore costs bytes and hardly survives: it is spared there, and stronger where it lasts.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import FloatArray

_MIN_STRENGTH = 0.05
"""What is left of the mark's strength in the fastest motion."""
_HALVING_CHANGE = 0.4
"""Change in grey levels that halves the strength."""

_RELATIVE_HALVING_CHANGE = 0.55
"""The same as a share of the usual change, where everything moves."""
_SCENE_CUT_CHANGE = 16.0
"""Mean change in grey levels that is taken for a new shot, if it is also three times the usual one."""
_SMOOTHING = 0.85  # share that the running means of changes keep from one picture to the next


class MotionMask:
    """Call it with each Y plane (height, width): the share of strength (a quarter of the size) it may have there."""

    def __init__(self) -> None:
        self._last: FloatArray | None = None
        self._usual = 0.0
        self._mean = 0.0
        self.scene_cut = False

    def __call__(self, luma: NDArray[np.uint8]) -> FloatArray:
        """Ones for the first picture of a shot: nothing is known of its motion."""
        height, width = luma.shape
        step = 4 * max(1.0, min(height, width) / 720)
        size = max(8, round(width / step)), max(8, round(height / step))
        small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.float32)
        change = np.zeros_like(small) if self._last is None else cv2.blur(cv2.absdiff(small, self._last), (5, 5))
        first, self._last = self._last is None, small
        self.scene_cut = not first and self._is_scene_cut(change)
        if first or self.scene_cut:
            return np.ones_like(small)
        reference = max(_HALVING_CHANGE, _RELATIVE_HALVING_CHANGE * self._usual)
        return np.asarray(np.maximum(1 / (1 + np.square(change / np.float32(reference))), _MIN_STRENGTH), np.float32)

    def _is_scene_cut(self, change: FloatArray) -> bool:
        usual, mean = float(np.median(change)), float(change.mean())
        cut = mean > max(_SCENE_CUT_CHANGE, 3 * self._mean)
        old = _SMOOTHING if self._mean else 0.0
        self._mean = old * self._mean + (1 - old) * mean
        if not cut:
            self._usual = (old if self._usual else 0.0) * self._usual + (1 - (old if self._usual else 0.0)) * usual
        return cut
