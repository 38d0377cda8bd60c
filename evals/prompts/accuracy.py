"""Measures the prompt classifiers and the default policy and writes evals/results/prompts.json.

    ASSAY_DATA=… python -m evals.prompts.accuracy

On dev rows, on texts of our own that were held out or written only to measure, and on disguised copies. Beside it two
baselines: the term lists alone, and alt-profanity-check (a linear model; pip install --no-deps alt-profanity-check).
Thresholds and calibration were set on dev rows, so figures on them are of tuning; no model saw them in training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.verdicts import Decision
from evals.bench.machine_info import machine_info
from evals.prompts.classification_metrics import calibration_curve, decision_metrics, positive_rate, score_metrics
from evals.prompts.corpus import LABELS, SEEDS, STYLES, LabelledText, load_seed_file, text_of_row
from evals.prompts.datasets import load_split_third
from evals.prompts.obfuscations import OBFUSCATIONS
from evals.prompts.predictions import PromptPredictions, predict_prompts
from evals.prompts.training.encoder import split_held_out, subsampled_texts
from media.arrays import BoolArray

RESULT = Path("evals/results/prompts.json")
_MIN_ROWS = 12
_MODERATION_SOURCE = "seed:moderation"
_LARGE_CORPORA = ("multilingual_hatecheck", "hatecheck", "multitarget_conan", "multi30k")  # a third of each is measured
_VIDEO_CORPORA = ("t2vsafetybench", "safree_t2v")
_HARM_LABELS = (
    "sexual", "sexual_minors", "intimate_image", "violence", "gore", "self_harm", "hate", "extremism", "harassment",
    "illicit", "weapons", "disinfo", "fraud", "jailbreak", "unsafe",
)  # fmt: skip


def main() -> None:
    """Measure everything once, weigh, write."""
    what = evaluation_texts()
    said = predict_prompts([one.text for one in what])
    report = {
        "machine": machine_info(),
        "texts": len(what),
        "by_label": metrics_by_label(what, said),
        "kinds": metrics_by_kind(what, said),
        "hate_by_language": hate_by_language(what, said),
        "captions_by_language": false_alarms_by_language(what, said),
        "attacks_found": attack_detection_rates(what, said),
        "disguised": obfuscation_robustness(what, said),
        "calibration": calibration_by_label(what, said),
    }
    RESULT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def evaluation_texts() -> list[LabelledText]:
    """Dev rows, the texts of our own that were written to measure with, and posts of our own that were held out.

    Of the multilingual test the third that calibration did not see; nothing else of it is looked at.
    """
    own = [text for path in sorted(SEEDS.glob("dev_*.toml")) for text in load_seed_file(path)]
    posts = [one for one in split_held_out(subsampled_texts(7))[1] if one.source.startswith(_MODERATION_SOURCE)]
    return [*map(text_of_row, load_split_third("dev", _LARGE_CORPORA, 1)), *own, *posts]


def metrics_by_kind(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Any]:
    """Yes (held or refused) and refused alone, for each kind of text of which there are safe and unsafe ones."""
    sides: Mapping[str, tuple[BoolArray, BoolArray]] = {
        "video_prompts": (
            texts_mask(texts, lambda one: one.source in _VIDEO_CORPORA and one.unsafe),
            texts_mask(
                texts, lambda one: one.style == "video" and "benign" in one.labels and not one.source.startswith("seed")
            ),
        ),
        "lookalikes": (
            texts_mask(texts, lambda one: one.source == "seed:dev_lookalikes" and one.unsafe),
            texts_mask(texts, lambda one: one.source == "seed:dev_lookalikes" and not one.unsafe),
        ),
        "posts": (
            texts_mask(texts, lambda one: one.source.startswith(_MODERATION_SOURCE) and one.unsafe),
            texts_mask(texts, lambda one: one.source.startswith(_MODERATION_SOURCE) and not one.unsafe),
        ),
        "toxicity_surge": _toxic(texts, "surge_toxicity"),
        "toxicity_wikipedia": _toxic(texts, "jigsaw_wikipedia"),
        "hatecheck_en": (
            texts_mask(texts, lambda one: one.source == "hatecheck" and one.unsafe),
            texts_mask(texts, lambda one: one.source == "hatecheck" and not one.unsafe),
        ),
    }
    ways = {
        "held_or_refused": predictions.decisions >= Decision.HOLD,
        "refused": predictions.decisions == Decision.REFUSE,
        "baseline_terms": _highest_score(predictions, "prompt_terms") >= 0.6,
        **_profanity(texts),
    }
    return {
        kind: {way: decision_metrics(yes, guilty, harmless) for way, yes in ways.items()}
        for kind, (guilty, harmless) in sides.items()
    }


def _toxic(texts: Sequence[LabelledText], source: str) -> tuple[BoolArray, BoolArray]:
    mine = texts_mask(texts, lambda one: one.source == source)
    guilty = mine & texts_mask(texts, lambda one: "toxic_unspecified" in one.labels)
    return guilty, mine & ~guilty


def _profanity(texts: Sequence[LabelledText]) -> dict[str, BoolArray]:
    if find_spec("profanity_check") is None:
        return {}
    from profanity_check import predict_prob

    return {"baseline_alt_profanity_check": predict_prob([one.text for one in texts]) >= 0.5}


def metrics_by_label(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Any]:
    """Each label against the harmless of the same style; sources apart and together."""
    report: dict[str, Any] = {}
    for label in LABELS:
        for style in STYLES:
            mine = texts_mask(texts, lambda one, style=style: one.style == style)
            guilty = mine & texts_mask(
                texts, lambda one, label=label: label in one.labels or (label == "unsafe" and one.unsafe)
            )
            harmless = mine & texts_mask(texts, lambda one: "benign" in one.labels)
            if guilty.sum() >= _MIN_ROWS and harmless.sum() >= _MIN_ROWS:
                report.setdefault(label, {})[style] = {
                    source: score_metrics(predictions.scores[source, label], guilty, harmless)
                    for source in ("prompt_terms", "prompt_intent", "together")
                    if (source, label) in predictions.scores and not np.isnan(predictions.scores[source, label]).all()
                }
    return report


def hate_by_language(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Any]:
    """Hate in the multilingual functional test, by score and by decision, and the mean of the languages."""
    report: dict[str, Any] = {}
    hate = predictions.scores["prompt_intent", "hate"]
    for lang in sorted({one.lang for one in texts if one.source == "multilingual_hatecheck"}):
        here = texts_mask(texts, lambda one, lang=lang: one.source == "multilingual_hatecheck" and one.lang == lang)
        guilty = here & texts_mask(texts, lambda one: "hate" in one.labels)
        report[lang] = score_metrics(hate, guilty, here & ~guilty) | {
            "decided": decision_metrics(predictions.decisions >= Decision.HOLD, guilty, here & ~guilty),
            "unmeasured": round(float(np.isnan(hate[here]).mean()), 3),
        }
    means = {key: round(float(np.mean([one[key] for one in report.values()])), 4) for key in ("auc", "macro_f1")}
    return {"mean": means, **report}


def false_alarms_by_language(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Any]:
    """Harmless captions and prompts of each language that would be held or refused."""
    harmless = texts_mask(texts, lambda one: one.style == "video" and "benign" in one.labels)
    report = {}
    for lang in sorted({one.lang for one in texts}):
        here = harmless & texts_mask(texts, lambda one, lang=lang: one.lang == lang)
        if here.sum() >= _MIN_ROWS:
            report[lang] = positive_rate(predictions.decisions[here] >= Decision.HOLD)
    return report


def attack_detection_rates(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Any]:
    """What share of published attacks is held or refused."""
    names = sorted({one.source for one in texts if one.source.startswith(("mma", "ringabell", "adversarial"))})
    return {
        name: positive_rate(
            predictions.decisions[texts_mask(texts, lambda one, name=name: one.source == name)] >= Decision.HOLD
        )
        for name in names
    }


def obfuscation_robustness(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Any]:
    """Of prompts that are caught as they are, the share still caught in each disguise; and of harmless ones, held."""
    caught = [
        one for one, decision in zip(texts, predictions.decisions, strict=True)
        if one.source in _VIDEO_CORPORA and one.unsafe and decision >= Decision.HOLD
    ][:120]  # fmt: skip
    quiet = [
        one for one, decision in zip(texts, predictions.decisions, strict=True)
        if one.source == "vbench1" and decision == Decision.ALLOW
    ][:60]  # fmt: skip
    report = {}
    for name, way in OBFUSCATIONS.items():
        there = predict_prompts([replace(one, text=way(one.text)).text for one in [*caught, *quiet]]).decisions
        report[name] = {
            "still_caught": positive_rate(there[: len(caught)] >= Decision.HOLD),
            "harmless_held": positive_rate(there[len(caught) :] >= Decision.HOLD),
        }
    return report


def calibration_by_label(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Any]:
    """What a calibration plot shows, for the labels with the most rows."""
    video = texts_mask(texts, lambda one: one.style == "video" and one.source not in ("i2p", "adversarial_nibbler"))
    social = texts_mask(texts, lambda one: one.style == "social")
    report = {}
    for label, mine in (("sexual", video), ("violence", video), ("unsafe", video), ("hate", social)):
        sides = texts_mask(texts, lambda one, label=label: label in one.labels or (label == "unsafe" and one.unsafe))
        report[label] = calibration_curve(predictions.scores["prompt_intent", label][mine], sides[mine])
    return report


def texts_mask(texts: Sequence[LabelledText], predicate: Any) -> BoolArray:
    """Which of the texts are meant."""
    return np.array([bool(predicate(one)) for one in texts])


def _highest_score(predictions: PromptPredictions, source: str) -> NDArray[np.float64]:
    kept = [predictions.scores[source, label] for label in _HARM_LABELS if (source, label) in predictions.scores]
    return np.asarray(np.nanmax(np.stack([*kept, np.zeros(len(predictions.decisions))]), axis=0))


if __name__ == "__main__":
    main()
