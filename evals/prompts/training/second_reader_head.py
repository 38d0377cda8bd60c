"""Learns the second reader's head and how it counts beside the quick readers; writes second_reader.npz and its digest.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.training.second_reader_head

all-mpnet-base-v2 is where `assay models fetch mpnet_english` put it. It stays as it is: learnt is a linear model on its
embeddings of English texts to learn from, those for videos and chat and so many posts. Posts count half: they are there
for the words, and posts are not what it reads. How the two readers are averaged is set on the texts on which the quick
ones are calibrated (evals.prompts.training.calibrate). Embeddings are kept in build/second_reader.npz after each
thousand: the same command goes on from there. About a quarter of an hour of one core.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS
from classifiers.models.catalog import locate_files, model_entry
from classifiers.models.options import ModelOptions
from classifiers.models.prompt_heads import PromptHeads
from classifiers.models.second_reader import SecondReader
from classifiers.text.deobfuscate import visible_text
from evals.prompts.corpus import LABELS, LabelledText, label_targets
from evals.prompts.cross_source import BUILD, source_family, thinned
from evals.prompts.remembered_models import AnswerFiles, RememberingModels, text_key
from evals.prompts.training.calibrate import calibration_texts, measure_margins
from evals.prompts.training.encoder import split_held_out, subsampled_texts
from evals.prompts.training.heads import HEADS_FILE
from evals.prompts.training.mpnet import MpnetEmbedder
from evals.prompts.training.score_calibration import HOLD_SCORES, SourceMargins
from evals.prompts.training.weight_digests import record_digest
from media.arrays import BoolArray, FloatMatrix

READER_FILE = Path("classifiers/models/heads/second_reader.npz")
EMBEDDINGS = Path("build/second_reader.npz")
READ_STYLES = ("video", "chat")  # with posts it makes the decisions worse: see evals.prompts.second_reader
BANDS = {"video": (-3.0, 3.0), "chat": (-3.0, 3.0)}
_POSTS = 4000  # English posts that are learnt from
_POST_WEIGHT = 0.5
_SEED = 1
_STRENGTH = 3.0  # of scikit-learn's logistic regression: the inverse of its penalty
_BATCH = 1024  # texts that are embedded before all is kept
_HALVINGS = 40
_WIDEST_OFFSET = 10.0
_HARMLESS_BUT_HELD = frozenset({"political", "public_figure", "copyright_ip", "artist_style"})
MOVED_LABELS = tuple(label for label in LABELS if label not in _HARMLESS_BUT_HELD)
"""What a text may be held for because it is unsafe; that it names somebody is not this reader's to say."""


def main() -> None:
    """Embed, learn, set, write."""
    learn, setting = texts_to_learn(), texts_to_set()
    head = fit_head(embedded(learn), learn)
    answers = AnswerFiles(BUILD)
    models = RememberingModels(answers=answers.read())
    with np.load(HEADS_FILE) as kept:
        measured = measure_margins(setting, dict(kept), models)
    answers.save(models.answers)
    reader = averaging_reader(*head, measured, embedded(setting), PACKAGED_MODELS.get("prompt_heads"))
    np.savez_compressed(READER_FILE, **reader_arrays(reader))
    record_digest(READER_FILE)
    for place, style in enumerate(reader.styles):
        print(style, *(float(numbers[place]) for numbers in (reader.quick, reader.second, reader.offset)))
    print(f"learnt from {len(learn)} texts, set on {len(setting)}")


def texts_to_learn() -> list[LabelledText]:
    """English ones, by an order that stays."""
    learn = _english(split_held_out(subsampled_texts(7))[0])
    random.Random(_SEED).shuffle(learn)  # noqa: S311  an order, not a secret
    posts = [text for text in learn if text.style not in READ_STYLES]
    return [text for text in learn if text.style in READ_STYLES] + posts[:_POSTS]


def texts_to_set() -> list[LabelledText]:
    """English ones of the styles that are read, of those on which the quick readers are calibrated."""
    return [text for text in _english(calibration_texts()) if text.style in READ_STYLES]


def embedded(texts: Sequence[LabelledText]) -> FloatMatrix:
    """(n, 768), from build/ where they were embedded before."""
    known: dict[str, NDArray[np.float32]] = {}
    if EMBEDDINGS.is_file():
        with np.load(EMBEDDINGS, allow_pickle=False) as kept:
            known = dict(zip(kept["keys"].tolist(), kept["rows"].astype(np.float32), strict=True))
    shown = {text_key(visible_text(text.text)): visible_text(text.text) for text in texts}
    missing = [key for key in shown if key not in known]
    if missing:
        embedder = MpnetEmbedder(locate_files(model_entry("mpnet_english"), ModelOptions())[0].parent)
        for at in range(0, len(missing), _BATCH):
            keys = missing[at : at + _BATCH]
            known.update(zip(keys, embedder.embed([shown[key] for key in keys]), strict=True))
            EMBEDDINGS.parent.mkdir(parents=True, exist_ok=True)
            np.savez(EMBEDDINGS, keys=np.array(list(known)), rows=np.stack(list(known.values())).astype(np.float16))
    return np.stack([known[text_key(visible_text(text.text))] for text in texts])


def fit_head(embeddings: FloatMatrix, texts: Sequence[LabelledText]) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of a logistic regression on what is unsafe; abuse among people counts as that."""
    from sklearn.linear_model import LogisticRegression

    targets, weights = (part[:, LABELS.index("unsafe")].copy() for part in label_targets(texts))
    for place, text in enumerate(texts):
        if text.style == "social" and text.labels & {"harassment", "toxic_unspecified"}:
            targets[place], weights[place] = 1.0, max(weights[place], 0.5 * text.weight)
        if text.style not in READ_STYLES:
            weights[place] *= _POST_WEIGHT
    known = weights > 0
    head = LogisticRegression(C=_STRENGTH, max_iter=200, class_weight="balanced")
    head.fit(embeddings[known], targets[known], sample_weight=weights[known])
    return head.coef_[0].astype(np.float64), float(head.intercept_[0])


def averaging_reader(
    weights: NDArray[np.float64], bias: float, measured: SourceMargins, embeddings: FloatMatrix, heads: PromptHeads
) -> SecondReader:
    """The reader whose averages are set on these texts, for each style by itself."""
    limits = np.array([HOLD_SCORES.get(label, 0.6) for label in MOVED_LABELS])
    low, high = (np.array([BANDS[style][end] for style in READ_STYLES]) for end in (0, 1))
    blank = np.zeros(len(READ_STYLES))
    reader = SecondReader(
        labels=MOVED_LABELS,
        styles=READ_STYLES,
        limits=limits,
        weights=weights,
        bias=bias,
        quick=np.ones_like(blank),
        second=blank,
        offset=blank,
        low=low,
        high=high,
    )
    margins, lines = reader.margins(embeddings), []
    style_of = np.array([text.style for text in measured.texts])
    columns = [heads.labels.index(label) for label in MOVED_LABELS]
    for place, style in enumerate(READ_STYLES):
        mine = np.flatnonzero(style_of == style)
        scores = heads.for_style(style).score(np.array(measured.english)[mine], measured.source_margins[:, mine])
        above = reader.above_limits(scores[:, columns]).max(1)
        texts = [measured.texts[number] for number in mine.tolist()]
        lines.append(fit_line(above, margins[mine], texts, (low[place], high[place])))
    quick, second, offset = (np.array(numbers) for numbers in zip(*lines, strict=True))
    return SecondReader(
        labels=MOVED_LABELS,
        styles=READ_STYLES,
        limits=limits,
        weights=weights,
        bias=bias,
        quick=quick,
        second=second,
        offset=offset,
        low=low,
        high=high,
    )


def reader_arrays(reader: SecondReader) -> dict[str, NDArray[np.generic]]:
    """As the file has them."""
    numbers = {name: getattr(reader, name) for name in ("limits", "quick", "second", "offset", "low", "high")}
    return numbers | {
        "labels": np.array(reader.labels),
        "styles": np.array(reader.styles),
        "weights": reader.weights.astype(np.float32),
        "bias": np.float64(reader.bias),
    }


def _english(texts: Sequence[LabelledText]) -> list[LabelledText]:
    encoder = PACKAGED_MODELS.get("prompt_encoder")
    return [text for text in texts if encoder.english(visible_text(text.text))]
