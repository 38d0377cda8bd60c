"""Prompts in which somebody is named who agreed to appear: those to measure by, and others to learn from.

Made from a grammar (named_grammar.toml): acts in nineteen languages, and names as their owners write them, in Latin
letters. No act and no name that is measured by is learnt from.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from classifiers.text.deobfuscate import normalise
from classifiers.text.readings.plain_reading import named_mentions
from evals.prompts.corpus import LabelledText

_GRAMMAR = Path(__file__).with_name("named_grammar.toml")
_LEARNT_HARMS = ("violence", "sexual", "violence", "violence", "hate", "illicit")
"""Of harmful acts to learn from: the label of each, in their order."""
_NAMES_OF_AN_ACT = 12
"""By so many names each act is learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedText:
    """A prompt as somebody types it, `@handle` and all."""

    text: str
    lang: str
    act: int
    harmful: bool


def measured_texts() -> list[NamedText]:
    """Every name with every act that is measured by."""
    grammar = _grammar()
    names = grammar["names"]["measured"]
    return [
        NamedText(text=_with_names(frame, names, place), lang=lang, act=act, harmful=harmful)
        for lang, acts in grammar.items()
        if lang != "names"
        for harmful, key in ((False, "measured"), (True, "measured_harmful"))
        for act, frame in enumerate(acts[key])
        for place in range(len(names))
    ]


def learnt_texts(seed: int) -> list[LabelledText]:
    """Acts to learn from, as the product reads them: with the name as a name, and no mention of anybody."""
    chance = random.Random(seed)  # noqa: S311  which names are taken is no secret
    grammar = _grammar()
    return [
        text
        for lang, acts in grammar.items()
        if lang != "names"
        for harmful, key in ((False, "to_learn"), (True, "to_learn_harmful"))
        for act, frame in enumerate(acts[key])
        for text in _learnt(frame, lang, _LEARNT_HARMS[act] if harmful else "benign", f"{key}/{act}", chance)
    ]


def _learnt(frame: str, lang: str, label: str, act: str, chance: random.Random) -> Iterator[LabelledText]:
    names = _grammar()["names"]["to_learn"]
    for place in chance.sample(range(len(names)), _NAMES_OF_AN_ACT):
        yield LabelledText(
            text=named_mentions(normalise(_with_names(frame, names, place))).text,
            style="video",
            lang=lang,
            source="seed:named",
            group=f"named/{act}/{lang}",
            labels=frozenset({label}),
            unsafe=label != "benign",
            weight=1.0,
        )


def _with_names(frame: str, names: list[str], place: int) -> str:
    return frame.replace("{name}", names[place]).replace("{other}", names[(place + 1) % len(names)])


@cache
def _grammar() -> Mapping[str, Any]:
    return tomllib.loads(_GRAMMAR.read_text(encoding="utf-8"))
