"""Which prompts a row is measured on: dev rows that people labelled, and texts of our own written to measure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

from evals.prompts.corpus import SEEDS, LabelledText, load_seed_file
from evals.prompts.datasets import load_split

NEAR_WORDS = Path(__file__).parent / "near_words.toml"
_VIDEO_STYLES = frozenset({"t2v_prompt", "caption"})


def unsafe_prompts(data: Path, labels: Collection[str], corpora: Collection[str], *, lang: str = "en") -> list[str]:
    """Prompts of these corpora with one of these labels."""
    rows = (row for row in load_split("dev", data) if row.corpus in corpora and row.lang == lang)
    return _distinct(row.text for row in rows if row.labels & set(labels))


def harmless_prompts(data: Path, *, near: str = "", lang: str = "en") -> list[str]:
    """Harmless prompts for videos and captions; `near` keeps those with a word of that list."""
    rows = (row for row in load_split("dev", data) if row.style in _VIDEO_STYLES and row.lang == lang)
    texts = _distinct(row.text for row in rows if "benign" in row.labels)
    return [text for text in texts if not near or _near(near).search(text)]


def own_texts(stem: str, *, unsafe: bool, labels: Collection[str] = ()) -> list[str]:
    """Texts of evals/seeds/<stem>.toml, which nothing was learnt from; `labels` keeps some of them."""
    texts = load_seed_file(SEEDS / f"{stem}.toml")
    return _distinct(text.text for text in texts if _meant(text, unsafe, labels))


def hate_test(data: Path, lang: str, *, unsafe: bool) -> list[str]:
    """The third of the multilingual functional test that calibration did not see."""
    rows = [row for row in load_split("dev", data) if row.corpus == "multilingual_hatecheck"][1::3]
    return _distinct(row.text for row in rows if row.lang == lang and row.unsafe is unsafe)


def _meant(text: LabelledText, unsafe: bool, labels: Collection[str]) -> bool:
    if not unsafe:
        return "benign" in text.labels
    return "benign" not in text.labels and (not labels or bool(text.labels & set(labels)))


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in texts))


@cache
def _near(category: str) -> re.Pattern[str]:
    words = tomllib.loads(NEAR_WORDS.read_text(encoding="utf-8"))[category]
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
