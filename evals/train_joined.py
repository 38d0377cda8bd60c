"""Longer texts to learn from: short ones of one style and language put one after the other.

So the encoder learns that a harmful sentence counts among harmless ones, and that many harmless ones stay harmless.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evals.prompt_texts import Text

_SURE = 0.9  # weight from which a text may be put beside others
_TRICKY = ("hatemoji_build",)  # harmless by a hair, and hardly beside anything else
_LONGEST = 160  # characters of each
_BESIDE = (1, 2)  # harmless texts that stand beside one


def joined(every: Sequence[Text], count: int, seed: int) -> list[Text]:
    """`count` English texts, half of them with something unsafe in one of their sentences."""
    chance = random.Random(seed)  # noqa: S311  an order, not a secret
    short = [one for one in every if one.lang == "en" and one.weight >= _SURE and len(one.text) <= _LONGEST]
    harmless = {
        style: [one for one in short if one.style == style and one.said == {"benign"} and one.source not in _TRICKY]
        for style in ("video", "chat", "social")
    }
    unsafe = [one for one in short if one.unsafe]
    return list(_made(unsafe, harmless, count, chance))


def _made(unsafe: Sequence[Text], harmless: dict[str, list[Text]], count: int, chance: random.Random) -> Iterator[Text]:
    for place in range(count):
        kept = chance.choice(unsafe) if place % 2 else chance.choice(harmless[chance.choice(list(harmless))])
        whole = [kept, *chance.sample(harmless[kept.style], min(chance.choice(_BESIDE), len(harmless[kept.style])))]
        chance.shuffle(whole)
        yield replace(kept, text=" ".join(_ended(one.text) for one in whole))


def _ended(text: str) -> str:
    return text if text.rstrip()[-1:] in ".!?" else f"{text.rstrip()}."
