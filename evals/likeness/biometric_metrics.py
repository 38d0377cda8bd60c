"""Figures of likeness with their intervals: AUC by bootstrap, shares after Wilson, thresholds by false-match rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from evals.intervals import Proportion, wilson_interval
from evals.roc import area_under_roc
from media.arrays import AnyArray


class CountedProportion(Proportion):
    """A proportion with the count that it comes from."""

    hits: int


class BootstrapAuc(TypedDict):
    """The area under the ROC curve with a 95 % interval, all within 0 to 1."""

    auc: float
    low: float
    high: float


class EqualErrorRate(TypedDict):
    """The rate, within 0 to 1, and the score (or negative distance) at which it is."""

    eer: float
    at: float


class MatchRate(TypedDict):
    """What a threshold does: `distance` is below which matches are, `tar` the true accept rate there."""

    false_match_rate: float
    strangers_below: int
    distance: float
    tar: CountedProportion


def proportion_interval(hits: int, total: int) -> CountedProportion:
    """A share with its 95 % interval (Wilson 1927)."""
    low, high = wilson_interval(hits, total)
    share = round(hits / total, 6) if total else None
    return {"hits": hits, "n": total, "share": share, "low": round(low, 6), "high": round(high, 6)}


def bootstrap_auc(genuine: AnyArray, impostors: AnyArray, *, draws: int = 1000) -> BootstrapAuc:
    """P(a score of the same exceeds one of others), with a 95 % interval by bootstrap over both."""
    rng = np.random.default_rng(20261125)
    resampled = [
        area_under_roc(rng.choice(genuine, len(genuine)), rng.choice(impostors, len(impostors))) for _ in range(draws)
    ]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return {
        "auc": round(area_under_roc(genuine, impostors), 5),
        "low": round(float(low), 5),
        "high": round(float(high), 5),
    }


def tar_at_false_match_rates(genuine: AnyArray, impostors: AnyArray, rates: Sequence[float]) -> list[MatchRate]:
    """For each false-match rate the distance below which that share of strangers lie, and who passes it."""
    table: list[MatchRate] = []
    for rate in rates:
        at = float(np.quantile(impostors, rate))
        table.append(
            {
                "false_match_rate": rate,
                "strangers_below": int((impostors < at).sum()),
                "distance": round(at, 4),
                "tar": proportion_interval(int((genuine < at).sum()), len(genuine)),
            }
        )
    return table


def eer(genuine: AnyArray, impostors: AnyArray) -> EqualErrorRate:
    """The rate at which as many of the same are refused as others are accepted; scores or negative distances."""
    at = np.sort(np.concatenate([genuine, impostors]))
    refused = np.searchsorted(np.sort(genuine), at) / len(genuine)
    accepted = 1 - np.searchsorted(np.sort(impostors), at) / len(impostors)
    place = int(np.argmin(np.abs(refused - accepted)))
    return {"eer": round(float(refused[place] + accepted[place]) / 2, 5), "at": round(float(at[place]), 4)}


def percentiles(values: AnyArray) -> dict[str, float]:
    """Where values lie."""
    return {f"p{share:g}": round(float(np.quantile(values, share / 100)), 4) for share in (0, 1, 5, 50, 95, 99, 100)}
