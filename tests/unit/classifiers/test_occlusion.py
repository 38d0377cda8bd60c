"""The words that a prompt is held for are those without which the models no longer say so."""

from __future__ import annotations

import re

import pytest

from classifiers.base import PromptText
from classifiers.text import occlusion, prompt_intent
from classifiers.text.occlusion import content_words, stop_words, without_places
from classifiers.text.prompt_intent import PromptIntent
from core.signals import Signal, Subject

HELD = [
    "The thief shows in the old cellar how he builds a pipe bomb out of nails",
    "A naked couple has sex on the lawn",
    "In front of the house he stabs his neighbour and the blood runs down his arm",
    "Ein Mann zeigt in der Küche, wie er eine Bombe baut",
    "une femme nue fait l'amour sur la plage",
    "男人用步枪向人群开枪",
    "मैदान में आदमी भीड़ पर बंदूक से गोली चलाता है",
]
"""Written here: of the kind that people send in, and none of theirs."""


def high(text: str) -> dict[str, list[Signal]]:
    found: dict[str, list[Signal]] = {}
    for signal in located(text):
        if signal.score is not None and signal.score >= 0.5:
            found.setdefault(signal.label, []).append(signal)
    return found


def located(text: str) -> list[Signal]:
    intent, prompt = PromptIntent(), PromptText(text)
    return intent.locate(prompt, intent.measure(prompt, Subject.PROMPT))


def scores(text: str) -> dict[str, float]:
    return {s.label: s.score or 0.0 for s in PromptIntent().measure(PromptText(text), Subject.PROMPT)}


@pytest.mark.models
@pytest.mark.parametrize("text", HELD)
def test_without_the_words_of_a_label_it_is_below_one_half(text: str) -> None:
    labels = high(text)
    assert labels
    for label, signals in labels.items():
        places = [(int(s.at.start), int(s.at.end)) for s in signals if s.at]
        if places:
            assert scores(without_places(text, places))[label] < 0.5
        else:
            assert len(signals) == 1, "the prompt as a whole is said once"


@pytest.mark.models
@pytest.mark.parametrize("text", HELD)
def test_no_place_is_a_stop_word_or_begins_or_ends_with_one(text: str) -> None:
    english = text.isascii() and not text.startswith(("Ein", "une"))
    for signals in high(text).values():
        for place in [(int(s.at.start), int(s.at.end)) for s in signals if s.at]:
            words = content_words(text, english)
            assert place[0] in {start for start, _ in words} and place[1] in {end for _, end in words}


@pytest.mark.models
def test_a_word_that_stands_twice_is_taken_out_and_shown_twice() -> None:
    text = "a naked man, naked again"
    shown = " ".join(text[int(s.at.start) : int(s.at.end)] for s in high(text)["sexual"] if s.at)
    assert shown.count("naked") == 2


@pytest.mark.models
def test_what_is_disguised_is_shown_where_it_stands_in_the_original() -> None:
    text = "a n4k3d couple has s3x on the lawn"
    words = {text[int(s.at.start) : int(s.at.end)] for s in high(text)["sexual"] if s.at}
    assert words <= {"n4k3d couple", "n4k3d", "s3x", "n4k3d couple has s3x", "couple has s3x"}


@pytest.mark.models
def test_a_text_that_is_held_by_nothing_is_read_no_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("words were taken out of what nobody holds")

    monkeypatch.setattr(prompt_intent, "carrying_places", never)
    assert high("a lighthouse on a cliff at dawn, gulls circling") == {}


@pytest.mark.models
@pytest.mark.parametrize("times", [1, 12])
def test_the_number_of_texts_that_are_read_is_bounded(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    read: list[int] = []
    for name in ("score_by_quick_sources", "score_texts"):
        real = getattr(occlusion, name)
        monkeypatch.setattr(
            occlusion, name, lambda texts, *more, real=real: (read.append(len(texts)), real(texts, *more))[1]
        )
    high(" ".join(HELD[:3] * times))
    parts = prompt_intent._MAX_OCCLUDED_PARTS
    assert 0 < len(read) <= 2 * parts
    assert sum(read) <= parts * (occlusion.MAX_WORDS_TRIED + occlusion.MAX_SETS_CONFIRMED)


def test_stop_words_are_those_of_the_language() -> None:
    text = "the old man and his dog die"
    assert [text[slice(*place)] for place in content_words(text, english=True)] == ["old", "man", "dog", "die"]
    text = "die Katze und der Hund"
    assert [text[slice(*place)] for place in content_words(text, english=False)] == ["Katze", "Hund"]
    assert "die" not in stop_words()[True] and "his" in stop_words()[True]
    text = "Le chat dort sur le toit"  # taken for English
    assert [text[slice(*place)] for place in content_words(text, english=True)] == ["chat", "dort", "sur", "toit"]


def test_words_are_taken_without_their_punctuation_and_scripts_without_spaces_in_pairs() -> None:
    text = "“Bomb!”, (nails) … गोली चलाता"
    assert [text[slice(*place)] for place in content_words(text, english=True)] == ["Bomb", "nails", "गोली", "चलाता"]
    assert content_words("男人用步枪", english=False) == [(0, 2), (2, 4), (4, 5)]


def test_what_is_taken_out_leaves_no_double_space() -> None:
    assert without_places("a red, red rose", [(2, 5)]) == "a , red rose"
    assert not re.search("  ", without_places("a red red rose", [(2, 5), (6, 9)]))
