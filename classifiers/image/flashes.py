"""Counts flashes and red flashes in a video's thumbnails, as WCAG 2.2 defines them and ITU-R BT.1702 limits them.

A flash is a pair of opposing changes: of relative luminance by a tenth or more, where the darker state is below 0.80,
or to or from a saturated red. It counts where it takes a quarter of the picture within a moment. More than three within
a second can cause seizures (WCAG 2.3.1, "general flash and red flash thresholds").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from media.arrays import BoolArray, DoubleArray, FloatArray
from media.video import Thumbnails

LUMINANCE_CHANGE = 0.1  # of the relative luminance of white
DARKER_BELOW = 0.8  # relative luminance
RED_CHANGE = 20.0  # of (R - G - B) x 320, in linear light
SATURATED_RED = 0.8  # R / (R + G + B)
AREA = 0.25  # of the picture
_TOGETHER = 0.1  # seconds within which parts of a picture change together
_WINDOW = 1.0  # seconds

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
_levels = np.arange(256, dtype=np.float32) / 255
_LINEAR = np.where(_levels <= 0.04045, _levels / 12.92, ((_levels + 0.055) / 1.055) ** 2.4).astype(np.float32)
"""Linear light of each 8-bit level (IEC 61966-2-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashCount:
    """The most flashes within one second, and that second."""

    flashes: float
    start: float
    end: float


def general_flashes(small: Thumbnails) -> FlashCount:
    """Flashes of luminance. There is at least one picture."""
    luminance = np.asarray(_LINEAR[small.rgb] @ _LUMINANCE, dtype=np.float32)
    return _most_in_a_second(small.at, *_changed(luminance, LUMINANCE_CHANGE, DARKER_BELOW))


def red_flashes(small: Thumbnails) -> FlashCount:
    """Flashes to or from a saturated red. Of two states the redder is saturated, where one is: others count as 0."""
    linear = _LINEAR[small.rgb]
    total = linear.sum(axis=-1)
    redness = np.maximum(0.0, (2 * linear[..., 0] - total) * 320)
    saturated = (linear[..., 0] >= SATURATED_RED * total) & (total > 0)
    return _most_in_a_second(small.at, *_changed(np.where(saturated, redness, 0.0), RED_CHANGE, math.inf))


def _changed(values: FloatArray, least: float, darker_below: float) -> tuple[BoolArray, BoolArray]:
    """Which pixels rose, and which fell, by `least` with each picture, since they last did either: (n, 36, 64) both.

    A slow change counts once it is large enough. `darker_below` is what the darker of the two states must be below.
    """
    risen, fallen = np.zeros(values.shape, bool), np.zeros(values.shape, bool)
    low = high = values[0]
    for place, now in enumerate(values[1:], start=1):
        risen[place] = (now - low >= least) & (low < darker_below)
        fallen[place] = (high - now >= least) & (now < darker_below)
        turned = risen[place] | fallen[place]
        low = np.where(turned, now, np.minimum(low, now))
        high = np.where(turned, now, np.maximum(high, now))
    return risen, fallen


def _most_in_a_second(at: DoubleArray, risen: BoolArray, fallen: BoolArray) -> FlashCount:
    """Two opposing changes are a flash. `flashes` may be a half."""
    changes = _changes_of_the_picture(at, risen, fallen)
    if not len(changes):
        return FlashCount(flashes=0.0, start=0.0, end=0.0)
    ends = np.searchsorted(changes, changes + _WINDOW - 1e-6)
    first = int(np.argmax(ends - np.arange(len(changes))))
    start, end = float(changes[first]), float(changes[ends[first] - 1])
    return FlashCount(flashes=(int(ends[first]) - first) / 2, start=start, end=end)


def _changes_of_the_picture(at: DoubleArray, risen: BoolArray, fallen: BoolArray) -> DoubleArray:
    """When a quarter of the picture changed within a moment, the other way than the time before."""
    changes: list[float] = []
    direction, since = 0, -1
    for place in range(len(at)):
        begin = max(since + 1, int(np.searchsorted(at, at[place] - _TOGETHER, side="right")))
        up, down = (side[begin : place + 1].any(axis=0).mean() for side in (risen, fallen))
        if max(up, down) < AREA:
            continue
        # Where as much rises as falls, as in a chequerboard that is inverted, each part goes the other way.
        now = -direction if up == down and direction else (1 if up >= down else -1)
        since = place
        if now != direction:
            direction = now
            changes.append(float(at[place]))
    return np.array(changes)
