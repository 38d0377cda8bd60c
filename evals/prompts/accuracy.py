"""Measures the prompt classifiers and the default policy and writes evals/results/prompts.json.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.accuracy

On dev rows, on texts of our own that were held out or written only to measure, and on disguised copies. Beside it two
baselines: the term lists alone, and alt-profanity-check (a linear model; pip install --no-deps alt-profanity-check).
Thresholds and calibration were set on dev rows, so figures on them are of tuning; no model saw them in training.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from classifiers.text.prompt_intent import PromptIntent
from core.verdicts import Decision
from evals.bench.machine_info import machine_info
from evals.intervals import Proportion
from evals.prompts.classification_metrics import (
    CalibrationBin,
    DecisionMetrics,
    ScoreMetrics,
    calibration_curve,
    decision_metrics,
    positive_rate,
    score_metrics,
)
from evals.prompts.corpus import LABELS, SEEDS, STYLES, LabelledText, load_seed_file, text_of_row
from evals.prompts.datasets import load_split_third
from evals.prompts.obfuscations import OBFUSCATIONS
from evals.prompts.predicted_pages import predict_in_pages
from evals.prompts.predictions import PromptPredictions
from evals.prompts.remembered_models import AnswerFiles
from evals.prompts.training.encoder import split_held_out, subsampled_texts
from media.arrays import BoolArray

RESULT = Path("evals/results/prompts.json")
ANSWERS, DISGUISED = Path("build/cross_source"), Path("build/disguised")  # what models said; the first is shared
_MIN_ROWS = 12
"""Texts of a side, at the least, of which figures are given."""
_MODERATION_SOURCE = "seed:moderation"
_LARGE_CORPORA = ("multilingual_hatecheck", "hatecheck", "multitarget_conan", "multi30k")  # a third of each is measured
_VIDEO_CORPORA = ("t2vsafetybench", "safree_t2v")
_HARM_LABELS = (
    "sexual", "sexual_minors", "intimate_image", "violence", "gore", "self_harm", "hate", "extremism", "harassment",
    "illicit", "weapons", "disinfo", "fraud", "jailbreak", "unsafe",
)  # fmt: skip


class LanguageMetrics(ScoreMetrics):
    """By score, by the policy's decision, and the share of texts that have no score."""

    decided: DecisionMetrics
    unmeasured: float


class MeanMetrics(TypedDict):
    """Over languages, each counted once."""

    auc: float
    macro_f1: float


class DisguiseMetrics(TypedDict):
    """Of prompts that are caught without it, and of harmless ones."""

    still_caught: Proportion
    harmless_held: Proportion


def main() -> None:
    """Measure everything once and write the figures. Goes on from where it stopped; see predicted_pages."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--order", type=int, default=0, help="several at once share the work: give each another number")
    order = asked.parse_args().order
    texts = evaluation_texts()
    predictions = predict_in_pages(
        [text.text for text in texts], [text.style for text in texts], AnswerFiles(ANSWERS), order=order
    )
    report = {
        "machine": machine_info(),
        "classifier": PromptIntent.version,
        "styles": "given",
        "texts": len(texts),
        "by_label": metrics_by_label(texts, predictions),
        "kinds": metrics_by_kind(texts, predictions),
        "hate_by_language": hate_by_language(texts, predictions),
        "captions_by_language": false_alarms_by_language(texts, predictions),
        "attacks_found": attack_detection_rates(texts, predictions),
        "disguised": obfuscation_robustness(texts, predictions),
        "calibration": calibration_by_label(texts, predictions),
    }
    RESULT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def evaluation_texts() -> list[LabelledText]:
    """Dev rows, the texts of our own that were written to measure with, and posts of our own that were held out.

    Of the multilingual test the third that calibration did not see; nothing else of it is looked at.
    """
    own = [text for path in sorted(SEEDS.glob("dev_*.toml")) for text in load_seed_file(path)]
    posts = [text for text in split_held_out(subsampled_texts(7))[1] if text.source.startswith(_MODERATION_SOURCE)]
    return [*map(text_of_row, load_split_third("dev", _LARGE_CORPORA, 1)), *own, *posts]


def kind_sides(texts: Sequence[LabelledText]) -> Mapping[str, tuple[BoolArray, BoolArray]]:
    """Which are unsafe and which harmless, for each kind of text of which there are both."""
    return {
        "video_prompts": (
            texts_mask(text.source in _VIDEO_CORPORA and text.unsafe for text in texts),
            texts_mask(
                text.style == "video" and "benign" in text.labels and not text.source.startswith("seed")
                for text in texts
            ),
        ),
        "lookalikes": (
            texts_mask(text.source == "seed:dev_lookalikes" and text.unsafe for text in texts),
            texts_mask(text.source == "seed:dev_lookalikes" and not text.unsafe for text in texts),
        ),
        "posts": (
            texts_mask(text.source.startswith(_MODERATION_SOURCE) and text.unsafe for text in texts),
            texts_mask(text.source.startswith(_MODERATION_SOURCE) and not text.unsafe for text in texts),
        ),
        "toxicity_surge": _toxic(texts, "surge_toxicity"),
        "toxicity_wikipedia": _toxic(texts, "jigsaw_wikipedia"),
        "hatecheck_en": (
            texts_mask(text.source == "hatecheck" and text.unsafe for text in texts),
            texts_mask(text.source == "hatecheck" and not text.unsafe for text in texts),
        ),
    }


def metrics_by_kind(
    texts: Sequence[LabelledText], predictions: PromptPredictions, *, baselines: bool = True
) -> dict[str, dict[str, DecisionMetrics]]:
    """Yes (held or refused) and refused alone, for each kind of text of which there are safe and unsafe ones."""
    ways = {
        "held_or_refused": predictions.decisions >= Decision.HOLD,
        "refused": predictions.decisions == Decision.REFUSE,
    }
    if baselines:
        ways |= {"baseline_terms": _highest_score(predictions, "prompt_terms") >= 0.6, **_profanity(texts)}
    return {
        kind: {way: decision_metrics(yes, guilty, harmless) for way, yes in ways.items()}
        for kind, (guilty, harmless) in kind_sides(texts).items()
    }


def _toxic(texts: Sequence[LabelledText], source: str) -> tuple[BoolArray, BoolArray]:
    mine = texts_mask(text.source == source for text in texts)
    guilty = mine & texts_mask("toxic_unspecified" in text.labels for text in texts)
    return guilty, mine & ~guilty


def _profanity(texts: Sequence[LabelledText]) -> dict[str, BoolArray]:
    if find_spec("profanity_check") is None:
        return {}
    from profanity_check import predict_prob

    return {"baseline_alt_profanity_check": predict_prob([text.text for text in texts]) >= 0.5}


def metrics_by_label(
    texts: Sequence[LabelledText], predictions: PromptPredictions
) -> dict[str, dict[str, dict[str, ScoreMetrics]]]:
    """Each label against the harmless of the same style; sources apart and together."""
    report: dict[str, dict[str, dict[str, ScoreMetrics]]] = {}
    for label in LABELS:
        for style in STYLES:
            mine = texts_mask(text.style == style for text in texts)
            guilty = mine & texts_mask(label in text.labels or (label == "unsafe" and text.unsafe) for text in texts)
            harmless = mine & texts_mask("benign" in text.labels for text in texts)
            if guilty.sum() >= _MIN_ROWS and harmless.sum() >= _MIN_ROWS:
                report.setdefault(label, {})[style] = {
                    source: score_metrics(predictions.scores[source, label], guilty, harmless)
                    for source in ("prompt_terms", "prompt_intent", "together")
                    if (source, label) in predictions.scores and not np.isnan(predictions.scores[source, label]).all()
                }
    return report


def hate_by_language(
    texts: Sequence[LabelledText], predictions: PromptPredictions
) -> dict[str, LanguageMetrics | MeanMetrics]:
    """Hate in the multilingual functional test, by score and by decision, and the mean of the languages."""
    report: dict[str, LanguageMetrics] = {}
    hate = predictions.scores["prompt_intent", "hate"]
    for lang in sorted({text.lang for text in texts if text.source == "multilingual_hatecheck"}):
        here = texts_mask(text.source == "multilingual_hatecheck" and text.lang == lang for text in texts)
        guilty = here & texts_mask("hate" in text.labels for text in texts)
        report[lang] = {
            **score_metrics(hate, guilty, here & ~guilty),
            "decided": decision_metrics(predictions.decisions >= Decision.HOLD, guilty, here & ~guilty),
            "unmeasured": round(float(np.isnan(hate[here]).mean()), 3),
        }
    aucs = [row["auc"] for row in report.values() if row["auc"] is not None]
    if len(aucs) < len(report):
        raise ValueError("a language has texts of one side only, and no AUC")
    means = MeanMetrics(auc=_mean(aucs), macro_f1=_mean([row["macro_f1"] for row in report.values()]))
    return {"mean": means, **report}


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def false_alarms_by_language(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Proportion]:
    """Harmless captions and prompts of each language that would be held or refused."""
    harmless = texts_mask(text.style == "video" and "benign" in text.labels for text in texts)
    report = {}
    for lang in sorted({text.lang for text in texts}):
        here = harmless & texts_mask(text.lang == lang for text in texts)
        if here.sum() >= _MIN_ROWS:
            report[lang] = positive_rate(predictions.decisions[here] >= Decision.HOLD)
    return report


def attack_detection_rates(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, Proportion]:
    """What share of published attacks is held or refused."""
    names = sorted({text.source for text in texts if text.source.startswith(("mma", "ringabell", "adversarial"))})
    return {
        name: positive_rate(predictions.decisions[texts_mask(text.source == name for text in texts)] >= Decision.HOLD)
        for name in names
    }


def obfuscation_robustness(texts: Sequence[LabelledText], predictions: PromptPredictions) -> dict[str, DisguiseMetrics]:
    """Of prompts that are caught as they are, the share still caught in each disguise; and of harmless ones, held."""
    caught = [
        text for text, decision in zip(texts, predictions.decisions, strict=True)
        if text.source in _VIDEO_CORPORA and text.unsafe and decision >= Decision.HOLD
    ][:120]  # fmt: skip
    quiet = [
        text for text, decision in zip(texts, predictions.decisions, strict=True)
        if text.source == "vbench1" and decision == Decision.ALLOW
    ][:60]  # fmt: skip
    report: dict[str, DisguiseMetrics] = {}
    for name, way in OBFUSCATIONS.items():
        there = predict_in_pages(
            [way(text.text) for text in [*caught, *quiet]], ["video"] * len([*caught, *quiet]), AnswerFiles(DISGUISED)
        ).decisions
        report[name] = {
            "still_caught": positive_rate(there[: len(caught)] >= Decision.HOLD),
            "harmless_held": positive_rate(there[len(caught) :] >= Decision.HOLD),
        }
    return report


def calibration_by_label(
    texts: Sequence[LabelledText], predictions: PromptPredictions
) -> dict[str, list[CalibrationBin]]:
    """What a calibration plot shows, for the labels with the most rows."""
    video = texts_mask(text.style == "video" and text.source not in ("i2p", "adversarial_nibbler") for text in texts)
    social = texts_mask(text.style == "social" for text in texts)
    report = {}
    for label, mine in (("sexual", video), ("violence", video), ("unsafe", video), ("hate", social)):
        sides = texts_mask(label in text.labels or (label == "unsafe" and text.unsafe) for text in texts)
        report[label] = calibration_curve(predictions.scores["prompt_intent", label][mine], sides[mine])
    return report


def texts_mask(chosen: Iterable[bool]) -> BoolArray:
    """Which of the texts are meant, one truth value each."""
    return np.fromiter(chosen, np.bool_)


def _highest_score(predictions: PromptPredictions, source: str) -> NDArray[np.float64]:
    kept = [predictions.scores[source, label] for label in _HARM_LABELS if (source, label) in predictions.scores]
    return np.asarray(np.nanmax(np.stack([*kept, np.zeros(len(predictions.decisions))]), axis=0))


if __name__ == "__main__":
    main()
