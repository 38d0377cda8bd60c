"""Trains the heads of prompt_intent on the training rows and the written seeds; calibrates on harmless dev rows.

    ASSAY_DATA=… python -m evals.train_prompt_heads

Writes classifiers/models/heads/prompt_heads.npz and its digest into weights.toml.
"""

from __future__ import annotations

import hashlib
import random
import re
import tomllib
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers import models
from classifiers.models.heads import PromptHeads
from classifiers.prompt_intent import PromptIntent, parts, visible
from evals.prompt_rows import Row, rows

LABELS = PromptIntent.labels
OUT = Path("classifiers/models/heads/prompt_heads.npz")
WEIGHTS = Path("classifiers/models/weights.toml")
VIDEO_STYLES = ("t2v_prompt", "t2i_prompt", "caption")

_FILLED = 10  # of each seed with slots
_SEED_WEIGHT = 8.0
_SOCIAL = 0.1  # everyday talk teaches little of what is harmless in a prompt
_PROMPT = 8.0  # harmless prompts teach it best, and there are few
_DOUBT = 0.3  # C of the logistic regression
_I2P = {
    "violence": 0.3,
    "sexual": 0.3,
    "self_harm": 0.15,
    "illicit": 0.15,
    "hate": 0.3,
    "harassment": 0.1,
    "unsafe": 0.3,
}
_ANCHORS = ((0.02, 0.5), (0.003, 0.8))  # (share of harmless video prompts above, score)
# Labels so near that one is no evidence against the other.
_NEAR = {
    "violence": {"gore", "shocking", "weapons", "illicit_or_violence", "self_harm"},
    "gore": {"violence", "shocking", "self_harm"},
    "self_harm": {"violence", "gore", "shocking"},
    "weapons": {"violence", "illicit_or_violence", "illicit"},
    "illicit": {"weapons"},
    "hate": {"harassment", "toxic_unspecified"},
    "harassment": {"hate", "toxic_unspecified"},
    "sexual": {"harassment", "toxic_unspecified"},
    "disinfo": {"illicit_or_violence"},
    "jailbreak": {"illicit_or_violence"},
    "unsafe": {"harassment", "toxic_unspecified", "hate"},
}

Matrix = NDArray[np.float32]
Target = tuple[int, float]  # 1, 0 or -1 for leave out; weight


def main() -> None:
    """Train, calibrate, write."""
    seeds = written_seeds()
    train = rows("train")
    known = embed([row.text for row in train])
    own = embed([text for text, _ in seeds])
    heads = [_head(label, train, known, seeds, own) for label in LABELS]
    plain = PromptHeads(
        labels=LABELS,
        weights=np.stack([weights for weights, _ in heads]).astype(np.float32),
        bias=np.array([bias for _, bias in heads], np.float32),
        slope=np.ones(len(LABELS), np.float32),
        offset=np.zeros(len(LABELS), np.float32),
    )
    slope, offset = calibration(plain)
    np.savez(OUT, labels=np.array(LABELS), weights=plain.weights, bias=plain.bias, slope=slope, offset=offset)
    _record(hashlib.sha256(OUT.read_bytes()).hexdigest())


def written_seeds() -> list[tuple[str, str]]:
    """(text, label) of prompt_seeds.toml, slots filled; `benign` is a label too."""
    raw = tomllib.loads(Path(__file__).with_name("prompt_seeds.toml").read_text(encoding="utf-8"))
    chance = random.Random(7)  # noqa: S311  which slots are filled is no secret
    return [
        (text, label)
        for label, templates in raw["labels"].items()
        for template in templates
        for text in _filled(template, raw["slots"], chance)
    ]


def embed(texts: Sequence[str]) -> Matrix:
    """(n, 512)."""
    embedder = models.get("use_multilingual")
    return np.concatenate([embedder.embed([visible(t) for t in texts[i : i + 512]]) for i in range(0, len(texts), 512)])


def calibration(plain: PromptHeads) -> tuple[Matrix, Matrix]:
    """Slope and offset that put the anchors where harmless video prompts of dev, looked at in parts, have them."""
    harmless = [row.text for row in rows("dev") if "benign" in row.labels and row.style in VIDEO_STYLES]
    margins = np.stack([_margins(text, plain) for text in harmless])
    (often, half), (seldom, high) = _ANCHORS
    low, top = np.quantile(margins, 1 - often, axis=0), np.quantile(margins, 1 - seldom, axis=0)
    slope = (_logit(high) - _logit(half)) / (top - low)
    return slope.astype(np.float32), (_logit(half) - slope * low).astype(np.float32)


def _margins(text: str, plain: PromptHeads) -> Matrix:
    margins: Matrix = (embed([text[start:end] for start, end in parts(text)]) @ plain.weights.T + plain.bias).max(
        axis=0
    )
    return margins


def _head(
    label: str, train: Sequence[Row], known: Matrix, seeds: Sequence[tuple[str, str]], own: Matrix
) -> tuple[Matrix, float]:
    from sklearn.linear_model import LogisticRegression

    targets = [_row_target(label, row) for row in train] + [_seed_target(label, said) for _, said in seeds]
    sides = np.array([side for side, _ in targets])
    weights = np.array([weight for _, weight in targets])
    used = sides >= 0
    sides, weights, inputs = sides[used], weights[used], np.concatenate([known, own])[used]
    guilty = sides == 1
    weights[guilty] *= 0.3 * weights[~guilty].sum() / weights[guilty].sum()
    fitted = LogisticRegression(C=_DOUBT, max_iter=500).fit(inputs, sides, weights / weights.mean())
    return fitted.coef_[0], float(fitted.intercept_[0])


def _row_target(label: str, row: Row) -> Target:
    said = row.labels | ({"illicit"} if "illicit_or_violence" in row.labels else set())
    if row.unsafe and row.style != "social":
        said |= {"unsafe"}
    if label in said:
        return 1, _I2P.get(label, 0.3) if row.corpus == "i2p" else 1.0
    if said & _NEAR[label]:
        return -1, 0.0
    if row.corpus == "i2p":
        return 0, 0.2
    return 0, {"social": _SOCIAL, "t2v_prompt": _PROMPT, "t2i_prompt": _PROMPT}.get(row.style, 1.0)


def _seed_target(label: str, said: str) -> Target:
    if said == label or (label == "unsafe" and said != "benign"):
        return 1, _SEED_WEIGHT
    return (-1, 0.0) if said in _NEAR[label] else (0, _SEED_WEIGHT / 2)


def _filled(template: str, slots: dict[str, list[str]], chance: random.Random) -> list[str]:
    names = re.findall(r"\{(\w+)\}", template)
    if not names:
        return [template]
    ways = [dict(zip(names, way, strict=True)) for way in product(*(slots[name] for name in names))]
    chance.shuffle(ways)
    return [template.format(**way) for way in ways[:_FILLED]]


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _record(digest: str) -> None:
    said = WEIGHTS.read_text(encoding="utf-8")
    line = re.compile(r'(prompt_heads\.npz", sha256 = ")[^"]*')
    WEIGHTS.write_text(line.sub(rf"\g<1>{digest}", said), encoding="utf-8")


if __name__ == "__main__":
    main()
