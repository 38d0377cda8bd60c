"""What the decisions are worth on texts of a source that nothing was set on: leave one source out.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.cross_source

For each source of texts in turn, weights of the readers, calibration and limits are set on all other sources, without
near-duplicates of its texts, and its texts are decided by them, by the default pack. So no threshold saw a text of the
kind that it is measured on: these are the figures that stand for texts from elsewhere. Beside them the same texts are
decided by the weights as they are shipped. No model is trained anew.

What models said of a text is kept in build/cross_source, and what was decided of each source too: the same command goes
on from there. Writes evals/results/prompts_cross_source.json; evals.prompts.report makes it part of the page.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS
from classifiers.models.catalog import file_sha256
from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.prompt_intent import PromptIntent
from core.verdicts import Decision
from evals.bench.machine_info import machine_info
from evals.prompts.accuracy import evaluation_texts, hate_by_language, metrics_by_kind, texts_mask
from evals.prompts.classification_metrics import positive_rate, roc_auc
from evals.prompts.corpus import LabelledText
from evals.prompts.predicted_pages import deciding_digest
from evals.prompts.predictions import PromptPredictions, predict_prompts
from evals.prompts.remembered_models import AnswerFiles, Answers, RememberingModels, text_key
from evals.prompts.training.calibrate import calibrated_arrays, calibration_texts, heads_from_arrays, measure_margins
from evals.prompts.training.heads import HEADS_FILE
from evals.prompts.training.score_calibration import SourceMargins

RESULT = Path("evals/results/prompts_cross_source.json")
BUILD = Path("build/cross_source")
_MIN_ROWS = 12
"""Texts of a side, at the least, of which figures are given."""
_SHINGLE = 4  # words that near-duplicates have in common, in a row
_SHARED = 0.5  # share of such rows of words from which on a text is one
_WORD = re.compile(r"\w+")


def main() -> None:
    """Each source apart, then all together."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--english", type=int, default=10**9, help="English texts of a source, a style and a side")
    asked.add_argument("--foreign", type=int, default=40, help="others; each takes longer")
    asked.add_argument("--order", type=int, default=0, help="several at once share the work: give each another number")
    how = asked.parse_args()
    files = AnswerFiles(BUILD)
    answers = files.read()
    texts = thinned(evaluation_texts(), how.english, how.foreign)
    source = np.array([source_family(text.source) for text in texts])
    models = RememberingModels(answers=answers)
    measured = measure_margins(calibration_texts(), _arrays(), models)
    files.save(answers)
    run = SourceRun(texts, source, measured, answers, how.order)
    left_out, set_on = run.left_out(), run.shipped()
    files.save(answers)
    report = {
        "machine": machine_info(),
        "classifier": PromptIntent.version,
        "texts": len(texts),
        "english": how.english,
        "foreign": how.foreign,
        "sources": list(_by_source(texts, source, set_on, left_out)),
        "kinds": {"set_on": _kinds(texts, set_on), "left_out": _kinds(texts, left_out)},
        "auc": {"set_on": _auc_by_kind(texts, set_on), "left_out": _auc_by_kind(texts, left_out)},
        "hate": {
            "set_on": hate_by_language(texts, set_on)["mean"],
            "left_out": hate_by_language(texts, left_out)["mean"],
        },
    }
    RESULT.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def thinned(texts: Sequence[LabelledText], english: int, foreign: int) -> list[LabelledText]:
    """Of the unsafe and of the harmless texts of a source, a style and a language so many, by their digests' order."""
    count: dict[tuple[str, str, str, bool], int] = {}
    kept = set()
    for place in sorted(range(len(texts)), key=lambda place: text_key(texts[place].text)):
        text = texts[place]
        key = source_family(text.source), text.style, text.lang, text.unsafe
        count[key] = count.get(key, 0) + 1
        if count[key] <= (english if text.lang == "en" else foreign):
            kept.add(place)
    return [text for place, text in enumerate(texts) if place in kept]


def source_family(source: str) -> str:
    """Which source a text is of: a corpus with its parts, or files of ours that were written as one."""
    if source.startswith("seed:"):
        return f"written_{source.removeprefix('seed:').removeprefix('dev_').split('_')[0]}"
    return {"vbench1_zh": "vbench1", "multilingual_hatecheck": "hatecheck", "conan_counter": "conan"}.get(
        source, source
    )


def without_source(measured: SourceMargins, left_out: str) -> SourceMargins:
    """The texts of all other sources, without near-duplicates of this one's."""
    mine = [source_family(text.source) == left_out for text in measured.texts]
    near = near_duplicates(
        [text.text for text in measured.texts], [t.text for t, its in zip(measured.texts, mine, strict=True) if its]
    )
    return measured.subset([not (its or close) for its, close in zip(mine, near, strict=True)])


def near_duplicates(texts: Sequence[str], others: Iterable[str]) -> list[bool]:
    """Which of the texts have half of their rows of four words in the others; a shorter one, if it is one of them."""
    known = {row for other in others for row in _shingles(other)}
    shares = (np.mean([row in known for row in _shingles(text)]) for text in texts)
    return [bool(share >= _SHARED) for share in shares]


def _shingles(text: str) -> list[str]:
    words = _WORD.findall(text.casefold())
    return [" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))]


@dataclass(frozen=True, slots=True)
class SourceRun:
    """Each source decided by itself, and kept on the disk as soon as it is."""

    texts: Sequence[LabelledText]
    source: NDArray[np.str_]
    measured: SourceMargins
    answers: dict[str, Answers]
    order: int

    def left_out(self) -> PromptPredictions:
        """Every text decided by what was set without its source."""
        return self._together("left_out", self._heads_without)

    def shipped(self) -> PromptPredictions:
        """Every text decided by the weights as they are."""
        return self._together("shipped", lambda _: PACKAGED_MODELS.get("prompt_heads"))

    def _heads_without(self, name: str) -> PromptHeads:
        return heads_from_arrays(calibrated_arrays(without_source(self.measured, name), _arrays()))

    def _together(self, way: str, heads: Callable[[str], PromptHeads]) -> PromptPredictions:
        scores: dict[tuple[str, str], NDArray[np.float64]] = {}
        decisions = np.zeros(len(self.texts), np.int64)
        names = sorted(set(self.source.tolist()))
        random.Random(self.order).shuffle(names)  # noqa: S311  an order, not a secret
        for name in names:
            places = np.flatnonzero(self.source == name).tolist()
            found, its_decisions = self._decided(way, name, [self.texts[place] for place in places], heads)
            for key, row in found.items():
                scores.setdefault(key, np.full(len(self.texts), np.nan))[places] = row
            decisions[places] = its_decisions
            print(way, name, len(places), flush=True)
        return PromptPredictions(scores, decisions, [()] * len(self.texts))

    def _decided(
        self, way: str, name: str, texts: Sequence[LabelledText], heads: Callable[[str], PromptHeads]
    ) -> tuple[dict[tuple[str, str], NDArray[np.float64]], NDArray[np.int64]]:
        """Read from the disk where the same was decided before."""
        shown, styles = [text.text for text in texts], [text.style for text in texts]
        set_on = [text.text for text in self.measured.texts] if way == "left_out" else []
        asked = [file_sha256(HEADS_FILE), deciding_digest(), shown, styles, set_on]
        path = BUILD / f"{way}-{name}-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:20]}.npz"
        if not path.is_file():
            found = predict_prompts(shown, styles, RememberingModels(answers=self.answers, heads=heads(name)))
            path.parent.mkdir(parents=True, exist_ok=True)
            keys = np.array(["/".join(key) for key in found.scores])
            unfinished = path.with_suffix(f".{os.getpid()}.npz")
            np.savez_compressed(
                unfinished, keys=keys, scores=np.stack(list(found.scores.values())), decisions=found.decisions
            )
            unfinished.replace(path)
        with np.load(path) as kept:
            pairs = [tuple(key.split("/")) for key in kept["keys"].tolist()]
            return dict(zip(pairs, kept["scores"], strict=True)), kept["decisions"]


def _arrays() -> dict[str, Any]:
    with np.load(HEADS_FILE) as kept:
        return dict(kept)


def _by_source(
    texts: Sequence[LabelledText], source: Any, set_on: PromptPredictions, left_out: PromptPredictions
) -> Iterator[dict[str, Any]]:
    unsafe = texts_mask(text.unsafe or "toxic_unspecified" in text.labels for text in texts)
    harmless = texts_mask("benign" in text.labels for text in texts)
    for name in sorted(set(source)):
        for style in sorted({text.style for text, its in zip(texts, source, strict=True) if its == name}):
            mine = (source == name) & texts_mask(text.style == style for text in texts)
            if (mine & (unsafe | harmless)).sum() < _MIN_ROWS:
                continue
            ways = {"set_on": set_on, "left_out": left_out}
            yield {"source": name, "style": style} | {
                way: {
                    "found": positive_rate(found.decisions[mine & unsafe] >= Decision.HOLD),
                    "harmless_held": positive_rate(found.decisions[mine & harmless] >= Decision.HOLD),
                }
                for way, found in ways.items()
            }


def _kinds(texts: Sequence[LabelledText], found: PromptPredictions) -> dict[str, Any]:
    return {kind: ways["held_or_refused"] for kind, ways in metrics_by_kind(texts, found, baselines=False).items()}


def _auc_by_kind(texts: Sequence[LabelledText], found: PromptPredictions) -> dict[str, float | None]:
    """Of the `unsafe` score alone."""
    from evals.prompts.accuracy import kind_sides

    score = found.scores["prompt_intent", "unsafe"]
    return {kind: roc_auc(score[guilty], score[harmless]) for kind, (guilty, harmless) in kind_sides(texts).items()}


if __name__ == "__main__":
    main()
