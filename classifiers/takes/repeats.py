"""Were these pictures seen before: in an earlier take, or earlier in this one?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.takes.take import EVERY, Take

BITS = 256
_PLAIN = 50.0
_SAME = 20  # bits of 256: a picture that was encoded again
_RUN, _LAG = 4, 10  # pictures in a row that come again, at the earliest a second later
_MOVING = 14  # bits between neighbours: a face held still looks like itself, and that is no loop

Looks = NDArray[np.uint8]


def looks_of(take: Take) -> Looks:
    """(n, 32) PDQ hashes of every third picture, of the whole picture; too plain ones are left out."""
    hasher = models.get("hashes")
    found = [hasher.pdq(frame.rgb) for frame in take.frames[::3]]
    kept = [np.frombuffer(hashes[0], np.uint8) for hashes, quality in found if quality >= _PLAIN]
    return np.stack(kept) if kept else np.zeros((0, 32), np.uint8)


def take_replayed(looks: Looks, earlier: Looks) -> float | None:
    """Twice the share of pictures that an earlier take has almost bit for bit; in half of them it is certain."""
    if not len(looks):
        return None
    if not len(earlier):
        return 0.0
    again = [int(np.bitwise_count(earlier ^ one).sum(axis=1).min()) <= _SAME for one in looks]
    return min(1.0, 2.0 * float(np.mean(again)))


def take_looped(take: Take) -> float | None:
    """Whether pictures in motion come again in the same order, a second later or more: 1.0 from eight in a row."""
    hasher = models.get("hashes")
    hashes = np.stack([np.frombuffer(hasher.pdq(frame.rgb)[0][0], np.uint8) for frame in take.frames])
    count = len(hashes)
    if count < _LAG + _RUN:
        return None
    steps = np.append(np.bitwise_count(hashes[1:] ^ hashes[:-1]).sum(axis=1), 0)
    longest = 0
    for lag in range(_LAG, count - _RUN):
        same = np.bitwise_count(hashes[lag:] ^ hashes[:-lag]).sum(axis=1) <= _SAME
        longest = max(longest, _longest(same & (steps[: count - lag] >= _MOVING)))
    return min(1.0, max(0.0, (longest - _RUN + 1) / _RUN)) if longest >= _RUN else 0.0


def _longest(flags: NDArray[np.bool_]) -> int:
    best = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        best = max(best, run)
    return best


SECONDS_EACH = EVERY * 3
"""How far apart looks lie."""
