from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classifiers
from classifiers.base import PromptText, SignalNote
from classifiers.text.lexicon import load_lexicon
from classifiers.text.prompt_terms import MAX_PROMPT_CHARS, PromptTerms
from core.signals import Signal, Subject

TERMS = sorted((Path(classifiers.__file__).parent / "text" / "terms").glob("*.toml"))


def measure(text: str, label: str) -> list[Signal]:
    found = PromptTerms().measure(PromptText(text), Subject.PROMPT)
    return [signal for signal in found if signal.label == label]


def score(text: str, label: str) -> float:
    return max(signal.score for signal in measure(text, label))


def test_the_span_is_that_of_the_original_word() -> None:
    text = "A woman, n.a.k.e.d, smiles"
    (signal,) = measure(text, "sexual")
    assert text[int(signal.at.start) : int(signal.at.end)] == "n.a.k.e.d"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("the naked eye sees Jupiter", "sexual"),
        ("breast cancer screening explained", "sexual"),
        ("a photographer with a shooting star behind her", "violence"),
        ("a child with a water gun", "weapons"),
        ("spic and span kitchen", "hate"),
        ("lions stalking its prey", "harassment"),
        ("grandma bakes with her kind neighbour", "minors"),
        ("drugstore at night", "illicit"),
        ("a well-known state-of-the-art camera", "disguise"),
        ("my 2024 trip, 4k, f/1.8, 35mm, 8k hdr, 3d render", "disguise"),
    ],
)
def test_innocent_words_are_left_alone(text: str, label: str) -> None:
    assert score(text, label) == 0.0


@pytest.mark.parametrize(
    "age", ["a 14 year old", "14yo", "14-year-old", "a girl aged 14", "14岁", "一个14岁的", "14 ans"]
)
def test_an_age_below_eighteen_is_a_minor(age: str) -> None:
    assert score(f"{age} at school", "minors") >= 0.9


@pytest.mark.parametrize("age", ["a 41 year old", "18 year old", "114 years old", "14 years later"])
def test_other_numbers_are_not(age: str) -> None:
    assert score(f"{age} in the city", "minors") == 0.0


def test_a_child_beside_nudity_is_the_gravest_label() -> None:
    assert score("a nude schoolgirl", "sexual_minors") >= 0.9
    assert score("a child in the park. " + "The sun shines. " * 20 + "a naked man", "sexual_minors") >= 0.5


def test_a_name_beside_nudity_is_an_intimate_image() -> None:
    assert score("Taylor Swift naked in a bathtub", "intimate_image") >= 0.9
    assert score("my ex girlfriend naked", "intimate_image") >= 0.5


def test_no_documentary_softens_what_is_sexual() -> None:
    assert score("a documentary about naked people", "sexual") == 0.9
    assert score("a documentary with s3x scenes", "sexual") == 0.9


def test_negation_lowers_and_says_so() -> None:
    (signal,) = measure("a pirate ship, no guns", "weapons")
    assert signal.score < 0.5 and signal.note == SignalNote.CONTEXT


def test_several_weak_words_say_more_than_one() -> None:
    assert score("a violent fight", "violence") > score("a fight", "violence")


def test_a_text_that_is_too_long_cannot_be_measured() -> None:
    found = PromptTerms().measure(PromptText("a" * (MAX_PROMPT_CHARS + 1)), Subject.PROMPT)
    assert {signal.score for signal in found} == {None} and {signal.label for signal in found} == set(
        PromptTerms.labels
    )


@settings(deadline=None)
@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["sex", "kid", "n u d e", "14yo", "no guns", "*", "🔫"])).map(" ".join)
)
def test_any_text_gives_every_label_and_places_inside_it(text: str) -> None:
    found = PromptTerms().measure(PromptText(text), Subject.PROMPT)
    assert {signal.label for signal in found} == set(PromptTerms.labels)
    assert all(signal.at is None or signal.at.end <= len(text) for signal in found)


@pytest.mark.parametrize("path", TERMS, ids=lambda path: path.stem)
def test_a_word_list_holds_no_term_twice_and_is_named_as_its_label(path: Path) -> None:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    assert table["label"] == path.stem and table["label"] in PromptTerms.labels
    both = set(table["strong"]) & set(table["weak"])
    assert not both


def test_every_term_is_found_when_it_is_written_plainly() -> None:
    lists = load_lexicon()
    tables = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in TERMS}
    lost = [
        (name, term)
        for name, table in tables.items()
        for term in table["strong"]
        if score(term, name) < table.get("sure", 0.9)
    ]
    assert lists.labels and lost == []


@pytest.mark.parametrize(
    "handle", ["@cristiano_ronaldo", "@elonmusk", "@TomHanks1", "@realDonaldTrump", "@rihanna.official"]
)
def test_a_handle_that_is_a_famous_name_names_its_bearer(handle: str) -> None:
    text = f"In the park {handle} waves"
    (signal, *_) = measure(text, "public_figure")
    assert signal.score >= 0.9
    assert text[int(signal.at.start) : int(signal.at.end)] == handle


@pytest.mark.parametrize(
    "text", ["@maren_k waves", "write to elon@elonmusk.com", "see x.org/@elonmusk", "@will and @smith"]
)
def test_a_handle_of_somebody_else_names_nobody_famous(text: str) -> None:
    assert score(text, "public_figure") < 0.6
