"""Figures of likeness with their intervals: AUC by bootstrap, shares after Wilson, thresholds by false-match rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_Z = 1.96


def wilson(hits: int, of: int) -> dict[str, Any]:
    """A share with its 95 % interval (Wilson 1927)."""
    if not of:
        return {"hits": hits, "n": of, "share": None, "low": 0.0, "high": 1.0}
    share, weight = hits / of, 1 + _Z**2 / of
    middle = (share + _Z**2 / (2 * of)) / weight
    half = _Z * float(np.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2))) / weight
    return {
        "hits": hits,
        "n": of,
        "share": round(share, 6),
        "low": round(max(0.0, middle - half), 6),
        "high": round(min(1.0, middle + half), 6),
    }


def auc(yes: Array, no: Array, *, draws: int = 1000) -> dict[str, float]:
    """P(a score of the same exceeds one of others), with a 95 % interval by bootstrap over both."""
    rng = np.random.default_rng(20261125)
    found = [_auc(rng.choice(yes, len(yes)), rng.choice(no, len(no))) for _ in range(draws)]
    low, high = np.quantile(found, [0.025, 0.975])
    return {"auc": round(_auc(yes, no), 5), "low": round(float(low), 5), "high": round(float(high), 5)}


def _auc(yes: Array, no: Array) -> float:
    order = np.sort(no)
    below, up_to = np.searchsorted(order, yes, "left"), np.searchsorted(order, yes, "right")
    return float((below + up_to).sum() / (2 * len(yes) * len(no)))


def by_rate(same: Array, others: Array, rates: Sequence[float]) -> list[dict[str, Any]]:
    """For each false-match rate the distance below which that share of strangers lie, and who passes it."""
    told = []
    for rate in rates:
        at = float(np.quantile(others, rate))
        told.append(
            {
                "false_match_rate": rate,
                "strangers_below": int((others < at).sum()),
                "distance": round(at, 4),
                "tar": wilson(int((same < at).sum()), len(same)),
            }
        )
    return told


def eer(same: Array, others: Array) -> dict[str, float]:
    """The rate at which as many of the same are refused as others are accepted; scores or negative distances."""
    at = np.sort(np.concatenate([same, others]))
    refused = np.searchsorted(np.sort(same), at) / len(same)
    accepted = 1 - np.searchsorted(np.sort(others), at) / len(others)
    place = int(np.argmin(np.abs(refused - accepted)))
    return {"eer": round(float(refused[place] + accepted[place]) / 2, 5), "at": round(float(at[place]), 4)}


def histogram(values: Array) -> dict[str, float]:
    """Where values lie."""
    return {f"p{share:g}": round(float(np.quantile(values, share / 100)), 4) for share in (0, 1, 5, 50, 95, 99, 100)}
