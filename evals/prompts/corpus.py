"""What the prompt models learn from: the training rows and the texts written for this project (evals/seeds/*.toml).

Every text has a target for each label: 1, 0, or none where its source does not tell. The weight says how far a source
is to be believed: i2p's labels are search terms, those of everyday talk call rude words unsafe.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.prompts.datasets import DatasetRow, load_split

SEEDS = Path(__file__).parents[1] / "seeds"
STYLES = ("video", "chat", "social")
LABELS = (
    "sexual", "violence", "gore", "self_harm", "hate", "extremism", "harassment", "illicit", "weapons", "disinfo",
    "political", "fraud", "intimate_image", "public_figure", "copyright_ip", "artist_style", "jailbreak", "unsafe",
)  # fmt: skip
HARMLESS_LABELS = frozenset({"political", "public_figure", "copyright_ip", "artist_style", "minors", "benign"})

_STYLE = {
    "t2v_prompt": "video",
    "t2i_prompt": "video",
    "caption": "video",
    "chat_instruction": "chat",
    "story": "social",
}
# Labels so near that one is no evidence against the other.
_RELATED_LABELS: Mapping[str, frozenset[str]] = {
    label: frozenset(near.split())
    for label, near in {
        "sexual": "intimate_image harassment toxic_unspecified",
        "violence": "gore shocking weapons illicit_or_violence self_harm extremism illicit hate harassment",
        "gore": "violence shocking self_harm",
        "self_harm": "violence gore shocking",
        "hate": "harassment toxic_unspecified extremism",
        "extremism": "hate violence illicit_or_violence weapons political",
        "harassment": "hate toxic_unspecified intimate_image",
        "illicit": "weapons fraud extremism disinfo jailbreak",
        "weapons": "violence illicit_or_violence illicit extremism",
        "disinfo": "illicit_or_violence fraud political public_figure",
        "political": "disinfo public_figure extremism hate",
        "fraud": "illicit illicit_or_violence disinfo",
        "intimate_image": "sexual harassment",
        "public_figure": "political disinfo intimate_image fraud copyright_ip artist_style",
        "copyright_ip": "artist_style public_figure",
        "artist_style": "copyright_ip public_figure",
        "jailbreak": "illicit_or_violence illicit sexual",
        "unsafe": "harassment toxic_unspecified hate political public_figure copyright_ip artist_style minors weapons",
    }.items()
}
_UNANNOTATED_LABELS = (
    "public_figure",
    "copyright_ip",
    "artist_style",
    "political",
)  # captions and old rows do not tell of these


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledText:
    """A text to learn from. `group` keeps the fillings of one template on one side of a split."""

    text: str
    style: str
    lang: str
    source: str
    group: str
    labels: frozenset[str]
    unsafe: bool
    weight: float


def training_texts() -> list[LabelledText]:
    """Everything, in an order that stays."""
    return [*map(text_of_row, load_split("train")), *seed_texts()]


def label_targets(texts: Sequence[LabelledText]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(n, labels) of 1 and 0, and (n, labels) of weights, 0 where a text is not annotated."""
    targets = np.array([[_target(label, text) for label in LABELS] for text in texts], np.float32)
    return targets[:, :, 0], targets[:, :, 1]


def style_one_hot(texts: Sequence[LabelledText]) -> NDArray[np.float32]:
    """(n, 3): which style each text has."""
    return np.array([[float(text.style == style) for style in STYLES] for text in texts], np.float32)


@cache
def seed_texts(folder: Path = SEEDS, *, max_variants: int = 6) -> tuple[LabelledText, ...]:
    """The written texts with slots filled, `max_variants` times each; files named dev_* are for measuring and left
    out.
    """
    files = [path for path in sorted(folder.glob("*.toml")) if not path.name.startswith("dev_")]
    return tuple(text for path in files for text in load_seed_file(path, max_variants=max_variants))


def load_seed_file(path: Path, *, max_variants: int = 6) -> Iterator[LabelledText]:
    """The texts of one file."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    chance = random.Random(path.name)  # noqa: S311  which slots are filled is no secret
    pairs = [(pair["label"], pair["unsafe"], pair["safe"]) for pair in raw.get("pairs", [])]
    frames = [(label, frame) for label, those in raw.get("labels", {}).items() for frame in those]
    frames += [(label, bad) for label, bad, _ in pairs] + [("benign", good) for _, _, good in pairs]
    for place, (label, frame) in enumerate(frames):
        for text in fill_template(frame, raw.get("slots", {}), chance, max_variants):
            yield _of_seed(text, label, raw, f"{path.stem}/{place}")


def fill_template(
    template: str, slots: Mapping[str, Sequence[str]], rng: random.Random, max_variants: int
) -> list[str]:
    """The frame with its slots filled in at most that many ways."""
    names = [name for name in dict.fromkeys(re.findall(r"\{(\w+)\}", template)) if name in slots]
    if not names:
        return [template]
    possible = 1
    for name in names:
        possible *= len(slots[name])
    if possible <= max_variants:
        chosen = [dict(zip(names, way, strict=True)) for way in product(*(slots[name] for name in names))]
    else:
        chosen = [{name: rng.choice(slots[name]) for name in names} for _ in range(max_variants)]
    return list(dict.fromkeys(_put(template, way) for way in chosen))


def _put(template: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: values.get(slot[1], slot[0]), template)


def _of_seed(text: str, label: str, raw: Mapping[str, str], group: str) -> LabelledText:
    style = _STYLE.get(raw.get("style", "video"), raw.get("style", "video"))
    return LabelledText(
        text=text,
        style=style if style in STYLES else "social",
        lang=raw.get("lang", "en"),
        source=f"seed:{group.partition('/')[0]}",
        group=group,
        labels=frozenset({label}),
        unsafe=label not in HARMLESS_LABELS,
        weight=1.0,
    )


def text_of_row(row: DatasetRow) -> LabelledText:
    """A row of the data as a text to learn from."""
    labels = row.labels | ({"illicit"} if "illicit_or_violence" in row.labels else set())
    return LabelledText(
        text=row.text,
        style=_STYLE.get(row.style, "social"),
        lang=row.lang,
        source=row.corpus,
        group=row.id,
        labels=frozenset(labels),
        unsafe=row.unsafe,
        weight=_weight(row),
    )


def _weight(row: DatasetRow) -> float:
    if row.corpus == "davidson" and "benign" in row.labels:
        return 0.6
    return {"i2p": 0.15, "davidson": 0.3, "mlma": 0.25, "civil_comments_spans": 0.4}.get(row.corpus, 1.0)


def _target(label: str, text: LabelledText) -> tuple[float, float]:
    if label == "unsafe":
        return _unsafe(text)
    if label in text.labels:
        return 1.0, text.weight
    if text.labels & _RELATED_LABELS[label] or (label in _UNANNOTATED_LABELS and not text.source.startswith("seed:")):
        return 0.0, 0.0
    if text.source == "davidson" and "benign" not in text.labels:
        return 0.0, 0.1
    return 0.0, text.weight


def _unsafe(text: LabelledText) -> tuple[float, float]:
    """Hate speech is unsafe wherever it stands; no row says whether rude talk is, and a video engine need not care."""
    if text.source.startswith("seed:"):
        return float(text.unsafe), 1.0 if text.unsafe or "benign" in text.labels or "minors" in text.labels else 0.3
    if "benign" in text.labels:
        return 0.0, text.weight
    if text.style == "social":
        return (1.0, text.weight) if "hate" in text.labels else (1.0, 0.0)
    return 1.0, text.weight
