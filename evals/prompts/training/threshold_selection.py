"""Chooses for each label the margin from which policy holds, so that together they stop few harmless texts.

Each label could be allowed the same share of false alarms, but some earn more by theirs than others. So the share is
spent where it finds most: step by step the label whose next step finds the most unsafe texts for each harmless one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from media.arrays import AnyArray

FALSE_ALARM_STEPS = (
    0.0003,
    0.0006,
    0.001,
    0.0015,
    0.002,
    0.003,
    0.004,
    0.006,
    0.008,
    0.012,
    0.016,
    0.024,
    0.032,
    0.048,
)


def select_thresholds(
    margins: AnyArray,
    positives: NDArray[np.bool_],
    negatives: NDArray[np.bool_],
    *,
    max_false_alarms: float,
    lowest: Sequence[float],
) -> NDArray[np.float64]:
    """(labels,) margins from which to hold. `margins` (n, labels).

    `max_false_alarms` is the share of the harmless that may be held by any label; no limit lies below `lowest`
    (labels,).
    """
    bad, good = margins[positives], margins[negatives]
    count = margins.shape[1]
    steps = np.array([np.maximum(np.quantile(good, 1 - share, axis=0), lowest) for share in FALSE_ALARM_STEPS])
    at = np.zeros(count, int)
    while True:
        here = np.array([steps[at[label], label] for label in range(count)])
        found, stopped = (bad >= here).any(1), (good >= here).any(1)
        best, gain = -1, 0.0
        for label in range(count):
            if at[label] + 1 == len(FALSE_ALARM_STEPS):
                continue
            lower = steps[at[label] + 1, label]
            more = int((bad[~found, label] >= lower).sum())
            cost = int((good[~stopped, label] >= lower).sum())
            if (stopped.sum() + cost) <= max_false_alarms * len(good) and (
                worth := (more + 0.01) / (cost + 0.5)
            ) > gain:
                best, gain = label, worth
        if best < 0:
            return here
        at[best] += 1
