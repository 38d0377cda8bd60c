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
        text for text in texts if text.lang == "en" and text.weight >= _MIN_WEIGHT and len(text.text) <= _MAX_CHARACTERS
    ]
    harmless = {
        style: [
            text
            for text in short
            if text.style == style and text.labels == {"benign"} and text.source not in _EXCLUDED_SOURCES
        ]
        for style in ("video", "chat", "social")
    }
    unsafe = [text for text in short if text.unsafe]
    return list(_concatenated(unsafe, harmless, count, chance))


def _concatenated(
    unsafe: Sequence[LabelledText], harmless: dict[str, list[LabelledText]], count: int, rng: random.Random
) -> Iterator[LabelledText]:
    for place in range(count):
        first = rng.choice(unsafe) if place % 2 else rng.choice(harmless[rng.choice(list(harmless))])
        whole = [
            first,
            *rng.sample(harmless[first.style], min(rng.choice(_HARMLESS_ADDED), len(harmless[first.style]))),
        ]
        rng.shuffle(whole)
        yield replace(first, text=" ".join(_ended(part.text) for part in whole))


def _ended(text: str) -> str:
    return text if text.rstrip()[-1:] in ".!?" else f"{text.rstrip()}."
