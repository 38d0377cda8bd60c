"""How far moderators agree beyond chance, with an interval: kappa for a person and the others, alpha for everybody.

**Cohen's kappa** (Cohen 1960, Educational and Psychological Measurement 20:37): (po - pe) / (1 - pe), where po is the
share of cases on which both said the same, and pe that which the two would reach by chance, each keeping to their own
share of refusals. It fits one person against the others, who may be stricter than they are.

**Krippendorff's alpha**, nominal (Krippendorff 2004, Content Analysis, ch. 11): 1 - Do / De, where Do is the share of
cases on which they differed and De that which would differ if all answers were dealt out anew, without putting one
back. It fits many people of whom any two look at a case, since it does not ask who was first.

The interval is the delete-one jackknife of a multinomial table (Fleiss and Davies 1982, Applied Statistics 31:47), 95 %
by the normal distribution: of a two by two table only four deletions differ, so that it costs nothing and is the same
each time. Where no deletion changes the figure, as where everybody always agrees, it says nothing, and none is given.
Shares of cases have Wilson's interval (Wilson 1927, JASA 22:209).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

Z95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Cases on which two gave an answer, by both answers: `allow_refuse` are those that the first allowed."""

    allow_allow: int = 0
    allow_refuse: int = 0
    refuse_allow: int = 0
    refuse_refuse: int = 0

    @property
    def count(self) -> int:
        """How many cases."""
        return self.allow_allow + self.allow_refuse + self.refuse_allow + self.refuse_refuse

    @property
    def agreed(self) -> int:
        """On how many both said the same."""
        return self.allow_allow + self.refuse_refuse

    def with_answers(self, first: str, second: str, count: int = 1) -> Pairs:
        """These, and `count` cases more with the answers `allow` or `refuse`."""
        cell = f"{first}_{second}"
        return replace(self, **{cell: getattr(self, cell) + count})


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its 95 % interval, from `count` cases. None where it cannot be told from so few."""

    count: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def cohen_kappa(pairs: Pairs) -> float | None:
    """Kappa; None where nobody was asked, or both gave one and the same answer always."""
    n = pairs.count
    if n == 0:
        return None
    first, second = (
        (pairs.allow_allow + pairs.allow_refuse) / n,
        (pairs.allow_allow + pairs.refuse_allow) / n,
    )
    chance = first * second + (1 - first) * (1 - second)
    return None if math.isclose(chance, 1.0) else (pairs.agreed / n - chance) / (1 - chance)


def krippendorff_alpha(pairs: Pairs) -> float | None:
    """Alpha of two answers a case; None where nobody was asked, or all answers are the same."""
    n = pairs.count
    differed = pairs.allow_refuse + pairs.refuse_allow
    allowed = 2 * pairs.allow_allow + differed
    refused = 2 * pairs.refuse_refuse + differed
    if n == 0 or allowed == 0 or refused == 0:
        return None
    expected = 2 * allowed * refused / (2 * n * (2 * n - 1))
    return 1 - (differed / n) / expected


def kappa_with_interval(pairs: Pairs) -> Estimate:
    """Cohen's kappa, with its interval."""
    return _jackknifed(pairs, cohen_kappa)


def alpha_with_interval(pairs: Pairs) -> Estimate:
    """Krippendorff's alpha, with its interval."""
    return _jackknifed(pairs, krippendorff_alpha)


def share_with_interval(hits: int, count: int) -> Estimate:
    """A share of cases, with Wilson's interval."""
    if count == 0:
        return Estimate(count=0)
    share, square = hits / count, Z95**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = Z95 * math.sqrt(share * (1 - share) / count + square / (4 * count**2)) / (1 + square / count)
    low, high = max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
    return Estimate(count=count, value=share, low=low, high=high)


_CELLS = ("allow_allow", "allow_refuse", "refuse_allow", "refuse_refuse")


def _jackknifed(pairs: Pairs, figure: Callable[[Pairs], float | None]) -> Estimate:
    value, n = figure(pairs), pairs.count
    if value is None or n < 2:
        return Estimate(count=n, value=value)
    without = []
    for cell in _CELLS:
        cases = getattr(pairs, cell)
        if cases:
            left = figure(replace(pairs, **{cell: cases - 1}))
            if left is None:  # it hangs on a single case
                return Estimate(count=n, value=value)
            without.append((cases, left))
    mean = sum(cases * left for cases, left in without) / n
    error = math.sqrt((n - 1) / n * sum(cases * (left - mean) ** 2 for cases, left in without))
    if math.isclose(error, 0.0, abs_tol=1e-12):
        return Estimate(count=n, value=value)
    return Estimate(count=n, value=value, low=max(-1.0, value - Z95 * error), high=min(1.0, value + Z95 * error))
