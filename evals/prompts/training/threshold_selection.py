"""Chooses for each label the margin from which policy holds, so that together they stop few harmless texts.

Each label could be allowed the same share of false alarms, but some earn more by theirs than others. So the share is
spent where it finds most: step by step the label whose next step finds the most unsafe texts for each harmless one.
Which steps come first is a matter of few texts, and what they cost is spent: so afterwards one label's limit is lowered
and another's raised for it, as long as more is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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

_FARTHEST = 4  # steps by which a limit is changed at once
_MOST_EXCHANGES = 60


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
    steps = np.array([np.maximum(np.quantile(good, 1 - share, axis=0), lowest) for share in FALSE_ALARM_STEPS])
    at = _step_by_step(bad, good, steps, max_false_alarms)
    for _ in range(_MOST_EXCHANGES):
        better = _best_exchange(_Stopped.of(bad, steps, at), _Stopped.of(good, steps, at), at, max_false_alarms)
        if better is None:
            break
        for label, step in better:
            at[label] = step
    return np.array([steps[step, label] for label, step in enumerate(at)])


def _step_by_step(bad: AnyArray, good: AnyArray, steps: NDArray[np.float64], most: float) -> list[int]:
    """The place in FALSE_ALARM_STEPS of each label's limit. `steps` (steps, labels) are margins."""
    count = bad.shape[1]
    at = [0] * count
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
            if (stopped.sum() + cost) <= most * len(good) and (worth := (more + 0.01) / (cost + 0.5)) > gain:
                best, gain = label, worth
        if best < 0:
            return at
        at[best] += 1


@dataclass(frozen=True, slots=True, eq=False)
class _Stopped:
    """Which of some texts each label stops from each step on (labels, steps, n), and by how many labels each is now."""

    by: NDArray[np.bool_]
    times: NDArray[np.int16]

    @classmethod
    def of(cls, margins: AnyArray, steps: NDArray[np.float64], at: Sequence[int]) -> _Stopped:
        by = np.stack([margins[:, label] >= steps[:, label, None] for label in range(margins.shape[1])])
        return cls(by, by[np.arange(len(at)), at].sum(0, dtype=np.int16))

    def moved(self, label: int, now: int, then: int) -> _Stopped:
        """The same with another limit of one label."""
        return _Stopped(self.by, self.times - self.by[label, now] + self.by[label, then])

    @property
    def count(self) -> int:
        """How many texts are stopped."""
        return int((self.times > 0).sum())


def _best_exchange(bad: _Stopped, good: _Stopped, at: Sequence[int], most: float) -> tuple[tuple[int, int], ...] | None:
    """(label, step) of a limit to lower, and where that costs too much of another to raise; None if nothing gains."""
    allowed = most * good.times.size
    best: tuple[tuple[int, int], ...] | None = None
    gain = (bad.count, -good.count)
    for label, step in _lower(at):
        found, stopped = bad.moved(label, at[label], step), good.moved(label, at[label], step)
        if stopped.count <= allowed and (worth := (found.count, -stopped.count)) > gain:
            best, gain = ((label, step),), worth
        for other, higher in _higher(at, label):
            held = stopped.moved(other, at[other], higher).count
            if held <= allowed and (worth := (found.moved(other, at[other], higher).count, -held)) > gain:
                best, gain = ((label, step), (other, higher)), worth
    return best


def _lower(at: Sequence[int]) -> Iterator[tuple[int, int]]:
    for label, now in enumerate(at):
        for step in range(now + 1, min(len(FALSE_ALARM_STEPS), now + 1 + _FARTHEST)):
            yield label, step


def _higher(at: Sequence[int], label: int) -> Iterator[tuple[int, int]]:
    for other, now in enumerate(at):
        if other != label:
            for step in sorted({0, *range(max(0, now - _FARTHEST), now)} - {now}):
                yield other, step
