"""The interval of a share, one for all evals."""

from __future__ import annotations

from typing import TypedDict

from scipy.special import ndtr
from scipy.stats import binomtest

LEVEL = float(2 * ndtr(1.96) - 1)
"""0.950004: 1.96 standard errors to each side, as textbooks round 95 %, and as all stored figures were made."""


class Proportion(TypedDict):
    """A share of `n` with Wilson's interval, all within 0 to 1; no share of none."""

    share: float | None
    low: float
    high: float
    n: int


def wilson_interval(hits: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval (Wilson 1927) of `hits` among `total`, unrounded, within 0 to 1; all of it for none."""
    if total == 0:
        return 0.0, 1.0
    interval = binomtest(int(hits), int(total)).proportion_ci(confidence_level=LEVEL, method="wilson")
    return float(interval.low), float(interval.high)
