"""Counts flashes and red flashes in a video's thumbnails, as WCAG 2.2 defines them and ITU-R BT.1702 limits them.

A flash is a pair of opposing changes: of relative luminance by a tenth or more, where the darker state is below 0.80,
or to or from a saturated red. It counts where it takes a quarter of the picture within a moment, in one part or in
several, in step or not. More than three within a second can cause seizures (WCAG 2.3.1, "general flash and red flash
thresholds"). The quarter is of the whole picture, as BT.1702 has it: how near somebody sits is not known.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
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

_Change = tuple[BoolArray, BoolArray]
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
    return _most_in_a_second(small.at, _reversals(luminance, LUMINANCE_CHANGE, DARKER_BELOW))


def red_flashes(small: Thumbnails) -> FlashCount:
    """Flashes to or from a saturated red: of the two states at least one is, and their redness differs enough."""
    linear = _LINEAR[small.rgb]
    total = linear.sum(axis=-1)
    redness = np.maximum(0.0, (2 * linear[..., 0] - total) * 320)
    saturated = (linear[..., 0] >= SATURATED_RED * total) & (total > 0)
    return _most_in_a_second(small.at, _reversals(redness, RED_CHANGE, math.inf, saturated))


def _reversals(
    values: FloatArray, least: float, darker_below: float, either: BoolArray | None = None
) -> Iterator[_Change]:
    """Which pixels rose, and which fell, by `least` with each picture, the other way than they did last: (36, 64) both.

    A slow change counts once it is large enough, and one that goes on the same way not again. `darker_below` is what
    the darker of the two states must be below; with `either`, one of the two states must be such a pixel.
    """
    shape = values.shape[1:]
    low = high = values[0]
    low_is = high_is = np.ones(shape, bool) if either is None else either[0]
    direction = np.zeros(shape, np.int8)
    yield np.zeros(shape, bool), np.zeros(shape, bool)
    for place, now in enumerate(values[1:], start=1):
        is_such = low_is if either is None else either[place]
        risen = (now - low >= least) & (low < darker_below) & (is_such | low_is)
        fallen = (high - now >= least) & (now < darker_below) & (is_such | high_is) & ~risen
        yield risen & (direction <= 0), fallen & (direction >= 0)
        direction[risen], direction[fallen] = 1, -1
        turned = risen | fallen
        lower, higher = turned | (now < low), turned | (now > high)
        if either is not None:
            low_is, high_is = np.where(lower, is_such, low_is), np.where(higher, is_such, high_is)
        low, high = np.where(lower, now, low), np.where(higher, now, high)


def _most_in_a_second(at: DoubleArray, reversals: Iterable[_Change]) -> FlashCount:
    """Two opposing changes are a flash. `flashes` may be a half."""
    changes = _changes_of_the_picture(at, reversals)
    if not len(changes):
        return FlashCount(flashes=0.0, start=0.0, end=0.0)
    ends = np.searchsorted(changes, changes + _WINDOW - 1e-6)
    first = int(np.argmax(ends - np.arange(len(changes))))
    start, end = float(changes[first]), float(changes[ends[first] - 1])
    return FlashCount(flashes=(int(ends[first]) - first) / 2, start=start, end=end)


def _changes_of_the_picture(at: DoubleArray, reversals: Iterable[_Change]) -> DoubleArray:
    """When a quarter of the picture changed within a moment, the other way than the time before.

    Its parts may lie anywhere. Where some rise as others fall, together a quarter, they have to be those that changed
    the time before: what moves changes other parts each time.
    """
    changes: list[float] = []
    recent: deque[tuple[float, _Change]] = deque()
    direction, before = 0, np.zeros(0, bool)
    for moment, change in zip(at.tolist(), reversals, strict=True):
        recent.append((moment, change))
        while recent[0][0] <= moment - _TOGETHER:
            recent.popleft()
        up, down = (np.logical_or.reduce([change[way] for _, change in recent]) for way in (0, 1))
        changed = up | down
        if changed.mean() < AREA:
            continue
        recent.clear()
        again = before.size > 0 and bool((changed & before).mean() >= AREA)
        before = changed
        if max(up.mean(), down.mean()) >= AREA and up.mean() != down.mean():
            now = 1 if up.mean() > down.mean() else -1
            reversed_now = now != direction
        else:  # in an inverted chequerboard each part goes the other way
            now, reversed_now = -direction, again or (not direction and max(up.mean(), down.mean()) >= AREA)
        if reversed_now:
            direction = now or 1
            changes.append(moment)
    return np.array(changes)
