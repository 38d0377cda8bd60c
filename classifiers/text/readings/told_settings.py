"""Lowers what is found in texts about the past, civic life, sport and health as they are every day, and in warnings.

Models that learnt from rigged ballots find them in a voter who drops hers into the box, and gore in any vein.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORDS_FILE = Path(__file__).with_name("told_settings.toml")


@dataclass(frozen=True, slots=True)
class _Setting:
    told: re.Pattern[str]
    unless: re.Pattern[str]
    labels: frozenset[str]
    factor: float


def setting_factors(text: str, labels: Sequence[str]) -> list[float]:
    """By what the score of each label is multiplied: 1.0 for all but a few labels of texts with such a setting."""
    factors = dict.fromkeys(labels, 1.0)
    lower = text.lower()
    for setting in _settings().values():
        if _is_told(setting, lower):
            for label in setting.labels & factors.keys():
                factors[label] = min(factors[label], setting.factor)
    return [factors[label] for label in labels]


def tells_of(name: str, text: str) -> bool:
    """Whether it tells of that setting, one of told_settings.toml, and nobody denies, stages or harms anything."""
    return _is_told(_settings()[name], text.lower())


def _is_told(setting: _Setting, lower: str) -> bool:
    return setting.told.search(lower) is not None and setting.unless.search(lower) is None


@cache
def _settings() -> dict[str, _Setting]:
    tables = tomllib.loads(_WORDS_FILE.read_text(encoding="utf-8"))
    return {
        name: _Setting(
            told=re.compile(table["told"].replace("\n", "")),
            unless=re.compile(table["unless"].replace("\n", "")),
            labels=frozenset(table["labels"]),
            factor=table["factor"],
        )
        for name, table in tables.items()
    }
