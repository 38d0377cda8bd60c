"""Longer texts to learn from: short ones of one style and language put one after the other.

So the encoder learns that a harmful sentence counts among harmless ones, and that many harmless ones stay harmless.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evals.prompts.corpus import LabelledText

_MIN_WEIGHT = 0.9  # weight from which a text may be put beside others
_EXCLUDED_SOURCES = ("hatemoji_build",)  # harmless by a hair, and hardly beside anything else
_MAX_CHARACTERS = 160  # characters of each
_HARMLESS_ADDED = (1, 2)  # harmless texts that stand beside one


def concatenate_texts(texts: Sequence[LabelledText], count: int, seed: int) -> list[LabelledText]:
    """`count` English texts, half of them with something unsafe in one of their sentences."""
    chance = random.Random(seed)  # noqa: S311  an order, not a secret
    short = [
        one for one in texts if one.lang == "en" and one.weight >= _MIN_WEIGHT and len(one.text) <= _MAX_CHARACTERS
    ]
    harmless = {
        style: [
            one
            for one in short
            if one.style == style and one.labels == {"benign"} and one.source not in _EXCLUDED_SOURCES
        ]
        for style in ("video", "chat", "social")
    }
    unsafe = [one for one in short if one.unsafe]
    return list(_concatenated(unsafe, harmless, count, chance))


def _concatenated(
    unsafe: Sequence[LabelledText], harmless: dict[str, list[LabelledText]], count: int, rng: random.Random
) -> Iterator[LabelledText]:
    for place in range(count):
        kept = rng.choice(unsafe) if place % 2 else rng.choice(harmless[rng.choice(list(harmless))])
        whole = [kept, *rng.sample(harmless[kept.style], min(rng.choice(_HARMLESS_ADDED), len(harmless[kept.style])))]
        rng.shuffle(whole)
        yield replace(kept, text=" ".join(_ended(one.text) for one in whole))


def _ended(text: str) -> str:
    return text if text.rstrip()[-1:] in ".!?" else f"{text.rstrip()}."
