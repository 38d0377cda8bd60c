"""Texts to learn from in which nothing but the name of a group changes: what people are is no harm, what is said of
them may be.

The acts are those of evals/prompts/group_grammar that are kept for learning. Of each act in each language some groups
are taken by chance, others for the next act, so that a name is seen with many acts and an act with many names.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from evals.prompts.corpus import LabelledText
from evals.prompts.groups import GroupText, group_texts

_GROUPS_OF_AN_ACT = 16


def counterfactual_texts(seed: int) -> list[LabelledText]:
    """Harmless acts as prompts for videos, harmful sentences as posts; of controls the harmless alone."""
    chance = random.Random(seed)  # noqa: S311  an order, not a secret
    acts: dict[tuple[str, bool, int], list[GroupText]] = {}
    for text in group_texts(to_learn=True):
        if not (text.control and text.harmful):  # whether such a wish about teachers is hate, nobody says
            acts.setdefault((text.lang, text.harmful, text.act), []).append(text)
    return [text for place, some in acts.items() for text in _of_act(place, some, chance)]


def _of_act(place: tuple[str, bool, int], texts: list[GroupText], chance: random.Random) -> Iterator[LabelledText]:
    lang, harmful, act = place
    for text in chance.sample(texts, min(_GROUPS_OF_AN_ACT, len(texts))):
        yield LabelledText(
            text=text.text,
            style="social" if harmful else "video",
            lang=lang,
            source="seed:groups",
            group=f"groups/{act}/{harmful}",
            labels=frozenset({"hate" if harmful else "benign"}),
            unsafe=harmful,
            weight=1.0,
        )
