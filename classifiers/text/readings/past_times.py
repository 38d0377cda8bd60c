"""Lowers what is found of politics and faiths in a text that plainly tells of the past, or tells it to teach."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORDS_FILE = Path(__file__).with_name("past_times.toml")


@dataclass(frozen=True, slots=True)
class _PastTimes:
    past: re.Pattern[str]
    unless: re.Pattern[str]
    labels: frozenset[str]
    factor: float


def past_factors(text: str, labels: Sequence[str]) -> list[float]:
    """By what the score of each label is multiplied: 1.0 for all but a few labels of texts about the past."""
    words = _past_times()
    past = tells_of_the_past(text)
    return [words.factor if past and label in words.labels else 1.0 for label in labels]


def tells_of_the_past(text: str) -> bool:
    """Whether it does, and without words of those who deny what was, praise it, or stage it anew."""
    words, lower = _past_times(), text.lower()
    return words.past.search(lower) is not None and words.unless.search(lower) is None


@cache
def _past_times() -> _PastTimes:
    table = tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    return _PastTimes(
        past=re.compile(table["past"].replace("\n", "")),
        unless=re.compile(table["unless"].replace("\n", "")),
        labels=frozenset(table["labels"]),
        factor=table["factor"],
    )
