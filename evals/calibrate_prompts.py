"""Weighs the three sources and calibrates them, on dev rows and held-out written texts; nothing is trained here.

    ASSAY_DATA=… python -m evals.calibrate_prompts

Scale: each source and label to the same spread. Mix: for each label the weights with the best AUC. Lines: from margins
to scores, for each style (evals.prompt_lines). Wary: from which score on after two sources the others are asked too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.models.e5_text import WIDTH
from classifiers.models.heads import WIDE, PromptHeads
from classifiers.normal import visible
from classifiers.prompt_scores import FIRST
from evals.prompt_figures import auc
from evals.prompt_heads_file import record
from evals.prompt_lines import Weighed, lines, wary
from evals.prompt_rows import thirds
from evals.prompt_texts import LABELS, SEEDS, STYLES, Text, of_row, styles, targets, written
from evals.train_encoder import chosen, split
from evals.train_prompt_heads import OUT
from evals.wide import embed_wide

_FEWEST = 12
_ATTACKS = ("t2i_attack",)

Matrix = NDArray[np.float32]


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
    arrays |= blank_lines()
    together, _ = heads_of(arrays).margins(np.array(where.english), where.sources)
    arrays["slope"], arrays["offset"] = (np.stack(each) for each in zip(*lines(where, together), strict=True))
    arrays["wary"] = wary(where, heads_of(arrays))
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
    blank = {"middle": np.zeros((4, count)), "spread": np.ones((4, count)), "mix": np.ones((2, 4, count))}
    heads = heads_of(blank | blank_lines() | arrays)
    wider = np.where(np.array(english)[:, None], np.nan, heads.of_wide(wide))
    sources = np.stack([heads.of_meaning(embeddings), heads.of_pieces(shown), logits, wider])
    sides, told = targets(what)
    rude = [
        "toxic_unspecified" in one.said for one in what
    ]  # what people called toxic is harassment more often than not
    sides[rude, LABELS.index("harassment")] = told[rude, LABELS.index("harassment")] = 1.0
    return Weighed(what, shown, english, sources.astype(np.float32), sides, told)


def blank_lines() -> dict[str, Any]:
    """Lines that change nothing, until there are others."""
    shape = 2, len(STYLES), len(LABELS)
    return {"slope": np.ones(shape), "offset": np.zeros(shape), "wary": np.zeros(2)}


def heads_of(arrays: dict[str, Any]) -> PromptHeads:
    """The heads of these arrays, as the file would give them."""
    nets = [f"{net}{part}" for net in ("", "wide_") for part in ("up", "up_bias", "down", "down_bias")]
    names = (*nets, "middle", "spread", "mix", "slope", "offset", "wary")
    return PromptHeads(
        labels=LABELS,
        styles=STYLES,
        pieces=arrays["grams"].astype(np.float32) * arrays["grams_scale"],
        pieces_bias=arrays["grams_bias"],
        **{name: arrays[name].astype(np.float32) for name in names},
    )


def mixed(where: Weighed, arrays: dict[str, Any], english: bool) -> Matrix:
    """(4, labels): for each label the weights of the grid with the best AUC; where rows are few, the best for all.

    The two sources that are asked first weigh a third at least: they decide whether the others are asked.
    """
    here = np.array(where.english) == english
    raw = np.nan_to_num(where.sources[:, :, : len(LABELS)])
    scaled = (raw - arrays["middle"][:, None]) / arrays["spread"][:, None]
    sixths = [way for way in product(range(7), repeat=4) if sum(way) == 6 and not (english and way[WIDE])]
    sixths = [way for way in sixths if sum(way[source] for source in FIRST[english]) >= 2]
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


if __name__ == "__main__":
    main()
