"""Finds grave deeds that plain words name together: no word of "a kitten in the microwave" is on a list.

Models that read whole texts miss them where the words are light and the rest is a joke. The sentences stand in
deeds.toml. A film of it is asked for, or a story is told: a person decides.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from classifiers.text.confusables import fold_with_offsets
from classifiers.text.lexicon import TermHit

DEED_SCORE = 0.8
"""Of a deed that is named so: enough to have a person look, and less than certain."""


@dataclass(frozen=True, slots=True)
class _Deeds:
    label: str
    named: re.Pattern[str]
    unless: re.Pattern[str]
    score: float


def deed_hits(text: str) -> Iterator[TermHit]:
    """Where one is named, with the words that name it."""
    folded, offsets = fold_with_offsets(text)
    for kind in _kinds():
        found = kind.named.search(folded)
        if found and not kind.unless.search(folded):
            yield TermHit(kind.label, offsets[found.start()], offsets[found.end() - 1] + 1, kind.score)


@cache
def _kinds() -> tuple[_Deeds, ...]:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

    return tuple(
        _Deeds(
            kind["label"],
            _joined(kind["patterns"], table["words"]),
            re.compile(kind["unless"]),
            kind.get("score", DEED_SCORE),
        )
        for kind in table["deeds"]
    )


def _joined(patterns: Sequence[str], lists: Mapping[str, str]) -> re.Pattern[str]:
    """One pattern of all, with the lists for their names. Before a name there may be the "b" of a word's bound."""
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    names = re.compile(rf"(?:(?<=\\b)|\b)({'|'.join(lists)})\b")
    return re.compile(names.sub(lambda name: lists[name[1]], joined))
