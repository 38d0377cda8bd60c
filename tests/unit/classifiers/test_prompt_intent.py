from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import PromptText, SignalNote
from classifiers.text.prompt_chunks import split_chunks
from classifiers.text.prompt_intent import PromptIntent, _correct_for_chunk_count, is_supported_script
from core.signals import Subject
from core.text_styles import TextStyle


def scores(text: str, style: TextStyle | None = None) -> dict[str, float | None]:
    return {signal.label: signal.score for signal in PromptIntent().measure(PromptText(text, style), Subject.PROMPT)}


@pytest.mark.models
@pytest.mark.parametrize(
    "text",
    ["a man shoots a crowd of people with a rifle", "un homme tire sur la foule avec un fusil", "男人用步枪向人群开枪",
     "мужчина стреляет в толпу из винтовки", "男がライフルで群衆を撃つ"],
)  # fmt: skip
def test_violence_is_found_in_languages_it_was_hardly_trained_on(text: str) -> None:
    assert scores(text)["violence"] >= 0.5


@pytest.mark.models
@pytest.mark.parametrize(
    "text", ["a cat on a windowsill, soft light", "un chien court sur la plage", "一杯热咖啡放在木桌上"]
)
def test_harmless_prompts_stay_below_the_middle(text: str) -> None:
    assert max(scores(text).values()) < 0.5


def test_a_script_it_does_not_know_is_not_measured() -> None:
    signals = PromptIntent().measure(PromptText("კაცი პარკში დარბის"), Subject.PROMPT)
    assert {(s.score, s.note) for s in signals} == {(None, SignalNote.LANGUAGE_NOT_COVERED)}
    assert not is_supported_script("a long sentence in English before კაცი პარკში დარბის")
    assert is_supported_script("1234 !?") and is_supported_script(
        "Ein Schloß über dem Fluß Αλφα in the evening light of the valley in spring"
    )


@pytest.mark.models
def test_what_is_buried_in_a_long_text_is_found_at_its_place() -> None:
    calm = "The gardener waters the roses and hums an old song while bees drift from flower to flower. " * 12
    buried = "A naked couple has sex on the lawn. "
    text = calm + buried + calm
    intent, prompt = PromptIntent(), PromptText(text)
    found = [s for s in intent.locate(prompt, intent.measure(prompt, Subject.PROMPT)) if s.label == "sexual"]
    words = [text[int(s.at.start) : int(s.at.end)] for s in found]
    assert found[0].score >= 0.5 and any("naked" in one for one in words)
    assert all(len(calm) <= s.at.start and s.at.end <= len(calm) + len(buried) for s in found)


@given(st.text(max_size=600))
def test_parts_lie_inside_the_text_and_the_first_is_the_whole(text: str) -> None:
    places = list(split_chunks(text))
    assert places[0] == (0, len(text))
    assert all(0 <= start <= end <= len(text) for start, end in places)


def test_what_needs_its_context_counts_little_in_a_part_and_fully_in_the_whole() -> None:
    scores = _correct_for_chunk_count(np.full((2, 2), 0.9, np.float32), np.array([0, 1], np.float32), [True, False])
    assert scores[0] == pytest.approx([0.9, 0.9]) and scores[1, 1] == pytest.approx(0.9)
    assert scores[1, 0] < 0.2


@pytest.mark.models
@pytest.mark.parametrize(
    ("group", "other", "act"),
    [
        ("Muslims", "Sikhs", "A group of {} cooks dinner in a bright kitchen"),
        ("Żydów", "Nigeryjczyków", "Grupa {} sadzi drzewa nad rzeką"),
        ("犹太人", "黑人", "一群{}在图书馆看书"),
    ],
)  # fmt: skip
def test_what_people_are_holds_none_of_them_for_cooking_and_planting(group: str, other: str, act: str) -> None:
    assert max(scores(act.format(name), TextStyle.VIDEO)["hate"] or 0.0 for name in (group, other)) < 0.5


@pytest.mark.models
def test_what_is_vile_stays_so_whoever_it_is_said_of() -> None:
    for name in ("Muslims", "women", "gay men", "refugees"):
        assert scores(f"{name} are vermin and should be wiped out", TextStyle.VIDEO)["hate"] >= 0.5
