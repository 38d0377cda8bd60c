"""Measures what a larger encoder adds to the readers of today, and writes evals/results/prompt_second_reader.json.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.second_reader --weights FOLDER

FOLDER holds all-mpnet-base-v2 (evals.prompts.training.mpnet says where from). A linear head is learnt on its embeddings
of _LEARNT English texts to learn from, drawn by a seed; abuse among people counts as unsafe at half its weight. It is
then averaged with what the shipped readers say of English dev rows, both at one scale. Embeddings are kept in build/:
the same command goes on from there. By margins of the whole text, so no rule and no list has a say here.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS
from classifiers.text.deobfuscate import visible_text
from evals.bench.machine_info import machine_info
from evals.prompts.accuracy import kind_sides, texts_mask
from evals.prompts.classification_metrics import roc_auc
from evals.prompts.corpus import LABELS, SEEDS, STYLES, LabelledText, label_targets, load_seed_file, text_of_row
from evals.prompts.cross_source import BUILD
from evals.prompts.datasets import load_split
from evals.prompts.remembered_models import AnswerFiles, RememberingModels, text_key
from evals.prompts.training.calibrate import measure_margins
from evals.prompts.training.encoder import split_held_out, subsampled_texts
from evals.prompts.training.heads import HEADS_FILE
from evals.prompts.training.mpnet import MpnetEmbedder
from evals.prompts.training.score_calibration import HOLD_SCORES
from media.arrays import BoolArray

RESULT = Path("evals/results/prompt_second_reader.json")
_LEARNT = 5500
_SEED = 1
_RESAMPLED = 300  # times that texts are drawn anew for an interval
_WHOLE = ("t2vsafetybench", "safree_t2v", "surge_toxicity", "jigsaw_wikipedia", "harmbench")
_THIRDS = ("hatecheck", "vbench1", "evalcrafter", "t2v_compbench", "fetv", "multi30k")
_HARMLESS_BUT_HELD = ("political", "public_figure", "copyright_ip", "artist_style")
_BATCH = 1024  # texts that are embedded before all is kept


def main() -> None:
    """Embed, learn, compare."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--weights", type=Path, required=True, help="folder of all-mpnet-base-v2")
    folder = asked.parse_args().weights
    encoder = PACKAGED_MODELS.get("prompt_encoder")
    learn, held = split_held_out(subsampled_texts(7))
    learn = [text for text in learn if encoder.english(visible_text(text.text))]
    random.Random(_SEED).shuffle(learn)  # noqa: S311  an order, not a secret
    learn = learn[:_LEARNT]
    texts = [text for text in [*written_to_measure(), *held, *_dev()] if encoder.english(visible_text(text.text))]
    second = _learnt(embedded(learn, folder), learn)(embedded(texts, folder))
    today, unsafe = _todays(texts)
    scores = {
        "today": today,
        "unsafe": unsafe,
        "second": second,
        "unsafe_and_second": _scaled(unsafe) + _scaled(second),
        "today_and_second": _scaled(today) + _scaled(second),
    }
    report = {
        "machine": machine_info(),
        "learnt": len(learn),
        "kinds": {kind: _compared(scores, *sides) for kind, sides in _sides(texts).items()},
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report["kinds"], indent=1))


def written_to_measure() -> list[LabelledText]:
    """Our own texts that nothing was learnt from."""
    return [text for path in sorted(SEEDS.glob("dev_*.toml")) for text in load_seed_file(path)]


def embedded(texts: Sequence[LabelledText], folder: Path) -> NDArray[np.float32]:
    """(n, 768), from build/ where they were embedded before."""
    path = Path("build/second_reader.npz")
    known: dict[str, NDArray[np.float32]] = {}
    if path.is_file():
        with np.load(path, allow_pickle=False) as kept:
            known = dict(zip(kept["keys"].tolist(), kept["rows"].astype(np.float32), strict=True))
    shown = {text_key(visible_text(text.text)): visible_text(text.text) for text in texts}
    missing = [key for key in shown if key not in known]
    embedder = MpnetEmbedder(folder) if missing else None
    for at in range(0, len(missing), _BATCH):
        keys = missing[at : at + _BATCH]
        assert embedder is not None  # noqa: S101  something is missing
        known.update(zip(keys, embedder.embed([shown[key] for key in keys]), strict=True))
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, keys=np.array(list(known)), rows=np.stack(list(known.values())).astype(np.float16))
    return np.stack([known[text_key(visible_text(text.text))] for text in texts])


def _dev() -> list[LabelledText]:
    rows = [
        row
        for place, row in enumerate(load_split("dev"))
        if row.corpus in _WHOLE or (row.corpus in _THIRDS and place % 3 == 0)
    ]
    return [text_of_row(row) for row in rows]


def _learnt(embeddings: NDArray[np.float32], texts: Sequence[LabelledText]) -> Any:
    from sklearn.linear_model import LogisticRegression

    targets, weights = (part[:, LABELS.index("unsafe")].copy() for part in label_targets(texts))
    for place, text in enumerate(texts):
        if text.style == "social" and text.labels & {"harassment", "toxic_unspecified"}:
            targets[place], weights[place] = 1.0, max(weights[place], 0.5 * text.weight)
    known = weights > 0
    head = LogisticRegression(C=3, max_iter=200, class_weight="balanced")
    return head.fit(embeddings[known], targets[known], sample_weight=weights[known]).decision_function


def _todays(texts: Sequence[LabelledText]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The highest label, in odds over those from which rules hold; and the margin of `unsafe`."""
    with np.load(HEADS_FILE) as kept:
        measured = measure_margins(texts, dict(kept), RememberingModels(answers=AnswerFiles(BUILD).read()))
    heads, english = PACKAGED_MODELS.get("prompt_heads"), np.array(measured.english)
    margins, _ = heads.logits(english, measured.source_margins)
    holds = np.array([HOLD_SCORES.get(label, 0.6) for label in LABELS])
    scores = np.stack(
        [heads.for_style(style).score(english, measured.source_margins).astype(float) for style in STYLES]
    )[[STYLES.index(text.style) for text in texts], np.arange(len(texts))]
    over = np.log(scores + 1e-9) - np.log(1 - scores + 1e-9) - np.log(holds / (1 - holds))
    harm = [place for place, label in enumerate(LABELS) if label not in _HARMLESS_BUT_HELD]
    return over[:, harm].max(1), margins[:, LABELS.index("unsafe")].astype(float)


def _scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((scores - scores.mean()) / scores.std())


def _sides(texts: Sequence[LabelledText]) -> Mapping[str, tuple[BoolArray, BoolArray]]:
    benign = texts_mask(text.style == "chat" and text.labels == {"benign"} for text in texts)
    return {**kind_sides(texts), "harmbench": (texts_mask(text.source == "harmbench" for text in texts), benign)}


def _compared(scores: Mapping[str, NDArray[np.float64]], guilty: BoolArray, harmless: BoolArray) -> dict[str, Any]:
    """AUC and what is found where 3 % are held, of each; what the average adds to today's AUC, with 95 % of draws."""
    rng = np.random.default_rng(_SEED)
    today, both = scores["today"], scores["today_and_second"]
    bad, good = np.flatnonzero(guilty), np.flatnonzero(harmless)
    gains = []
    for _ in range(_RESAMPLED):
        b, g = rng.choice(bad, len(bad)), rng.choice(good, len(good))
        gains.append((roc_auc(both[b], both[g]) or 0.0) - (roc_auc(today[b], today[g]) or 0.0))
    low, high = np.quantile(gains, [0.025, 0.975])
    return {
        "n": [len(bad), len(good)],
        "auc": {name: roc_auc(score[bad], score[good]) for name, score in scores.items()},
        "found_at_3": {
            name: round(float((score[bad] > np.quantile(score[good], 0.97)).mean()), 4)
            for name, score in scores.items()
        },
        "gain": {"low": round(float(low), 4), "high": round(float(high), 4)},
    }


def _found(bad: NDArray[np.float64], good: NDArray[np.float64], held: float) -> float:
    return round(float((bad > np.quantile(good, 1 - held)).mean()), 4)


if __name__ == "__main__":
    main()
