"""Tunes MiniLM on the training rows and the written texts, and writes it as an ONNX file of bytes.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.prompts.training.encoder --epochs 3 --polish 3 --seed 7

all-mpnet-base-v2 (`assay models fetch mpnet_english`), which is five times as large and knows more, is its teacher: of
English texts the encoder learns, beside their labels, to give the embedding that mpnet gives (ADR 73).

Writes classifiers/models/heads/prompt_encoder.onnx, its tokenizer.json and their digests. Word embeddings stay as they
were. After the epochs over everything come those of polish: English texts of our own, where look-alikes stand
side by side, and a quarter of the rows. One text in ten, whole templates at a time, is held out; its AUCs are printed
after each epoch. What was learnt is kept after each epoch too: the same command goes on from there.
"""

from __future__ import annotations

import argparse
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional

from classifiers.models.prompt_encoder import MAX_ENCODER_TOKENS
from classifiers.text.deobfuscate import visible_text
from evals.prompts.classification_metrics import roc_auc
from evals.prompts.corpus import LABELS, STYLES, LabelledText, label_targets, style_one_hot, training_texts
from evals.prompts.named_texts import learnt_texts
from evals.prompts.training.augmentation import concatenate_texts
from evals.prompts.training.checkpoints import TrainingConfig
from evals.prompts.training.counterfactuals import counterfactual_texts
from evals.prompts.training.encoder_file import encoder_file
from evals.prompts.training.minilm import (
    TEACHER_DIMENSIONS,
    MiniLmClassifier,
    load_pretrained,
    pad_batch,
    weights_folder,
)
from evals.prompts.training.mpnet import embed_english
from evals.prompts.training.training_loop import label_loss, train_epochs
from evals.prompts.training.weight_digests import record_digest
from media.arrays import FloatMatrix

ENCODER_FILE = Path("classifiers/models/heads/prompt_encoder.onnx")
TOKENIZER_FILE = Path("classifiers/models/heads/tokenizer.json")
MAX_TOKENS = 72  # tokens while learning; 128 when classifying
_LEARNING_RATE = 8e-5
"""The highest rate of AdamW."""
_MAX_FOREIGN_VARIANTS = 2
"""Variants of one text in a language other than English that are learnt from."""
# Texts at the most of the large sources; harmless comments are rare, so what counts here is what is not harmless.
_MAX_HARMFUL_BY_SOURCE = {"davidson": 2500, "mlma": 2000, "civil_comments_spans": 2500}
_MAX_HARMLESS_BY_SOURCE = {"davidson": 3000, "coco_captions": 2500, "multi30k": 2500}
_MAX_CONCATENATED = 2500  # texts put together of several
_STYLE_WEIGHT = 0.5  # weight of the styles beside the labels
_TEACHER_WEIGHT = 0.5  # weight of the distance from the teacher's embedding beside the labels


def main() -> None:
    """Train, measure, write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--epochs", type=int, default=3)
    asked.add_argument("--polish", type=int, default=3)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--most", type=int, default=10**9, help="texts at the most, for a trial")
    asked.add_argument("--teacher", type=float, default=_TEACHER_WEIGHT, help="weight of the teacher; 0 learns without")
    asked.add_argument("--keep", type=Path, default=Path("build/encoder"), help="folder where each epoch is kept")
    how = asked.parse_args()
    torch.manual_seed(how.seed)
    learn, held = split_held_out(limit_foreign_variants(subsampled_texts(how.seed))[: how.most])
    learn += concatenate_texts(learn, min(_MAX_CONCATENATED, len(learn) // 10), how.seed)
    print(f"{len(learn)} texts to learn from, {len(held)} held out", flush=True)
    model = load_pretrained(len(LABELS) + len(STYLES))
    model.words.weight.requires_grad_(False)
    how.keep.mkdir(parents=True, exist_ok=True)
    first = TrainingConfig(how.epochs, how.seed, _LEARNING_RATE, how.teacher, how.keep / "epochs.pt")
    polish = TrainingConfig(how.polish, how.seed + 1, _LEARNING_RATE / 2, how.teacher, how.keep / "polish.pt")
    if how.epochs:
        fit_encoder(model, learn, held, first)
    if how.polish:
        fit_encoder(model, polish_texts(learn), held, polish)
    export_onnx(model)


def subsampled_texts(seed: int) -> list[LabelledText]:
    """All texts, the large sources cut down, in a random order that stays, and those of groups and of named people."""
    chance = random.Random(seed)  # noqa: S311  an order, not a secret
    texts = training_texts()
    chance.shuffle(texts)
    count: dict[tuple[str, bool], int] = {}
    kept = []
    for text in texts:
        kind = text.source, "benign" in text.labels
        count[kind] = count.get(kind, 0) + 1
        if count[kind] <= (_MAX_HARMLESS_BY_SOURCE if kind[1] else _MAX_HARMFUL_BY_SOURCE).get(text.source, 10**9):
            kept.append(text)
    return kept + counterfactual_texts(seed) + learnt_texts(seed)


def limit_foreign_variants(texts: Sequence[LabelledText]) -> list[LabelledText]:
    """For the encoder, whose vocabulary is English: of each frame in another language two fillings at the most."""
    count: dict[str, int] = {}
    kept = []
    for text in texts:
        count[text.group] = count.get(text.group, 0) + 1
        if text.lang == "en" or count[text.group] <= _MAX_FOREIGN_VARIANTS:
            kept.append(text)
    return kept


def polish_texts(texts: Sequence[LabelledText]) -> list[LabelledText]:
    """English texts of our own, and every fourth row."""
    own = [text for text in texts if text.source.startswith("seed:") and text.lang == "en"]
    return own + [text for text in texts if not text.source.startswith("seed:") and text.lang == "en"][::4]


def split_held_out(texts: Sequence[LabelledText]) -> tuple[list[LabelledText], list[LabelledText]]:
    """One template or row in ten is held out."""
    held = [text for text in texts if sum(text.group.encode()) % 10 == 3]
    return [text for text in texts if sum(text.group.encode()) % 10 != 3], held


def load_tokenizer() -> Tokenizer:
    """The published vocabulary, cut at MAX_TOKENS tokens."""
    made = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(MAX_TOKENS)
    return made


def fit_encoder(
    model: MiniLmClassifier,
    training: Sequence[LabelledText],
    validation: Sequence[LabelledText],
    config: TrainingConfig,
) -> None:
    """Binary cross-entropy over every label that a text is annotated for; AdamW, warm-up and a cosine.

    And of each text that the teacher knows the distance from its embedding: one less the cosine.
    """
    words = load_tokenizer()
    taught = torch.from_numpy(teacher_embeddings(training, config.teacher_weight))
    ids = [words.encode(visible_text(text.text)).ids for text in training]
    sides, weights = label_and_style_targets(training)
    begins = float(model.head.weight.detach().double().sum())
    learnt_from = repr([begins, ids, sides.tolist(), weights.tolist()]).encode() + taught.numpy().tobytes()

    def loss_of(batch: list[int]) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits, embeddings = model.with_teacher(*pad_batch([ids[i] for i in batch]))
        loss = label_loss(logits.float(), torch.from_numpy(sides[batch]), torch.from_numpy(weights[batch]))
        if config.teacher_weight:
            loss = loss + config.teacher_weight * teacher_distance(embeddings.float(), taught[batch])
        return loss

    train_epochs(
        model,
        [len(i) for i in ids],
        config,
        learnt_from=learnt_from,
        loss_of=loss_of,
        measured=lambda: held_out_auc(model, validation),
    )


def teacher_embeddings(texts: Sequence[LabelledText], weight: float) -> FloatMatrix:
    """(n, TEACHER_DIMENSIONS) of length one; zeros for what is not English, and for all where there is no teacher."""
    out = np.zeros((len(texts), TEACHER_DIMENSIONS), np.float32)
    english = [place for place, text in enumerate(texts) if text.lang == "en"] if weight else []
    if english:
        out[english] = embed_english([texts[place] for place in english])
    return out


def teacher_distance(embeddings: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """The mean of one less the cosine, over the rows of `taught` (n, TEACHER_DIMENSIONS) that are not zero."""
    known = taught.abs().sum(1) > 0
    distances = 1.0 - functional.cosine_similarity(embeddings, taught, dim=1)
    return (distances * known).sum() / known.sum().clamp(min=1)


def label_and_style_targets(texts: Sequence[LabelledText]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Targets and weights of labels and styles; what is rare weighs more, up to eight times."""
    sides, weights = label_targets(texts)
    guilty, harmless = (sides * weights).sum(0), ((1 - sides) * weights).sum(0)
    weights *= np.where(sides == 1, np.clip(harmless / np.maximum(guilty, 1) / 4, 1, 8), 1.0).astype(np.float32)
    style = style_one_hot(texts)
    return np.concatenate([sides, style], 1), np.concatenate([weights, np.full_like(style, _STYLE_WEIGHT)], 1)


def predict_logits(model: MiniLmClassifier, texts: Sequence[str]) -> NDArray[np.float32]:
    """(n, labels + styles)."""
    words = load_tokenizer()
    ids = [words.encode(visible_text(text)).ids for text in texts]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    out = np.zeros((len(ids), len(LABELS) + len(STYLES)), np.float32)
    model.eval()
    for at in range(0, len(order), 64):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            out[order[at : at + 64]] = model(*pad_batch([ids[i] for i in order[at : at + 64]])).float().numpy()
    return out


def held_out_auc(model: MiniLmClassifier, validation: Sequence[LabelledText]) -> dict[str, float | None]:
    """AUC of each label on what was held out."""
    return label_aucs(predict_logits(model, [text.text for text in validation]), validation)


def label_aucs(logits: NDArray[np.float32], texts: Sequence[LabelledText]) -> dict[str, float | None]:
    """AUC of each label; `logits` (n, labels + styles)."""
    sides, weights = label_targets(texts)
    return {
        label: roc_auc(
            logits[(sides[:, i] == 1) & (weights[:, i] > 0), i].astype(np.float64),
            logits[(sides[:, i] == 0) & (weights[:, i] > 0), i].astype(np.float64),
        )
        for i, label in enumerate(LABELS)
    }


def export_onnx(model: MiniLmClassifier) -> None:
    """To ONNX, and the digests into weights.toml. Places that are never read are left out."""
    ENCODER_FILE.write_bytes(encoder_file(model, MAX_ENCODER_TOKENS))
    shutil.copy(weights_folder() / "tokenizer.json", TOKENIZER_FILE)
    record_digest(ENCODER_FILE)
    record_digest(TOKENIZER_FILE)


if __name__ == "__main__":
    main()
