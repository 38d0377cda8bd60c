"""The hashes by which a picture is looked up in banks, and those that a bank keeps of it.

PDQ is blind to little else than crops and borders: a tenth cut off makes another picture of it, and so does a border.
So a border is taken off what is looked up, and of what is banked the inner parts are hashed too.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from classifiers.image.sampled_frames import downscale
from classifiers.models import Models
from media.lookup.bank_hashes import FrameViews

MIN_HASH_QUALITY_OF_VIEWS = 50
"""PDQ's own measure of detail, 0 to 100; below, hashes collide."""

BANKED_VIEWS = (1000, 970, 940, 910, 880, 850, 820)
"""How much of its width and height each view of a banked picture has, in thousandths; the whole comes first."""

CORNER_VIEWS = (950, 900)
"""The same of views that lie in a corner, each in all four."""

_SIDE = 512  # pixels of the longer side: PDQ sees no more
_FLAT = 6.0  # grey levels by which a border's pixels differ from one another
_MIN_BORDER, _MAX_BORDER = 0.015, 0.35  # share of a side


def frame_views(rgb: NDArray[np.uint8], models: Models) -> FrameViews:
    """What is looked up of a picture: PDQ of all eight ways to turn and mirror it, also without its border; phash.

    Empty of a picture without detail.
    """
    hasher = models.get("hashes")
    small = downscale(rgb, _SIDE)
    hashes, quality = hasher.pdq(small)
    found = list(hashes) if quality >= MIN_HASH_QUALITY_OF_VIEWS else []
    inner = without_border(small)
    if inner.shape != small.shape:
        more, quality = hasher.pdq(inner)
        found += more if quality >= MIN_HASH_QUALITY_OF_VIEWS else []
    phash = hasher.phash(small) if found else b""
    return FrameViews(pdq=np.frombuffer(b"".join(found), np.uint8).reshape(-1, 32), phash=phash)


def banked_hashes(rgb: NDArray[np.uint8], models: Models) -> list[tuple[int, bytes]]:
    """What a bank keeps of a picture: (view, PDQ) of the whole and of its inner parts. Empty without detail."""
    hasher = models.get("hashes")
    inner = without_border(downscale(rgb, _SIDE))
    found = []
    for view, part in _parts(inner):
        hashes, quality = hasher.pdq(part)
        if quality >= MIN_HASH_QUALITY_OF_VIEWS:
            found.append((view, hashes[0]))
        elif view == BANKED_VIEWS[0]:
            return []
    return found


def without_border(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture without rows and columns of one colour along its edges; as it is where they are too many or none."""
    grey = rgb.mean(axis=2)
    top, bottom = _border(grey), _border(grey[::-1])
    left, right = _border(grey.T), _border(grey.T[::-1])
    height, width = grey.shape
    if max(top, bottom, left, right) == 0 or top + bottom >= height or left + right >= width:
        return rgb
    return np.ascontiguousarray(rgb[top : height - bottom, left : width - right])


def _border(grey: NDArray[np.float64]) -> int:
    """How many rows from the first on are of one colour, and of the same one; none where they are too few or many."""
    level = np.median(grey[0])
    other = np.percentile(np.abs(grey - level), 98, axis=1) > _FLAT
    rows = int(np.argmax(other)) if other.any() else len(grey)
    return rows if _MIN_BORDER * len(grey) <= rows <= _MAX_BORDER * len(grey) else 0


def _parts(rgb: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Every view of a picture that is banked, in thousandths of its sides: those in the middle, then in the corners."""
    for view in BANKED_VIEWS:
        yield view, _part(rgb, view, 0.5, 0.5)
    for view in CORNER_VIEWS:
        for down, right in product((0.0, 1.0), repeat=2):
            yield view, _part(rgb, view, down, right)


def _part(rgb: NDArray[np.uint8], view: int, down: float, right: float) -> NDArray[np.uint8]:
    """So much of the picture, as far down and right of what is cut off, in [0, 1]."""
    height, width = rgb.shape[:2]
    rows, columns = round(height * view / 1000), round(width * view / 1000)
    top, left = round((height - rows) * down), round((width - columns) * right)
    return np.ascontiguousarray(rgb[top : top + rows, left : left + columns])
