"""The figures that evals.prompts reports: shares with Wilson's interval, AUC, F1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def figures(scores: NDArray[np.float64], guilty: NDArray[np.bool_], harmless: NDArray[np.bool_]) -> dict[str, Any]:
    """AUC; recall, false alarms and F1 at 0.5. Rows without a score are left out of the AUC and not found."""
    return {"auc": auc(scores[guilty], scores[harmless])} | found(scores >= 0.5, guilty, harmless)


def found(said: NDArray[np.bool_], guilty: NDArray[np.bool_], harmless: NDArray[np.bool_]) -> dict[str, Any]:
    """Recall, false alarms, F1 and macro-F1 of a yes or no."""
    hits, alarms = int(said[guilty].sum()), int(said[harmless].sum())
    misses, quiet = int(guilty.sum()) - hits, int(harmless.sum()) - alarms
    one, other = _f1(hits, alarms, misses), _f1(quiet, misses, alarms)
    return {
        "recall": share(said[guilty]),
        "false_alarms": share(said[harmless]),
        "f1": round(one, 4),
        "macro_f1": round((one + other) / 2, 4),
    }


def auc(guilty: NDArray[np.float64], harmless: NDArray[np.float64]) -> float | None:
    """The chance that a guilty row scores above a harmless one, ties half; None where either is empty."""
    guilty, harmless = guilty[~np.isnan(guilty)], np.sort(harmless[~np.isnan(harmless)])
    if not guilty.size or not harmless.size:
        return None
    below = np.searchsorted(harmless, guilty, side="left") + np.searchsorted(harmless, guilty, side="right")
    return round(float(below.mean()) / 2 / harmless.size, 4)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a share (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    z, part = 1.96, hits / of
    middle = part + z * z / (2 * of)
    margin = z * math.sqrt(part * (1 - part) / of + z * z / (4 * of * of))
    return round((middle - margin) / (1 + z * z / of), 4), round((middle + margin) / (1 + z * z / of), 4)


def share(said: NDArray[np.bool_]) -> dict[str, Any]:
    """A share of yes with its interval."""
    hits, of = int(said.sum()), len(said)
    low, high = wilson(hits, of)
    return {"share": round(hits / of, 4) if of else None, "low": low, "high": high, "n": of}


def reliability(scores: NDArray[np.float64], sides: NDArray[np.bool_], bins: int = 10) -> list[dict[str, Any]]:
    """Of the texts in each tenth of the score, the share that has the label: what a calibration plot shows."""
    kept = ~np.isnan(scores)
    which = np.minimum((scores[kept] * bins).astype(int), bins - 1)
    return [
        {"from": place / bins, "mean_score": round(float(scores[kept][which == place].mean()), 3)}
        | {"share": share(sides[kept][which == place])}
        for place in range(bins)
        if (which == place).any()
    ]


def _f1(hits: int, alarms: int, misses: int) -> float:
    return 2 * hits / max(1, 2 * hits + alarms + misses)
