"""Tunes MiniLM on the training rows and the written texts, and writes it as an 8-bit ONNX file.

    ASSAY_DATA=… OMP_NUM_THREADS=1 python -m evals.train_encoder --epochs 3 --polish 3 --seed 7

Writes classifiers/models/heads/prompt_encoder.onnx, its tokenizer.json and their digests. Word embeddings stay as they
were. After the epochs over everything come those of polish: English texts of our own, where look-alikes stand
side by side, and a quarter of the rows. One text in ten, whole templates at a time, is held out; its AUCs are printed
after each epoch. What was learnt is kept after each epoch too: the same command goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional

from classifiers.normal import visible
from evals.encoder import Encoder, folder, pretrained
from evals.prompt_figures import auc
from evals.prompt_heads_file import record
from evals.prompt_texts import LABELS, STYLES, Text, styles, targets, texts
from evals.train_joined import joined
from evals.train_pace import Run, Way, keep, paced, resumed

OUT = Path("classifiers/models/heads/prompt_encoder.onnx")
TOKENIZER = Path("classifiers/models/heads/tokenizer.json")
LONGEST = 72  # tokens while learning; what runs takes 128
_BATCH, _RATE, _TOKENS = 32, 8e-5, 32 * 48
_FOREIGN = 2
# Texts at the most of the large sources; harmless comments are rare, so what counts here is what is not harmless.
_MOST = {"davidson": 2500, "mlma": 2000, "civil_comments_spans": 2500}
_MOST_HARMLESS = {"davidson": 3000, "coco_captions": 2500, "multi30k": 2500}
_JOINED = 2500  # texts put together of several
_STYLE = 0.5  # weight of the styles beside the labels


def main() -> None:
    """Train, measure, write."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--epochs", type=int, default=3)
    asked.add_argument("--polish", type=int, default=3)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--most", type=int, default=10**9, help="texts at the most, for a trial")
    asked.add_argument("--keep", type=Path, default=Path("build/encoder"), help="folder where each epoch is kept")
    how = asked.parse_args()
    torch.manual_seed(how.seed)
    learn, held = split(english_first(chosen(how.seed))[: how.most])
    learn += joined(learn, min(_JOINED, len(learn) // 10), how.seed)
    print(f"{len(learn)} texts to learn from, {len(held)} held out", flush=True)
    model = pretrained(len(LABELS) + len(STYLES))
    model.words.weight.requires_grad_(False)
    how.keep.mkdir(parents=True, exist_ok=True)
    if how.epochs:
        fit(model, learn, held, Way(how.epochs, how.seed, _RATE, how.keep / "epochs.pt"))
    if how.polish:
        fit(model, polish(learn), held, Way(how.polish, how.seed + 1, _RATE / 2, how.keep / "polish.pt"))
    export(model)


def chosen(seed: int) -> list[Text]:
    """All texts, the large sources cut down, in a random order that stays."""
    chance = random.Random(seed)  # noqa: S311  an order, not a secret
    every = texts()
    chance.shuffle(every)
    count: dict[tuple[str, bool], int] = {}
    kept = []
    for one in every:
        kind = one.source, "benign" in one.said
        count[kind] = count.get(kind, 0) + 1
        if count[kind] <= (_MOST_HARMLESS if kind[1] else _MOST).get(one.source, 10**9):
            kept.append(one)
    return kept


def english_first(every: Sequence[Text]) -> list[Text]:
    """For the encoder, whose vocabulary is English: of each frame in another language two fillings at the most."""
    count: dict[str, int] = {}
    kept = []
    for one in every:
        count[one.group] = count.get(one.group, 0) + 1
        if one.lang == "en" or count[one.group] <= _FOREIGN:
            kept.append(one)
    return kept


def polish(every: Sequence[Text]) -> list[Text]:
    """English texts of our own, and every fourth row."""
    own = [one for one in every if one.source.startswith("seed:") and one.lang == "en"]
    return own + [one for one in every if not one.source.startswith("seed:") and one.lang == "en"][::4]


def split(every: Sequence[Text]) -> tuple[list[Text], list[Text]]:
    """One template or row in ten is held out."""
    held = [one for one in every if sum(one.group.encode()) % 10 == 3]
    return [one for one in every if sum(one.group.encode()) % 10 != 3], held


def tokenizer() -> Tokenizer:
    """The published vocabulary, cut at LONGEST tokens."""
    made = Tokenizer.from_file(str(folder() / "tokenizer.json"))
    made.no_padding()
    made.enable_truncation(LONGEST)
    return made


def fit(model: Encoder, learn: Sequence[Text], held: Sequence[Text], way: Way) -> None:
    """Binary cross-entropy over every label that a text tells of; AdamW, warm-up and a cosine."""
    words = tokenizer()
    ids = [words.encode(visible(one.text)).ids for one in learn]
    sides, weights = both(learn)
    chance = np.random.default_rng(way.seed)
    steps = way.epochs * sum(1 for _ in batches([len(i) for i in ids], np.random.default_rng(way.seed)))
    optimizer, pace = paced(model, steps, way.rate)
    begins = float(model.head.weight.detach().double().sum())
    digest = hashlib.sha256(repr([way, begins, ids, sides.tolist(), weights.tolist()]).encode()).hexdigest()
    run = Run(digest, model, optimizer, pace, chance)
    began, step = time.time(), 0
    for epoch in range(resumed(way.kept, run), way.epochs):
        model.train()
        for batch in batches([len(i) for i in ids], chance):
            tokens, mask = padded([ids[i] for i in batch])
            with torch.autocast("cpu", torch.bfloat16):
                logits = model(tokens, mask).float()
            side, weight = torch.from_numpy(sides[batch]), torch.from_numpy(weights[batch])
            loss = (
                functional.binary_cross_entropy_with_logits(logits, side, reduction="none") * weight
            ).sum() / weight.sum()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            pace.step()
            step += 1
            if step % 50 == 0:
                took = time.time() - began
                print(f"epoch {epoch} step {step} of {steps} in all, loss {loss.item():.4f} {took:.0f} s", flush=True)
        keep(way.kept, run, epoch)
        print(f"epoch {epoch}: {held_out(model, held)}", flush=True)


def both(what: Sequence[Text]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Targets and weights of labels and styles; what is rare weighs more, up to eight times."""
    sides, weights = targets(what)
    guilty, harmless = (sides * weights).sum(0), ((1 - sides) * weights).sum(0)
    weights *= np.where(sides == 1, np.clip(harmless / np.maximum(guilty, 1) / 4, 1, 8), 1.0).astype(np.float32)
    style = styles(what)
    return np.concatenate([sides, style], 1), np.concatenate([weights, np.full_like(style, _STYLE)], 1)


def batches(lengths: Sequence[int], chance: np.random.Generator) -> Iterator[list[int]]:
    """Texts of like length together, as many as fit the number of tokens."""
    order = chance.permutation(len(lengths))
    made = []
    for at in range(0, len(order), _BATCH * 50):
        chunk = sorted(order[at : at + _BATCH * 50], key=lambda i: lengths[i])
        while chunk:
            most = max(4, min(2 * _BATCH, _TOKENS // max(lengths[chunk[-1]], 8)))
            made.append([int(i) for i in chunk[-most:]])
            del chunk[-most:]
    chance.shuffle(made)
    yield from made


def padded(ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, t) token ids and mask."""
    longest = max(map(len, ids))
    tokens, mask = torch.zeros(len(ids), longest, dtype=torch.int64), torch.zeros(len(ids), longest)
    for line, one in enumerate(ids):
        tokens[line, : len(one)] = torch.tensor(one)
        mask[line, : len(one)] = 1.0
    return tokens, mask


def logits(model: Encoder, what: Sequence[str]) -> NDArray[np.float32]:
    """(n, labels + styles)."""
    words = tokenizer()
    ids = [words.encode(visible(one)).ids for one in what]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    out = np.zeros((len(ids), len(LABELS) + len(STYLES)), np.float32)
    model.eval()
    for at in range(0, len(order), 64):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            out[order[at : at + 64]] = model(*padded([ids[i] for i in order[at : at + 64]])).float().numpy()
    return out


def held_out(model: Encoder, held: Sequence[Text]) -> dict[str, float | None]:
    """AUC of each label on what was held out."""
    said = logits(model, [one.text for one in held])
    sides, weights = targets(held)
    return {
        label: auc(
            said[(sides[:, i] == 1) & (weights[:, i] > 0), i].astype(np.float64),
            said[(sides[:, i] == 0) & (weights[:, i] > 0), i].astype(np.float64),
        )
        for i, label in enumerate(LABELS)
    }


def export(model: Encoder) -> None:
    """To ONNX, weights in 8 bits, and the digests into weights.toml."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model.eval()
    whole = OUT.with_suffix(".whole.onnx")
    torch.onnx.export(
        model,
        (torch.ones(2, 8, dtype=torch.int64), torch.ones(2, 8)),
        str(whole),
        input_names=["ids", "mask"],
        output_names=["logits"],
        dynamic_axes={"ids": {0: "n", 1: "t"}, "mask": {0: "n", 1: "t"}, "logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(whole, OUT, weight_type=QuantType.QInt8, per_channel=True)
    whole.unlink()
    shutil.copy(folder() / "tokenizer.json", TOKENIZER)
    record(OUT)
    record(TOKENIZER)


if __name__ == "__main__":
    main()
