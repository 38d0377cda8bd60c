"""How strong the mark may be at each place without being seen: little on flat ground, more in texture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from media.arrays import FloatArray

FLAT_RMS = 0.26
"""Root mean square of the mark on flat ground, in grey levels."""

MAX_RMS = 1.8
"""The same in the strongest texture."""

_ACTIVITY_GAIN = 0.30  # grey levels of the mark at an activity of one grey level
_ACTIVITY_EXPONENT = 0.75  # power of the activity with which the mark grows
_ACTIVITY_FLOOR = 0.4
"""Activity in grey levels below which ground counts as flat."""


def perceptual_mask(
    luma: NDArray[np.uint8], motion_mask: FloatArray | None = None, *, flat_rms: float = FLAT_RMS
) -> FloatArray:
    """The root mean square in grey levels that the mark may have at each place, at about half the size or less.

    `motion_mask`, of any size, is the share of it that motion leaves; `flat_rms` is what flat ground may have.

    Activity is the geometric mean of fine detail around a place, so that an edge does not lend its strength to the
    smooth ground next to it. Very dark and very bright texture hides more (Chou and Li, IEEE TCSVT 5(6), 1995);
    smooth sky and shadow do not.
    """
    height, width = luma.shape
    reach = max(1.0, min(height, width) / 720)
    small = _shrink(luma, 2 * reach)
    detail = cv2.absdiff(small, cv2.GaussianBlur(small, (0, 0), 2.0)) + _ACTIVITY_FLOOR
    activity = cv2.exp(_smooth(cv2.log(detail))) - _ACTIVITY_FLOOR
    busy = (
        _ACTIVITY_GAIN
        * np.power(np.maximum(activity, 0.0), _ACTIVITY_EXPONENT)
        * _luminance_factor(cv2.blur(small, (9, 9)))
    )
    strength = np.minimum(flat_rms + busy, MAX_RMS)
    if motion_mask is not None:
        strength = strength * cv2.resize(motion_mask, strength.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(strength, np.float32)


def _shrink(luma: NDArray[np.uint8], factor: float) -> FloatArray:
    size = (max(1, round(luma.shape[1] / factor)), max(1, round(luma.shape[0] / factor)))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.float32)


def _smooth(picture: FloatArray) -> FloatArray:
    return np.asarray(cv2.blur(cv2.blur(picture, (9, 9)), (9, 9)))


def _luminance_factor(level: FloatArray) -> FloatArray:
    bright = np.clip((level - 128) / 127, 0, 1) ** 2
    dark = np.clip((70 - level) / 70, 0, 1)
    return np.asarray(1.0 + 0.3 * bright + 0.3 * dark, np.float32)
