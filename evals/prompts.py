"""Measures the prompt classifiers on the dev rows and writes evals/results/prompts.json.

    ASSAY_DATA=… python -m evals.prompts

Sources are weighed apart (prompt_terms, prompt_intent) and together (the higher score). Positive are rows with the
label, negative the harmless rows of the same kind of text. Nothing is trained here; thresholds were set on these rows,
so the figures are those of tuning, not of a held-out test.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import PromptText, measure_all
from classifiers.prompt_intent import PromptIntent
from classifiers.prompt_terms import PromptTerms
from evals.prompt_rows import Row, rows

OUT = Path("evals/results/prompts.json")
THRESHOLD = 0.5
SOURCES = ("prompt_terms", "prompt_intent", "together")
LABELS = (
    "sexual",
    "violence",
    "gore",
    "self_harm",
    "hate",
    "harassment",
    "illicit",
    "disinfo",
    "public_figure",
    "copyright_ip",
)
GRAVE = (
    "sexual", "sexual_minors", "intimate_image", "violence", "gore", "self_harm", "hate", "harassment", "illicit",
    "weapons", "disinfo", "jailbreak",
)  # fmt: skip
_FEWEST = 10

Scores = dict[tuple[str, str], NDArray[np.float64]]


def main() -> None:
    """Measure all dev rows once, weigh, write."""
    dev = rows("dev")
    OUT.write_text(json.dumps(report(dev, scores_of(dev)), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def scores_of(dev: Sequence[Row]) -> Scores:
    """For each (source, label) one score a row; NaN where the source could not say or has not the label."""
    classifiers = (PromptTerms(), PromptIntent())
    labels = {label for classifier in classifiers for label in classifier.labels}
    found = {(source, label): np.full(len(dev), np.nan) for source in SOURCES for label in labels}
    for place, row in enumerate(dev):
        for signal in measure_all(PromptText(row.text), classifiers).signals:
            for source in (signal.source.split("/")[0], "together"):
                kept = found[source, signal.label]
                if signal.score is not None:
                    kept[place] = np.fmax(kept[place], signal.score)
    return found


def report(dev: Sequence[Row], scores: Scores) -> dict[str, Any]:
    """AUC, recall, false alarms and F1 at 0.5, with Wilson's 95 % intervals: by label and kind of text, and overall."""
    kinds: dict[str, Callable[[Row], bool]] = {
        "video_and_image_prompts": lambda row: row.style in ("t2v_prompt", "t2i_prompt", "caption"),
        "video_prompts": lambda row: row.style == "t2v_prompt",
        "social": lambda row: row.style == "social",
    }
    weighed = {
        label: {kind: _weighed(dev, scores, label, is_kind) for kind, is_kind in kinds.items()} for label in LABELS
    }
    return {
        "rows": len(dev),
        "threshold": THRESHOLD,
        "by_label": weighed,
        "unsafe": {kind: _unsafe(dev, scores, is_kind) for kind, is_kind in kinds.items()},
        "any_label": _any(dev, scores),
        "attacks_found": _attacks(dev, scores),
        "false_alarms_by_label": _alarms(dev, scores),
        "by_language": _languages(dev, scores),
    }


def _weighed(dev: Sequence[Row], scores: Scores, label: str, is_kind: Callable[[Row], bool]) -> dict[str, Any]:
    guilty = np.array([label in row.labels and is_kind(row) for row in dev])
    harmless = np.array(["benign" in row.labels and is_kind(row) for row in dev])
    return {
        source: figures(scores[source, label], guilty, harmless)
        for source in SOURCES
        if guilty.sum() >= _FEWEST and not np.isnan(scores[source, label]).all()
    }


def _unsafe(dev: Sequence[Row], scores: Scores, is_kind: Callable[[Row], bool]) -> dict[str, Any]:
    guilty = np.array([row.unsafe and is_kind(row) for row in dev])
    harmless = np.array(["benign" in row.labels and is_kind(row) for row in dev])
    return figures(scores["prompt_intent", "unsafe"], guilty, harmless)


def _any(dev: Sequence[Row], scores: Scores) -> dict[str, Any]:
    """What a policy that asked about all the graver labels would stop, of harmless and of unsafe prompts."""
    highest = np.nanmax(np.stack([scores["together", label] for label in GRAVE]), axis=0)
    groups = {
        "harmless_video": [row.style == "t2v_prompt" and "benign" in row.labels for row in dev],
        "harmless_all_prompts": [row.style != "social" and "benign" in row.labels for row in dev],
        "unsafe_video": [row.style == "t2v_prompt" and row.unsafe for row in dev],
        "unsafe_image": [row.style == "t2i_prompt" and row.unsafe for row in dev],
    }
    return {
        str(limit): {name: _share(highest[np.array(group)] >= limit) for name, group in groups.items()}
        for limit in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    }


def _attacks(dev: Sequence[Row], scores: Scores) -> dict[str, Any]:
    """What share of attack texts any of the graver labels finds."""
    grave = [("together", label) for label in ("sexual", "violence", "gore", "self_harm", "unsafe")]
    highest = np.nanmax(np.stack([scores[key] for key in grave]), axis=0)
    corpora = sorted({row.corpus for row in dev if row.style == "t2i_attack" or row.corpus.startswith("adversarial")})
    return {corpus: _share(highest[np.array([row.corpus == corpus for row in dev])] >= THRESHOLD) for corpus in corpora}


def _alarms(dev: Sequence[Row], scores: Scores) -> dict[str, Any]:
    """False alarms on harmless video and image prompts, source by source."""
    harmless = np.array(["benign" in row.labels and row.style != "social" for row in dev])
    return {
        f"{source}:{label}": _share(kept[harmless] >= THRESHOLD)
        for (source, label), kept in sorted(scores.items())
        if source != "together" and not np.isnan(kept).all()
    }


def _languages(dev: Sequence[Row], scores: Scores) -> dict[str, Any]:
    """Hate in social text, the one label with rows in many languages; `unmeasured` is the share without a score."""
    kept = scores["prompt_intent", "hate"]
    found = {}
    for lang in sorted({row.lang for row in dev}):
        here = np.array([row.lang == lang and row.style == "social" for row in dev])
        guilty = here & np.array(["hate" in row.labels for row in dev])
        harmless = here & np.array(["benign" in row.labels for row in dev])
        if min(guilty.sum(), harmless.sum()) >= _FEWEST:
            found[lang] = figures(kept, guilty, harmless) | {"unmeasured": round(float(np.isnan(kept[here]).mean()), 3)}
    return found


def figures(scores: NDArray[np.float64], guilty: NDArray[np.bool_], harmless: NDArray[np.bool_]) -> dict[str, Any]:
    """AUC; recall, false alarms and F1 at the threshold. Rows without a score are left out of the AUC and not found."""
    said_guilty, said_harmless = scores[guilty] >= THRESHOLD, scores[harmless] >= THRESHOLD
    hits, alarms = int(said_guilty.sum()), int(said_harmless.sum())
    return {
        "auc": auc(scores[guilty], scores[harmless]),
        "recall": _share(said_guilty),
        "false_alarms": _share(said_harmless),
        "f1": round(2 * hits / max(1, 2 * hits + alarms + len(said_guilty) - hits), 4),
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
    z, share = 1.96, hits / of
    middle = share + z * z / (2 * of)
    margin = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return round((middle - margin) / (1 + z * z / of), 4), round((middle + margin) / (1 + z * z / of), 4)


def _share(said: NDArray[np.bool_]) -> dict[str, Any]:
    hits, of = int(said.sum()), len(said)
    low, high = wilson(hits, of)
    return {"share": round(hits / of, 4) if of else None, "low": low, "high": high, "n": of}


if __name__ == "__main__":
    main()
