"""Weighs the three sources and calibrates them, on dev rows and held-out written texts; nothing is trained here.

    ASSAY_DATA=… python -m evals.prompts.training.calibrate

Scale: each source and label to the same spread. Mix: for each label the weights with the best AUC. Lines: from margins
to scores, for each style (evals.prompts.training.score_calibration). Wary: from which score on after two sources the
others are asked too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.e5 import E5_DIMENSIONS
from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.deobfuscate import visible_text
from classifiers.text.prompt_ensemble import FIRST_SOURCES, LATER_SOURCES, normalise_case
from evals.prompts.classification_metrics import roc_auc
from evals.prompts.corpus import (
    LABELS,
    SEEDS,
    STYLES,
    LabelledText,
    label_targets,
    load_seed_file,
    style_one_hot,
    text_of_row,
)
from evals.prompts.datasets import load_split_third
from evals.prompts.training.embedding_cache import embed_wide
from evals.prompts.training.encoder import split_held_out, subsampled_texts
from evals.prompts.training.heads import HEADS_FILE
from evals.prompts.training.score_calibration import SourceMargins, calibration_lines, escalation_thresholds
from evals.prompts.training.weight_digests import record_digest
from media.arrays import AnyArray, FloatMatrix

_MIN_ROWS = 12
"""Texts of each side, at the least, of which an AUC counts."""
_ATTACK_STYLES = ("t2i_attack",)


def main() -> None:
    """Scale, mix, calibrate, write into the file."""
    with np.load(HEADS_FILE) as kept:
        arrays: dict[str, AnyArray] = dict(kept)
    stored: dict[str, Any] = calibrated_arrays(measure_margins(calibration_texts(), arrays), arrays)
    np.savez_compressed(HEADS_FILE, **stored)
    record_digest(HEADS_FILE)


def calibrated_arrays(measured: SourceMargins, trained: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
    """What was trained, and the scales, weights and lines that these texts give."""
    arrays = dict(trained)
    count = len(LABELS)
    foreign = [not is_english for is_english in measured.english]
    arrays["middle"], arrays["spread"] = (np.zeros((4, count)) for _ in range(2))
    for source, mine in enumerate((..., ..., ..., foreign)):  # the last reads only what is not English
        margins = measured.source_margins[source][mine][:, :count]
        arrays["middle"][source], arrays["spread"][source] = margins.mean(0), margins.std(0) + 1e-6
    arrays["mix"] = np.stack([select_mix(measured, arrays, english) for english in (True, False)])
    arrays |= identity_calibration()
    together, _ = heads_from_arrays(arrays).logits(np.array(measured.english), measured.source_margins)
    arrays["slope"], arrays["offset"] = (
        np.stack(each) for each in zip(*calibration_lines(measured, together), strict=True)
    )
    arrays["wary"] = escalation_thresholds(measured, heads_from_arrays(arrays))
    return {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in arrays.items()}


def calibration_texts() -> list[LabelledText]:
    """Dev rows but for attacks, held-out texts, and the texts written to measure with.

    Of the multilingual test, which is large, a third: evals.prompts.accuracy measures on another.
    """
    dev = [
        text_of_row(row)
        for row in load_split_third("dev", ("multilingual_hatecheck",), 0)
        if row.style not in _ATTACK_STYLES
    ]
    own = [text for path in sorted(SEEDS.glob("dev_*.toml")) for text in load_seed_file(path)]
    return [*dev, *own, *split_held_out(subsampled_texts(7))[1]]


def measure_margins(
    texts: Sequence[LabelledText], arrays: dict[str, AnyArray], models: Models = PACKAGED_MODELS
) -> SourceMargins:
    """Every source's margins of every text."""
    shown = [visible_text(text.text) for text in texts]
    embedder, encoder = models.get("use_multilingual"), models.get("prompt_encoder")
    cased = [normalise_case(text) for text in shown]
    embeddings = np.concatenate([embedder.embed(cased[at : at + 512]) for at in range(0, len(cased), 512)])
    logits = np.concatenate([encoder.logits(shown[at : at + 512]) for at in range(0, len(shown), 512)])
    count = len(LABELS)
    english = [encoder.english(text) for text in shown]
    wide = np.zeros((len(shown), E5_DIMENSIONS), np.float32)
    foreign = [text for text, is_english in zip(cased, english, strict=True) if not is_english]
    wide[[not is_english for is_english in english]] = embed_wide(foreign, models)
    blank = {"middle": np.zeros((4, count)), "spread": np.ones((4, count)), "mix": np.ones((2, 4, count))}
    heads = heads_from_arrays(blank | identity_calibration() | arrays)
    wider = np.where(np.array(english)[:, None], np.nan, heads.multilingual_logits(wide))
    sources = np.stack([heads.sentence_logits(embeddings), heads.ngram_logits(shown), logits, wider])
    targets, weights = label_targets(texts)
    rude = [
        "toxic_unspecified" in text.labels for text in texts
    ]  # what people called toxic is harassment more often than not
    targets[rude, LABELS.index("harassment")] = weights[rude, LABELS.index("harassment")] = 1.0
    return SourceMargins(texts, shown, english, sources.astype(np.float32), targets, weights)


def identity_calibration() -> dict[str, AnyArray]:
    """Lines that change nothing, until there are others."""
    shape = 2, len(STYLES), len(LABELS)
    return {"slope": np.ones(shape), "offset": np.zeros(shape), "wary": np.zeros(2)}


def heads_from_arrays(arrays: dict[str, AnyArray]) -> PromptHeads:
    """The heads of these arrays, as the file would give them."""
    nets = [f"{net}{part}" for net in ("", "wide_") for part in ("up", "up_bias", "down", "down_bias")]
    names = (*nets, "middle", "spread", "mix", "slope", "offset", "wary")
    weights: dict[str, Any] = {name: arrays[name].astype(np.float32) for name in names}
    return PromptHeads(
        labels=LABELS,
        styles=STYLES,
        ngram_weights=arrays["grams"].astype(np.float32) * arrays["grams_scale"],
        ngram_bias=arrays["grams_bias"],
        **weights,
    )


def select_mix(margins: SourceMargins, arrays: dict[str, AnyArray], english: bool) -> FloatMatrix:
    """(4, labels): for each label the weights of the grid with the best AUC; where rows are few, the best for all.

    The two sources that are asked first weigh a third at least: they decide whether the others are asked.
    """
    here = np.array(margins.english) == english
    raw = np.nan_to_num(margins.source_margins[:, :, : len(LABELS)])
    scaled = (raw - arrays["middle"][:, None]) / arrays["spread"][:, None]
    asked = {*FIRST_SOURCES[english], LATER_SOURCES[english]}
    sixths = [
        weights
        for weights in product(range(7), repeat=4)
        if sum(weights) == 6
        and sum(weights[source] for source in FIRST_SOURCES[english]) >= 2
        and not any(weight for source, weight in enumerate(weights) if source not in asked)
    ]
    grid = [tuple(part / 6 for part in weights) for weights in sixths]
    aucs = np.array([_aucs(margins, np.einsum("s,snl->nl", np.array(weights), scaled), here) for weights in grid])
    overall = np.nanmean(aucs, axis=1)
    best = np.argmax(np.where(np.isnan(aucs), 0.0, aucs) + 0.3 * overall[:, None], axis=0)
    print("English" if english else "other", {label: grid[best[place]] for place, label in enumerate(LABELS)})
    return np.array([grid[place] for place in best], np.float32).T


def _aucs(measured: SourceMargins, margins: FloatMatrix, here: NDArray[np.bool_]) -> list[float]:
    style = style_one_hot(measured.texts).astype(bool)
    means = []
    for place, _label in enumerate(LABELS):
        each = []
        for column in range(len(STYLES)):
            mine = here & style[:, column] & (measured.weights[:, place] > 0.05)
            guilty, harmless = mine & (measured.targets[:, place] == 1), mine & (measured.targets[:, place] == 0)
            if min(guilty.sum(), harmless.sum()) >= _MIN_ROWS:
                each.append(
                    roc_auc(margins[guilty, place].astype(float), margins[harmless, place].astype(float)) or 0.0
                )
        means.append(float(np.mean(each)) if each else float("nan"))
    return means


if __name__ == "__main__":
    main()
