"""How strong the mark may be at each place without being seen: little on flat ground, more in texture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FLAT, MOST = 0.26, 1.8
"""Root mean square of the mark in grey levels on flat ground, and in the strongest texture."""
_GAIN, _POWER = 0.30, 0.75
_NOISE = 0.4
"""Activity in grey levels below which ground counts as flat."""


def visibility(luma: NDArray[np.uint8], calm: Floats | None = None) -> Floats:
    """The root mean square in grey levels that the mark may have at each place, at about half the size or less.

    `calm`, of any size, is the share of it that motion leaves.

    Activity is the geometric mean of fine detail around a place, so that an edge does not lend its strength to the
    smooth ground beside it. Very dark and very bright texture hides more (Chou and Li, IEEE TCSVT 5(6), 1995);
    smooth sky and shadow do not.
    """
    height, width = luma.shape
    reach = max(1.0, min(height, width) / 720)
    small = _shrink(luma, 2 * reach)
    detail = cv2.absdiff(small, cv2.GaussianBlur(small, (0, 0), 2.0)) + _NOISE
    activity = cv2.exp(_smooth(cv2.log(detail))) - _NOISE
    busy = _GAIN * np.power(np.maximum(activity, 0.0), _POWER) * _by_brightness(cv2.blur(small, (9, 9)))
    strength = np.minimum(FLAT + busy, MOST)
    if calm is not None:
        strength = strength * cv2.resize(calm, strength.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(strength, np.float32)


def _shrink(luma: NDArray[np.uint8], factor: float) -> Floats:
    size = (max(1, round(luma.shape[1] / factor)), max(1, round(luma.shape[0] / factor)))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.float32)


def _smooth(picture: Floats) -> Floats:
    return np.asarray(cv2.blur(cv2.blur(picture, (9, 9)), (9, 9)))


def _by_brightness(level: Floats) -> Floats:
    bright = np.clip((level - 128) / 127, 0, 1) ** 2
    dark = np.clip((70 - level) / 70, 0, 1)
    return np.asarray(1.0 + 0.3 * bright + 0.3 * dark, np.float32)
