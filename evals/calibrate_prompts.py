"""Weighs the three sources and calibrates them, on dev rows and held-out written texts; nothing is trained here.

    ASSAY_DATA=… python -m evals.calibrate_prompts

Scale: each source and label to the same spread. Mix: the weights of a grid with the best mean AUC. Calibration:
for each style Platt's line (Platt 1999) where there are rows of both sides, equal odds assumed; for prompts of videos
then moved so that at most ALARMS of the harmless ones lie above 0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.models.heads import PromptHeads, plain_letters
from classifiers.normal import visible
from evals.prompt_figures import auc
from evals.prompt_heads_file import record
from evals.prompt_rows import rows
from evals.prompt_texts import LABELS, SEEDS, STYLES, Text, of_row, styles, targets, written
from evals.train_encoder import chosen, split
from evals.train_prompt_heads import OUT

ALARMS = 0.006  # of harmless video prompts above 0.5, each label by itself
_FEWEST = 12
_ATTACKS = ("t2i_attack",)

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Texts with their sources' margins."""

    texts: Sequence[Text]
    shown: list[str]
    sources: Matrix
    sides: Matrix
    told: Matrix


def main() -> None:
    """Scale, mix, calibrate, write into the file."""
    with np.load(OUT) as kept:
        arrays: dict[str, Any] = dict(kept)
    where = weighed(material(), arrays)
    count = len(LABELS)
    arrays["middle"] = where.sources[:, :, :count].mean(1)
    arrays["spread"] = where.sources[:, :, :count].std(1) + 1e-6
    arrays["mix"] = np.array([mixed(where, arrays, plain) for plain in (True, False)], np.float32)
    arrays["slope"], arrays["offset"] = np.ones((len(STYLES), count)), np.zeros((len(STYLES), count))
    heads = heads_of(arrays)
    together, _ = heads.margins(where.shown, where.sources)
    arrays["slope"], arrays["offset"] = lines(where, together)
    np.savez_compressed(OUT, **{k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in arrays.items()})
    record(OUT)


def material() -> list[Text]:
    """Dev rows but for attacks, held-out texts, and the texts written to measure with."""
    dev = [of_row(row) for row in rows("dev") if row.style not in _ATTACKS]
    own = [text for path in sorted(SEEDS.glob("dev_*.toml")) for text in written(path)]
    return [*dev, *own, *split(chosen(7))[1]]


def weighed(what: Sequence[Text], arrays: dict[str, Any]) -> Weighed:
    """Every source's margins of every text."""
    shown = [visible(one.text) for one in what]
    embedder, encoder = models.get("use_multilingual"), models.get("prompt_encoder")
    embeddings = np.concatenate([embedder.embed(shown[at : at + 512]) for at in range(0, len(shown), 512)])
    logits = np.concatenate([encoder.logits(shown[at : at + 512]) for at in range(0, len(shown), 512)])
    count = len(LABELS)
    blank = {
        "middle": np.zeros((3, count)), "spread": np.ones((3, count)), "mix": np.ones((2, 3)),
        "slope": np.ones((len(STYLES), count)), "offset": np.zeros((len(STYLES), count)),
    }  # fmt: skip
    sources = heads_of(blank | arrays).sources(shown, embeddings, logits)
    sides, told = targets(what)
    return Weighed(what, shown, sources, sides, told)


def heads_of(arrays: dict[str, Any]) -> PromptHeads:
    """The heads of these arrays, as the file would give them."""
    names = ("up", "up_bias", "down", "down_bias", "middle", "spread", "mix", "slope", "offset")
    return PromptHeads(
        labels=LABELS,
        styles=STYLES,
        pieces=arrays["grams"].astype(np.float32) * arrays["grams_scale"],
        pieces_bias=arrays["grams_bias"],
        **{name: arrays[name] for name in names},
    )


def mixed(where: Weighed, arrays: dict[str, Any], plain: bool) -> tuple[float, ...]:
    """The weights of the grid with the best mean AUC over labels and styles, for plain letters or for others."""
    here = np.array([plain_letters(text) is plain for text in where.shown])
    scaled = (where.sources[:, :, : len(LABELS)] - arrays["middle"][:, None]) / arrays["spread"][:, None]
    grid = [way for way in product((0.0, 0.25, 0.5, 0.75, 1.0), repeat=3) if sum(way) == 1.0]
    found = [(_mean_auc(where, np.einsum("s,snl->nl", np.array(way), scaled), here), way) for way in grid]
    print(plain, sorted(found, reverse=True)[:4])
    return max(found)[1]


def _mean_auc(where: Weighed, margins: Matrix, here: NDArray[np.bool_]) -> float:
    style = styles(where.texts).astype(bool)
    found = []
    for place, _label in enumerate(LABELS):
        for column in range(len(STYLES)):
            mine = here & style[:, column] & (where.told[:, place] > 0.05)
            guilty, harmless = mine & (where.sides[:, place] == 1), mine & (where.sides[:, place] == 0)
            if min(guilty.sum(), harmless.sum()) >= _FEWEST:
                found.append(auc(margins[guilty, place].astype(float), margins[harmless, place].astype(float)) or 0.0)
    return float(np.mean(found))


def lines(where: Weighed, together: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(styles, labels) slopes and offsets."""
    style = styles(where.texts).astype(bool)
    slope, offset = np.ones((len(STYLES), len(LABELS))), np.zeros((len(STYLES), len(LABELS)))
    for place, label in enumerate(LABELS):
        told = where.told[:, place] > 0.05
        everywhere = platt(together[told, place], where.sides[told, place])
        for column, name in enumerate(STYLES):
            mine = told & style[:, column]
            guilty = int(where.sides[mine, place].sum())
            enough = min(guilty, int(mine.sum()) - guilty) >= _FEWEST
            slope[column, place], offset[column, place] = (
                platt(together[mine, place], where.sides[mine, place]) if enough else everywhere
            )
            if name == "video":
                harmless = together[mine & (where.sides[:, place] == 0), place]
                limit = float(np.quantile(harmless, 1 - ALARMS))
                slope[column, place] = max(slope[column, place], 1.0)
                offset[column, place] = min(offset[column, place], -slope[column, place] * limit)
        print(label, np.round(slope[:, place], 2), np.round(offset[:, place], 2))
    return slope, offset


def platt(margins: NDArray[Any], sides: NDArray[Any]) -> tuple[float, float]:
    """Slope and offset of the logistic line through the margins, both sides weighing the same."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=10.0, class_weight="balanced").fit(margins[:, None], sides)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


if __name__ == "__main__":
    main()
