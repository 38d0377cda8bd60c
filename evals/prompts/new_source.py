"""What a source of texts that was never seen is to be expected to give, by those that were each left out once.

Sources differ by more than chance: an interval around one pooled share says how well these texts were counted, and
nothing of the next source's. So shares are taken as drawn around a common one, on the scale of log-odds, with a spread
between sources (DerSimonian and Laird 1986), and the interval is the one in which the next source's share lies
(Higgins, Thompson and Spiegelhalter 2009). Whether it does is checked on the sources themselves: each by all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import t as student

from evals.intervals import LEVEL, Proportion

MIN_SOURCES = 4
"""Of fewer a spread between them is a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """The middle and the interval (95 %) of a new source's share, within 0 to 1.

    `foretold` of the `sources` lie within the interval that the others give for them.
    """

    share: float
    low: float
    high: float
    sources: int
    foretold: int


def new_source(shares: Iterable[Proportion]) -> NewSource | None:
    """From the shares of sources left out; None where they are fewer than MIN_SOURCES, not counting empty ones."""
    counted = [share for share in shares if share["n"] and share["share"] is not None]
    if len(counted) < MIN_SOURCES:
        return None
    odds, variances = _log_odds(counted)
    middle, spread = _next_one(odds, variances)
    return NewSource(
        share=round(float(expit(middle)), 4),
        low=round(float(expit(middle - spread)), 4),
        high=round(float(expit(middle + spread)), 4),
        sources=len(counted),
        foretold=sum(_foretold(odds, variances)),
    )


def by_style_and_side(sources: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], NewSource]:
    """Of the rows of evals.prompts.cross_source: for each style what is found of unsafe texts and held of harmless."""
    styles = sorted({row["style"] for row in sources})
    expected = {
        (style, side): new_source(row["left_out"][side] for row in sources if row["style"] == style)
        for style in styles
        for side in ("found", "harmless_held")
    }
    return {key: one for key, one in expected.items() if one is not None}


def _foretold(odds: NDArray[np.float64], variances: NDArray[np.float64]) -> Iterator[bool]:
    """Of each source whether its share lies where the others say, its own being counted on few texts."""
    for place in range(len(odds)):
        others = np.arange(len(odds)) != place
        middle, spread = _next_one(odds[others], variances[others], counted_with=float(variances[place]))
        yield bool(abs(odds[place] - middle) <= spread)


def _log_odds(shares: Sequence[Proportion]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each its log-odds and their variance, with half a text more on either side (Haldane 1956, Anscombe 1956)."""
    hits = np.array([round((share["share"] or 0.0) * share["n"]) for share in shares]) + 0.5
    misses = np.array([share["n"] for share in shares]) + 1.0 - hits
    return np.log(hits / misses), 1.0 / hits + 1.0 / misses


def _next_one(
    odds: NDArray[np.float64], variances: NDArray[np.float64], *, counted_with: float = 0.0
) -> tuple[float, float]:
    """The middle, and half of the width of the interval of one more that is counted with this variance."""
    weights = 1.0 / variances
    middle = float(weights @ odds / weights.sum())
    excess = float(weights @ (odds - middle) ** 2) - (len(odds) - 1)
    between = max(0.0, excess / float(weights.sum() - (weights**2).sum() / weights.sum()))
    weights = 1.0 / (variances + between)
    middle = float(weights @ odds / weights.sum())
    deviation = (between + 1.0 / float(weights.sum()) + counted_with) ** 0.5
    return middle, float(student.ppf((1.0 + LEVEL) / 2.0, max(1, len(odds) - 2))) * deviation
