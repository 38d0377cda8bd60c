"""Whoever is mentioned is read as the same person: a name says nothing of what is to be seen."""

from __future__ import annotations

import pytest

from classifiers.base import PromptText
from classifiers.text.deobfuscate import normalise
from classifiers.text.prompt_intent import PromptIntent
from classifiers.text.readings.one_name import read_as_one_name
from classifiers.text.readings.plain_reading import named_mentions, names_mentioned
from core.signals import Subject
from core.text_styles import TextStyle


@pytest.mark.parametrize(
    ("prompt", "read"),
    [
        ("@maren waves at @noor_92", "leila waves at marco"),
        ("@ren、@maren が踊る", "leila、marco が踊る"),
        ("@marenが@noorと踊る", "leilaがmarcoと踊る"),
        ("@maren waves, @maren smiles", "leila waves, leila smiles"),
        ("a fox in the snow", "a fox in the snow"),
    ],
)
def test_the_first_has_one_name_and_all_others_another(prompt: str, read: str) -> None:
    plain = normalise(prompt)
    assert read_as_one_name(named_mentions(plain).text, names_mentioned(plain)) == read


@pytest.mark.models
def test_what_is_said_of_people_is_the_same_of_all_and_nothing_hides_in_a_name() -> None:
    scores = {}
    for handle in ("maren", "amara", "bloody_naked_corpse"):
        prompt = PromptText(f"@{handle} winkt", TextStyle.VIDEO)
        scores[handle] = {one.label: one.score for one in PromptIntent().measure(prompt, Subject.PROMPT)}
    for label in ("hate", "harassment", "unsafe"):
        assert scores["maren"][label] == scores["amara"][label] < 0.5
    assert max(scores["bloody_naked_corpse"][label] for label in ("gore", "sexual", "violence")) >= 0.6


@pytest.mark.models
@pytest.mark.parametrize(
    ("mention", "label"),
    [("@taylor_swift", "public_figure"), ("@angela.merkel", "public_figure"), ("@mickey_mouse", "copyright_ip")],
)
def test_whoever_is_famous_is_so_as_a_mention_too(mention: str, label: str) -> None:
    prompt = PromptText(f"{mention} dances", TextStyle.VIDEO)
    scores = {one.label: one.score for one in PromptIntent().measure(prompt, Subject.PROMPT)}
    assert scores[label] >= 0.5
