"""Learns the second reader's head and how it counts beside the quick readers; writes second_reader.npz and its digest.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.training.second_reader_head

all-mpnet-base-v2 is where `assay models fetch mpnet_english` put it. It stays as it is: learnt is a linear model on its
embeddings of English texts to learn from, those for videos and chat and so many posts. Posts count half: they are there
for the words, and posts are not what it reads. How the two readers are averaged is set on the texts on which the quick
ones are calibrated (evals.prompts.training.calibrate). Embeddings are kept in build/second_reader.npz as they
come: the same command goes on from there. About a quarter of an hour of one core.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.models import PACKAGED_MODELS
from classifiers.models.larger.averaging import SecondReader
from classifiers.models.prompt_heads import PromptHeads
from classifiers.text.deobfuscate import visible_text
from evals.prompts.corpus import LABELS, LabelledText, label_targets
from evals.prompts.cross_source import BUILD, source_family
from evals.prompts.remembered_models import AnswerFiles, RememberingModels
from evals.prompts.training.calibrate import calibration_texts, measure_margins
from evals.prompts.training.encoder import split_held_out, subsampled_texts
from evals.prompts.training.heads import HEADS_FILE
from evals.prompts.training.mpnet import embed_english
from evals.prompts.training.score_calibration import HARMLESS_BUT_HELD, HOLD_SCORES, SourceMargins
from evals.prompts.training.weight_digests import record_digest
from media.arrays import FloatMatrix

READER_FILE = Path("classifiers/models/heads/second_reader.npz")
READ_STYLES = ("video", "chat")  # on moderation posts the average loses: ADR 67
_BAND = (-2.0, 2.0)
"""Log-odds below and above the limit between which a text is undecided: 0.12 to 0.88 for a limit of 0.5."""
_HELD = {"video": 1.0, "chat": 0.7}
"""Harmless texts that may be held, as a share of what the quick readers hold alone. Of chat fewer: there are few
sources of it, and of those that were left out more was held than of those on which the average was set."""
_POSTS = 4000  # English posts that are learnt from
_POST_WEIGHT = 0.5
_SEED = 1
_STRENGTH = 3.0  # of scikit-learn's logistic regression: the inverse of its penalty
_HALVINGS = 40
_WIDEST_OFFSET = 10.0  # log-odds
MOVED_LABELS = tuple(label for label in LABELS if label not in HARMLESS_BUT_HELD)
"""What a text may be held for because it is unsafe; that it names somebody is not this reader's to say."""


def main() -> None:
    """Embed, learn, set, write."""
    learn, setting = (
        texts_to_learn(),
        [text for text in english_texts(calibration_texts()) if text.style in READ_STYLES],
    )
    head = fit_head(embed_english(learn), learn)
    answers = AnswerFiles(BUILD)
    models = RememberingModels(answers=answers.read())
    with np.load(HEADS_FILE) as kept:
        measured = only_read(measure_margins(setting, dict(kept), models))
    answers.save(models.answers)
    reader = averaging_reader(*head, measured, embed_english(measured.texts), PACKAGED_MODELS.get("prompt_heads"))
    np.savez_compressed(READER_FILE, **reader_arrays(reader))
    record_digest(READER_FILE)
    for place, style in enumerate(reader.styles):
        print(style, *(float(numbers[place]) for numbers in (reader.quick, reader.second, reader.offset)))
    print(f"learnt from {len(learn)} texts, set on {len(measured.texts)}")


def texts_to_learn() -> list[LabelledText]:
    """English ones, by an order that stays."""
    learn = english_texts(split_held_out(subsampled_texts(7))[0])
    random.Random(_SEED).shuffle(learn)  # noqa: S311  an order, not a secret
    posts = [text for text in learn if text.style not in READ_STYLES]
    return [text for text in learn if text.style in READ_STYLES] + posts[:_POSTS]


def only_read(measured: SourceMargins) -> SourceMargins:
    """Those texts that the second reader would read: English, and of its styles."""
    pairs = zip(measured.texts, measured.english, strict=True)
    return measured.subset([english and text.style in READ_STYLES for text, english in pairs])


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
    low, high = (np.full(len(READ_STYLES), end) for end in _BAND)
    blank = np.zeros(len(READ_STYLES))
    reader = SecondReader(
        labels=MOVED_LABELS,
        styles=READ_STYLES,
        limits=limits,
        weights=weights,
        bias=bias,
        quick=blank + 1.0,
        second=blank,
        offset=blank,
        low=low,
        high=high,
    )
    margins, lines = reader.margins(embeddings), list[tuple[float, float, float]]()
    style_of = np.array([text.style for text in measured.texts])
    columns = [heads.labels.index(label) for label in MOVED_LABELS]
    for style in READ_STYLES:
        mine = np.flatnonzero(style_of == style)
        scores = heads.for_style(style).score(np.array(measured.english)[mine], measured.source_margins[:, mine])
        above = reader.above_limits(scores[:, columns]).max(1)
        texts = [measured.texts[number] for number in mine.tolist()]
        lines.append(_fit_line(above, margins[mine], texts, _HELD[style]))
    quick, second, offset = (np.array(numbers) for numbers in zip(*lines, strict=True))
    return replace(reader, quick=quick, second=second, offset=offset)


def _fit_line(
    above: NDArray[np.float64], margins: NDArray[np.float64], texts: Sequence[LabelledText], held: float
) -> tuple[float, float, float]:
    """Both readers count the same, as far as texts in the band lie apart for each; the scale stays the quick ones'.

    The offset is the highest by which no more harmless texts lie above the limit than `held` of those that the quick
    readers hold. A source counts by the root of its number.
    """
    harmless = np.array(["benign" in text.labels for text in texts])
    band = (above >= _BAND[0]) & (above <= _BAND[1])
    known = band & (harmless | np.array([text.unsafe for text in texts]))
    scale = above[known].std()
    both = above / scale + margins / margins[known].std()
    shrink = scale / both[known].std()
    line = shrink * both
    sources = np.array([source_family(text.source) for text in texts])
    weights = sum((mine := harmless & (sources == name)) / np.sqrt(max(mine.sum(), 1)) for name in set(sources))
    most = held * float((weights * (above >= 0)).sum())
    least, widest = -_WIDEST_OFFSET, _WIDEST_OFFSET
    for _ in range(_HALVINGS):
        middle = (least + widest) / 2
        over = np.where(band, line + middle, above) >= 0
        least, widest = (least, middle) if float((weights * over).sum()) > most else (middle, widest)
    return float(shrink / scale), float(shrink / margins[known].std()), least


def reader_arrays(reader: SecondReader) -> dict[str, Any]:
    """As the file has them."""
    numbers: dict[str, Any] = {
        name: getattr(reader, name) for name in ("limits", "quick", "second", "offset", "low", "high")
    }
    return numbers | {
        "labels": np.array(reader.labels),
        "styles": np.array(reader.styles),
        "weights": reader.weights.astype(np.float32),
        "bias": np.float64(reader.bias),
    }


def english_texts(texts: Sequence[LabelledText]) -> list[LabelledText]:
    """Those that the product takes for English."""
    encoder = PACKAGED_MODELS.get("prompt_encoder")
    return [text for text in texts if encoder.english(visible_text(text.text))]


if __name__ == "__main__":
    main()
