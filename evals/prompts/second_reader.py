"""What the second reader makes of the product's decisions: writes evals/results/prompt_second_reader.json.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.second_reader

Every English text for videos and chat is decided by the default pack twice, with `prompt_second_reader` on and off: by
the weights as they are shipped, and with its source left out of everything that is set and of what the head learns (see
evals.prompts.cross_source; the encoders are not trained anew). Then the same groups' harmless and harmful acts, and
what a text costs. The weights are those of `assay models fetch mpnet_english`. What models said, and what was decided
of each source, is kept in build/: the same command goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.models import Models
from classifiers.models.catalog import file_sha256, locate_files, model_entry
from classifiers.models.larger.averaging import SecondReader
from classifiers.models.options import ModelOptions
from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.prompt_intent import PromptIntent
from classifiers.text.second_opinion import SECOND_ENCODER, SECOND_READER
from core.verdicts import Decision
from evals.bench.machine_info import machine_info
from evals.intervals import Proportion
from evals.prompts.accuracy import evaluation_texts, kind_sides, texts_mask
from evals.prompts.classification_metrics import positive_rate
from evals.prompts.corpus import LabelledText
from evals.prompts.cross_source import BUILD, near_duplicates, source_family, thinned, without_source
from evals.prompts.groups import group_texts, largest_gap
from evals.prompts.predictions import predict_prompts
from evals.prompts.remembered_models import AnswerFiles, Answers, RememberingModel, RememberingModels
from evals.prompts.training.calibrate import calibrated_arrays, calibration_texts, heads_from_arrays, measure_margins
from evals.prompts.training.embedding_cache import read_rows, write_rows
from evals.prompts.training.heads import HEADS_FILE
from evals.prompts.training.mpnet import embed_english
from evals.prompts.training.score_calibration import SourceMargins
from evals.prompts.training.second_reader_head import (
    READ_STYLES,
    READER_FILE,
    averaging_reader,
    english_texts,
    fit_head,
    only_read,
    texts_to_learn,
)
from media.arrays import BoolArray

RESULT = Path("evals/results/prompt_second_reader.json")
_KEPT = Path("build/second_reader")
_ON = ModelOptions(prompt_second_reader=True)
_SECOND = _KEPT / "embeddings.npz"
_EACH = 250  # texts of a source, a style and a side, at the most
_FOREIGN = 40  # texts in another language of a source, on which the quick readers are set anew
_TIMED = 200  # texts
_MIN_ROWS = 12  # texts of a side of which figures are given
_RESAMPLED = 1000  # times that texts are drawn anew for an interval
_SEED = 1


@dataclass(frozen=True, slots=True)
class SecondReaderModels(RememberingModels):
    """With the second reader on; its embeddings are remembered too."""

    options: ModelOptions = _ON
    reader: SecondReader | None = None
    second: Answers = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The model of this name."""
        if name == SECOND_READER and self.reader is not None:
            return self.reader
        model = RememberingModels.get(self, name)
        return RememberingModel(model, self.second) if name == SECOND_ENCODER else model


@dataclass(frozen=True, slots=True)
class PairedDecisions:
    """Of each text whether it is held without and with the second reader, and whether that changed a score."""

    off: BoolArray
    on: BoolArray
    read: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class ReaderRun:
    """Each source decided by itself, without and with the reader, and kept on the disk as soon as it is."""

    answers: dict[str, Answers]
    second: Answers
    learn: Sequence[LabelledText]
    setting: SourceMargins

    def shipped(self, texts: Sequence[LabelledText]) -> PairedDecisions:
        """Every text decided by the weights as they are."""
        return self._together("shipped", texts, lambda _: (None, None))

    def left_out(self, texts: Sequence[LabelledText]) -> PairedDecisions:
        """Every text decided by what was set, and by a head that was learnt, without its source."""
        return self._together("left_out", texts, self._without)

    def decided(
        self, texts: Sequence[str], styles: Sequence[str], heads: PromptHeads | None, reader: SecondReader | None
    ) -> PairedDecisions:
        """Each text twice."""
        off = predict_prompts(texts, styles, RememberingModels(answers=self.answers, heads=heads))
        with_it = SecondReaderModels(answers=self.answers, heads=heads, reader=reader, second=self.second)
        on = predict_prompts(texts, styles, with_it)
        changed = [
            np.abs(off.scores[key] - on.scores[key]) > 0 for key in off.scores if key[0] == "prompt_intent"
        ]  # False for the labels that it does not measure
        return PairedDecisions(off.decisions >= Decision.HOLD, on.decisions >= Decision.HOLD, np.any(changed, axis=0))

    def _without(self, name: str) -> tuple[PromptHeads, SecondReader]:
        """Near-duplicates of the source's texts are left out too, of what is learnt as of what is set."""
        with np.load(HEADS_FILE) as kept:
            arrays = dict(kept)
        setting = without_source(self.setting, name)
        heads = heads_from_arrays(calibrated_arrays(setting, arrays))
        own = [text.text for text in self.setting.texts if source_family(text.source) == name]
        near = near_duplicates([text.text for text in self.learn], own)
        learn = [
            text for text, close in zip(self.learn, near, strict=True)
            if not (close or source_family(text.source) == name)
        ]  # fmt: skip
        read = only_read(setting)
        return heads, averaging_reader(*fit_head(embed_english(learn), learn), read, embed_english(read.texts), heads)

    def _together(
        self,
        way: str,
        texts: Sequence[LabelledText],
        parts: Callable[[str], tuple[PromptHeads | None, SecondReader | None]],
    ) -> PairedDecisions:
        found = np.zeros((3, len(texts)), np.bool_)
        sources = [source_family(text.source) for text in texts]
        for name in sorted(set(sources)):
            places = [place for place, its in enumerate(sources) if its == name]
            found[:, places] = self._kept(way, name, [texts[place] for place in places], parts)
            print(way, name, len(places), flush=True)
        return PairedDecisions(*found)

    def _kept(
        self,
        way: str,
        name: str,
        texts: Sequence[LabelledText],
        parts: Callable[[str], tuple[PromptHeads | None, SecondReader | None]],
    ) -> BoolArray:
        shown, styles = [text.text for text in texts], [text.style for text in texts]
        asked = [file_sha256(HEADS_FILE), file_sha256(READER_FILE), shown, styles]
        path = _KEPT / f"{way}-{name}-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:20]}.npz"
        if not path.is_file():
            found = self.decided(shown, styles, *parts(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, found=np.stack([found.off, found.on, found.read]))
            _save_second(self.second)
        with np.load(path) as kept:
            return np.asarray(kept["found"])


def main() -> None:
    """Decide, compare, time."""
    texts = thinned([text for text in english_texts(evaluation_texts()) if text.style in READ_STYLES], _EACH, 0)
    files = AnswerFiles(BUILD)
    answers = files.read()
    with np.load(HEADS_FILE) as kept:
        setting = measure_margins(
            thinned(calibration_texts(), 10**9, _FOREIGN), dict(kept), RememberingModels(answers=answers)
        )
    files.save(answers)
    run = ReaderRun(answers, read_rows(_SECOND), texts_to_learn(), setting)
    shipped = run.shipped(texts)
    left_out = run.left_out(texts)
    report = {
        "machine": machine_info(),
        "command": "ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.second_reader",
        "classifier": PromptIntent.version,
        "texts": len(texts),
        "learnt": len(run.learn),
        "set_on": len(only_read(setting).texts),
        "kinds": {
            kind: {
                "shipped": _compared(shipped, *sides),
                "left_out": _compared(left_out, *sides),
                "read": _share_read(shipped, *sides),
            }
            for kind, sides in _sides(texts).items()
        },
        "sources": list(_by_source(texts, left_out)),
        "groups": _groups(run),
        "cost": _cost(texts, shipped),
    }
    _save_second(run.second)
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({part: report[part] for part in ("kinds", "groups", "cost")}, indent=1))


def _sides(texts: Sequence[LabelledText]) -> Mapping[str, tuple[BoolArray, BoolArray]]:
    """Unsafe and harmless ones of each kind."""
    kinds = kind_sides(texts)
    chat = texts_mask(text.style == "chat" for text in texts)
    return {
        "video_prompts": kinds["video_prompts"],
        "lookalikes": kinds["lookalikes"],
        "chat": (
            chat & texts_mask(text.unsafe for text in texts),
            chat & texts_mask("benign" in text.labels for text in texts),
        ),
    }


def _compared(found: PairedDecisions, guilty: BoolArray, harmless: BoolArray) -> dict[str, Any]:
    return {"found": _twice(found, guilty), "held": _twice(found, harmless)}


def _share_read(found: PairedDecisions, guilty: BoolArray, harmless: BoolArray) -> dict[str, Proportion]:
    return {"unsafe": positive_rate(found.read[guilty]), "harmless": positive_rate(found.read[harmless])}


def _twice(found: PairedDecisions, mine: BoolArray) -> dict[str, Any]:
    """The share held without and with it, and the difference with 95 % of draws of the same texts."""
    off, on = found.off[mine], found.on[mine]
    rng = np.random.default_rng(_SEED)
    drawn = rng.integers(0, len(off), (_RESAMPLED, len(off)))
    low, high = np.quantile((on[drawn].astype(float) - off[drawn]).mean(1), [0.025, 0.975])
    gain = {"mean": round(float(on.mean() - off.mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}
    return {"off": positive_rate(off), "on": positive_rate(on), "gain": gain}


def _by_source(texts: Sequence[LabelledText], found: PairedDecisions) -> Iterator[dict[str, Any]]:
    source = np.array([source_family(text.source) for text in texts])
    sides = {
        "unsafe": texts_mask(text.unsafe for text in texts),
        "harmless": texts_mask("benign" in text.labels for text in texts),
    }
    for name in sorted(set(source.tolist())):
        for style in READ_STYLES:
            here = (source == name) & texts_mask(text.style == style for text in texts)
            row = {side: _twice(found, here & its) for side, its in sides.items() if (here & its).sum() >= _MIN_ROWS}
            if row:
                yield {"source": name, "style": style} | row


def _groups(run: ReaderRun) -> dict[str, Any]:
    """The English acts of groups, as prompts for videos: nobody may be held for what they are because it reads."""
    texts = [text for text in group_texts() if text.lang == "en" and not text.control]
    found = run.decided([text.text for text in texts], ["video"] * len(texts), None, None)
    harmful = texts_mask(text.harmful for text in texts)
    quiet = [text for text in texts if not text.harmful]
    return {
        "harmless_held": _twice(found, ~harmful),
        "harmful_found": _twice(found, harmful),
        "gap": {
            way: largest_gap(quiet, held[~harmful])["share"] for way, held in (("off", found.off), ("on", found.on))
        },
    }


def _cost(texts: Sequence[LabelledText], found: PairedDecisions) -> dict[str, Any]:
    """CPU time of the encoder for texts that it read, one by one."""
    encoder = Models(_ON).get(SECOND_ENCODER)
    read = [text.text for text, its in zip(texts, found.read, strict=True) if its and text.style == "video"][:_TIMED]
    encoder.embed(read[:3])
    spent = []
    for text in read:
        began = time.thread_time()
        encoder.embed([text])
        spent.append(1000 * (time.thread_time() - began))
    p50, p90 = np.percentile(spent, [50, 90])
    return {
        "timed": len(spent),
        "words": round(float(np.median([len(text.split()) for text in read])), 1),
        "cpu_ms": {"p50": round(float(p50), 1), "p90": round(float(p90), 1)},
        "bytes": sum(path.stat().st_size for path in locate_files(model_entry(SECOND_ENCODER), _ON)),
    }


def _save_second(answers: Answers) -> None:
    if answers:
        write_rows(_SECOND, answers, np.float32)


if __name__ == "__main__":
    main()
