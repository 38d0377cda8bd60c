"""Weighs the three sources and calibrates them, on dev rows and held-out written texts; nothing is trained here.

    ASSAY_DATA=… python -m evals.calibrate_prompts

Scale: each source and label to the same spread. Mix: for each label the weights with the best AUC. Calibration:
for each style Platt's line (Platt 1999) where there are rows of both sides, equal odds assumed, then moved so that few
harmless ones lie above the score from which policy holds: of comments at most ALARMS for each label, of prompts and
chat at most MOST for all labels together, spent where it finds most (evals.limits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.models.e5_text import WIDTH
from classifiers.models.heads import PromptHeads
from classifiers.normal import visible
from evals.limits import limits
from evals.prompt_figures import auc
from evals.prompt_heads_file import record
from evals.prompt_rows import thirds
from evals.prompt_texts import LABELS, SEEDS, STYLES, Text, of_row, styles, targets, written
from evals.train_encoder import chosen, split
from evals.train_prompt_heads import OUT
from evals.wide import embed_wide

MOST = {"video": 0.034, "chat": 0.05}  # of harmless texts that would be held for any label
ALARMS = {"video": 0.003, "chat": 0.01, "social": 0.01}  # of harmless texts that would be held, each label by itself
MORE_ALARMS = {("social", "hate"): 0.27, ("social", "harassment"): 0.08, ("social", "unsafe"): 0.05}
# From which score on the rules of the default pack hold; where a label is not named, 0.6.
HOLDS = {
    "violence": 0.7, "gore": 0.7, "self_harm": 0.7, "illicit": 0.75, "disinfo": 0.75, "weapons": 0.85,
    "jailbreak": 0.85,
    "hate": 0.5, "harassment": 0.5, "unsafe": 0.5, "intimate_image": 0.4,
}  # fmt: skip
# Labels that have harmless neighbours in every style; for the others a style alone has too few to learn a limit from.
_OF_EVERY_STYLE = ("sexual", "violence", "gore", "self_harm", "hate", "harassment", "illicit", "unsafe")
_HELD_TOO = frozenset({"public_figure", "copyright_ip", "artist_style", "political"})
_NAMES = ("public_figure", "copyright_ip", "artist_style")  # harmless texts name few: an invented name looks like one
_DOUBT = 1.5  # log-odds: no figure of the dev rows is lost by it, and most invented names are let pass
_FEWEST = 12
_ATTACKS = ("t2i_attack",)

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Texts with their sources' margins."""

    texts: Sequence[Text]
    shown: list[str]
    english: list[bool]
    sources: Matrix
    sides: Matrix
    told: Matrix


def main() -> None:
    """Scale, mix, calibrate, write into the file."""
    with np.load(OUT) as kept:
        arrays: dict[str, Any] = dict(kept)
    where = weighed(material(), arrays)
    count = len(LABELS)
    foreign = [not one for one in where.english]
    arrays["middle"], arrays["spread"] = (np.zeros((4, count)) for _ in range(2))
    for source, mine in enumerate((..., ..., ..., foreign)):  # the last reads only what is not English
        seen = where.sources[source][mine][:, :count]
        arrays["middle"][source], arrays["spread"][source] = seen.mean(0), seen.std(0) + 1e-6
    arrays["mix"] = np.stack([mixed(where, arrays, english) for english in (True, False)])
    arrays["slope"], arrays["offset"] = np.ones((len(STYLES), count)), np.zeros((len(STYLES), count))
    heads = heads_of(arrays)
    together, _ = heads.margins(where.english, where.sources)
    arrays["slope"], arrays["offset"] = lines(where, together)
    np.savez_compressed(OUT, **{k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in arrays.items()})
    record(OUT)


def material() -> list[Text]:
    """Dev rows but for attacks, held-out texts, and the texts written to measure with.

    Of the multilingual test, which is large, a third: evals.prompts measures on another.
    """
    dev = [of_row(row) for row in thirds("dev", ("multilingual_hatecheck",), 0) if row.style not in _ATTACKS]
    own = [text for path in sorted(SEEDS.glob("dev_*.toml")) for text in written(path)]
    return [*dev, *own, *split(chosen(7))[1]]


def weighed(what: Sequence[Text], arrays: dict[str, Any]) -> Weighed:
    """Every source's margins of every text."""
    shown = [visible(one.text) for one in what]
    embedder, encoder = models.get("use_multilingual"), models.get("prompt_encoder")
    embeddings = np.concatenate([embedder.embed(shown[at : at + 512]) for at in range(0, len(shown), 512)])
    logits = np.concatenate([encoder.logits(shown[at : at + 512]) for at in range(0, len(shown), 512)])
    count = len(LABELS)
    english = [encoder.english(text) for text in shown]
    wide = np.zeros((len(shown), WIDTH), np.float32)
    wide[[not one for one in english]] = embed_wide([t for t, one in zip(shown, english, strict=True) if not one])
    blank = {
        "middle": np.zeros((4, count)), "spread": np.ones((4, count)), "mix": np.ones((2, 4, count)),
        "slope": np.ones((len(STYLES), count)), "offset": np.zeros((len(STYLES), count)),
    }  # fmt: skip
    sources = heads_of(blank | arrays).sources(shown, embeddings, logits, wide)
    sides, told = targets(what)
    return Weighed(what, shown, english, sources, sides, told)


def heads_of(arrays: dict[str, Any]) -> PromptHeads:
    """The heads of these arrays, as the file would give them."""
    nets = [f"{net}{part}" for net in ("", "wide_") for part in ("up", "up_bias", "down", "down_bias")]
    names = (*nets, "middle", "spread", "mix", "slope", "offset")
    return PromptHeads(
        labels=LABELS,
        styles=STYLES,
        pieces=arrays["grams"].astype(np.float32) * arrays["grams_scale"],
        pieces_bias=arrays["grams_bias"],
        **{name: arrays[name].astype(np.float32) for name in names},
    )


def mixed(where: Weighed, arrays: dict[str, Any], english: bool) -> Matrix:
    """(4, labels): for each label the weights of the grid with the best AUC; where rows are few, the best for all."""
    here = np.array(where.english) == english
    scaled = (where.sources[:, :, : len(LABELS)] - arrays["middle"][:, None]) / arrays["spread"][:, None]
    sixths = [way for way in product(range(7), repeat=4) if sum(way) == 6 and not (english and way[3])]
    grid = [tuple(part / 6 for part in way) for way in sixths]
    found = np.array([_aucs(where, np.einsum("s,snl->nl", np.array(way), scaled), here) for way in grid])
    overall = np.nanmean(found, axis=1)
    best = np.argmax(np.where(np.isnan(found), 0.0, found) + 0.3 * overall[:, None], axis=0)
    print("English" if english else "other", {label: grid[best[place]] for place, label in enumerate(LABELS)})
    return np.array([grid[place] for place in best], np.float32).T


def _aucs(where: Weighed, margins: Matrix, here: NDArray[np.bool_]) -> list[float]:
    style = styles(where.texts).astype(bool)
    found = []
    for place, _label in enumerate(LABELS):
        each = []
        for column in range(len(STYLES)):
            mine = here & style[:, column] & (where.told[:, place] > 0.05)
            guilty, harmless = mine & (where.sides[:, place] == 1), mine & (where.sides[:, place] == 0)
            if min(guilty.sum(), harmless.sum()) >= _FEWEST:
                each.append(auc(margins[guilty, place].astype(float), margins[harmless, place].astype(float)) or 0.0)
        found.append(float(np.mean(each)) if each else float("nan"))
    return found


def lines(where: Weighed, together: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(styles, labels) slopes and offsets."""
    style = styles(where.texts).astype(bool)
    benign = np.array(["benign" in one.said for one in where.texts])
    slope, offset = np.ones((len(STYLES), len(LABELS))), np.zeros((len(STYLES), len(LABELS)))
    chosen_limits = {name: _limits(where, together, style[:, STYLES.index(name)], benign, MOST[name]) for name in MOST}
    for place, label in enumerate(LABELS):
        told = where.told[:, place] > 0.05
        everywhere = platt(together[told, place], where.sides[told, place])
        for column, name in enumerate(STYLES):
            mine = told & style[:, column]
            guilty = int(where.sides[mine, place].sum())
            enough = min(guilty, int(mine.sum()) - guilty) >= _FEWEST
            rises, lies = platt(together[mine, place], where.sides[mine, place]) if enough else everywhere
            rises = min(max(rises, 1.5), 4.0)
            share = alarms(name, label)
            limit = float(np.quantile(together[benign & style[:, column], place], 1 - share))
            if label not in _OF_EVERY_STYLE:
                limit = max(limit, float(np.quantile(together[benign, place], 1 - share)))
            held = HOLDS.get(label, 0.6)
            slope[column, place] = rises
            limit = chosen_limits[name][place] if name in chosen_limits else limit
            offset[column, place] = float(np.log(held / (1 - held))) - rises * limit
            if label in _NAMES or (name not in chosen_limits and (name, label) not in MORE_ALARMS):
                offset[column, place] = min(lies, offset[column, place])
            if label == "public_figure":
                offset[column, place] -= _DOUBT
        print(label, np.round(slope[:, place], 2), np.round(offset[:, place], 2))
    return slope, offset


def _limits(
    where: Weighed, together: Matrix, mine: NDArray[np.bool_], benign: NDArray[np.bool_], most: float
) -> NDArray[np.float64]:
    """For one style; what is to be found is what is unsafe, and what has a label of its own that holds."""
    guilty = np.array([one.unsafe or bool(one.said & _HELD_TOO) for one in where.texts])
    least = np.quantile(together[benign], 1 - ALARMS["video"], axis=0)
    least[[label in _OF_EVERY_STYLE for label in LABELS]] = -np.inf
    return limits(together, guilty & mine, benign & mine, most=most, least=least.tolist())


def alarms(style: str, label: str) -> float:
    """The share of harmless texts of a style that may be held for a label."""
    return MORE_ALARMS.get((style, label), ALARMS[style])


def platt(margins: NDArray[Any], sides: NDArray[Any]) -> tuple[float, float]:
    """Slope and offset of the logistic line through the margins, both sides weighing the same."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=10.0, class_weight="balanced").fit(margins[:, None], sides)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


if __name__ == "__main__":
    main()
