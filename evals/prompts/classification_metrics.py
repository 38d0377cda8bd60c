"""The figures that evals.prompts.accuracy reports: shares with Wilson's interval, AUC, F1."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from evals.intervals import Proportion, wilson_interval
from evals.roc import area_under_roc


class DecisionMetrics(TypedDict):
    """Of a yes or no; all within 0 to 1."""

    recall: Proportion
    false_alarms: Proportion
    f1: float
    macro_f1: float


class ScoreMetrics(DecisionMetrics):
    """Of a score that decides at 0.5; no AUC where one side is empty."""

    auc: float | None


CalibrationBin = TypedDict("CalibrationBin", {"from": float, "mean_score": float, "share": Proportion})
"""A tenth of the score, named by where it begins."""


def score_metrics(
    scores: NDArray[np.float64], positives: NDArray[np.bool_], negatives: NDArray[np.bool_]
) -> ScoreMetrics:
    """AUC; recall, false alarms and F1 at 0.5. Rows without a score are left out of the AUC and not found."""
    auc = roc_auc(scores[positives], scores[negatives])
    return {"auc": auc, **decision_metrics(scores >= 0.5, positives, negatives)}


def decision_metrics(
    predicted: NDArray[np.bool_], positives: NDArray[np.bool_], negatives: NDArray[np.bool_]
) -> DecisionMetrics:
    """Recall, false alarms, F1 and macro-F1 of a yes or no."""
    hits, alarms = int(predicted[positives].sum()), int(predicted[negatives].sum())
    misses, quiet = int(positives.sum()) - hits, int(negatives.sum()) - alarms
    f1, f1_of_harmless = _f1(hits, alarms, misses), _f1(quiet, misses, alarms)
    return {
        "recall": positive_rate(predicted[positives]),
        "false_alarms": positive_rate(predicted[negatives]),
        "f1": round(f1, 4),
        "macro_f1": round((f1 + f1_of_harmless) / 2, 4),
    }


def roc_auc(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float | None:
    """The chance that a guilty row scores above a harmless one, ties half; None where either is empty."""
    positives, negatives = positives[~np.isnan(positives)], negatives[~np.isnan(negatives)]
    if not positives.size or not negatives.size:
        return None
    return round(area_under_roc(positives, negatives), 4)


def positive_rate(predicted: NDArray[np.bool_]) -> Proportion:
    """A share of yes with its interval."""
    hits, total = int(predicted.sum()), len(predicted)
    low, high = wilson_interval(hits, total)
    return {
        "share": round(hits / total, 4) if total else None,
        "low": round(low, 4),
        "high": round(high, 4),
        "n": total,
    }


def calibration_curve(scores: NDArray[np.float64], targets: NDArray[np.bool_], bins: int = 10) -> list[CalibrationBin]:
    """Of the texts in each tenth of the score, the share that has the label: what a calibration plot shows."""
    kept = ~np.isnan(scores)
    which = np.minimum((scores[kept] * bins).astype(int), bins - 1)
    return [
        {
            "from": place / bins,
            "mean_score": round(float(scores[kept][which == place].mean()), 3),
            "share": positive_rate(targets[kept][which == place]),
        }
        for place in range(bins)
        if (which == place).any()
    ]


def _f1(hits: int, alarms: int, misses: int) -> float:
    return 2 * hits / max(1, 2 * hits + alarms + misses)
