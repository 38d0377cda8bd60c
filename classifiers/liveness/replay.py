"""Were these pictures seen before: in an earlier take, or earlier in this one?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.liveness.capture import FRAME_INTERVAL, LivenessCapture
from classifiers.models import Models

HASH_BITS = 256  # bits of a PDQ hash
_MIN_QUALITY = 50.0  # PDQ's own measure of detail, 0 to 100; below, hashes collide
_SAME_PICTURE_BITS = 20  # bits of 256: a picture that was encoded again
_MIN_LOOP_FRAMES = 10  # pictures: a loop comes again a second later at the earliest
_NEIGHBOUR_FRAMES = 3  # pictures before and after one
_MOVING_BITS = 24  # bits of 256 by which they differ where the head moves
_REPEATED_SHARE = 0.5  # of that difference, within which a later picture is the same one
# Pictures up to 0.3 s around one that differs from it by 24 bits and more: there the head moves, and a picture that
# comes again within half of that is the same one. A face held still looks like itself all the time, and is no loop.
# Such pictures in one stretch: evals/likeness/enrolment_thresholds.py says what real footage has.
_CHANCE_REPEATS = 4  # score 0
_CERTAIN_REPEATS = 8  # score 1

PdqHashes = NDArray[np.uint8]


def hash_capture(take: LivenessCapture, models: Models) -> PdqHashes:
    """(n, 32) PDQ hashes of every third picture, of the whole picture; too plain ones are left out."""
    hasher = models.get("hashes")
    hashed = [hasher.pdq(frame.rgb) for frame in take.frames[::3]]
    kept = [np.frombuffer(hashes[0], np.uint8) for hashes, quality in hashed if quality >= _MIN_QUALITY]
    return np.stack(kept) if kept else np.zeros((0, 32), np.uint8)


def take_replayed(looks: PdqHashes, earlier: PdqHashes) -> float | None:
    """Twice the share of pictures that an earlier take has almost bit for bit; in half of them it is certain."""
    if not len(looks):
        return None
    if not len(earlier):
        return 0.0
    again = [
        int(np.bitwise_count(earlier ^ hash_value).sum(axis=1).min()) <= _SAME_PICTURE_BITS for hash_value in looks
    ]
    return min(1.0, 2.0 * float(np.mean(again)))


def take_looped(take: LivenessCapture, models: Models) -> float | None:
    """Whether pictures in motion come again in the same order, a second later or more: 1.0 from eight in a stretch."""
    count = longest_loop(take, models)
    if count is None:
        return None
    return min(1.0, max(0.0, (count - _CHANCE_REPEATS) / (_CERTAIN_REPEATS - _CHANCE_REPEATS)))


def longest_loop(take: LivenessCapture, models: Models) -> int | None:
    """The most pictures in motion that come again within one stretch that comes again; None for too short a take."""
    hasher = models.get("hashes")
    hashes = np.stack([np.frombuffer(hasher.pdq(frame.rgb)[0][0], np.uint8) for frame in take.frames])
    count = len(hashes)
    if count < _MIN_LOOP_FRAMES + _CERTAIN_REPEATS:
        return None
    apart = np.stack([np.bitwise_count(hashes ^ hash_value).sum(axis=1) for hash_value in hashes]).astype(np.int64)
    motion = np.array([apart[n, max(0, n - _NEIGHBOUR_FRAMES) : n + _NEIGHBOUR_FRAMES + 1].max() for n in range(count)])
    most = 0
    for lag in range(_MIN_LOOP_FRAMES, count):
        away, moved = apart.diagonal(lag), motion[: count - lag]
        again = away <= _SAME_PICTURE_BITS
        most = max(most, _most(again, again & (moved >= _MOVING_BITS) & (away <= _REPEATED_SHARE * moved)))
    return most


def _most(again: NDArray[np.bool_], moving: NDArray[np.bool_]) -> int:
    """The most that move within one unbroken stretch of what comes again."""
    best = run = 0
    for same, counts in zip(again, moving, strict=True):
        run = run + int(counts) if same else 0
        best = max(best, run)
    return best


HASH_INTERVAL = FRAME_INTERVAL * 3
"""The distance between two hashes, in bits."""
