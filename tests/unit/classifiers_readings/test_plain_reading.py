"""The language of film, of toys, of art and of namesakes is read as what it means, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text.deobfuscate import normalise
from classifiers.text.readings.plain_reading import named_mentions, plain_reading
from registry.consent.cameos import parse_mentions


def read(text: str) -> str:
    return plain_reading(normalise(text)).text


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Head shot of a pilot, grey background", "portrait of a pilot, grey background"),
        ("A dancer, shot from behind, at dusk", "A dancer, at dusk"),
        ("Head shot of a clerk, shot from below, then a shot over her shoulder", "portrait of a clerk"),
        ("Over-the-shoulder shot of a woman typing", "view of a woman typing"),
        ("A low-angle shot of a farmer, then a body shot", "A view of a farmer"),
        ("Kill the lights and start the music", "switching off the lights and start the music"),
        ("kill the key light, slow push in", "switching off the key light, slow push in"),
        ("a stripped-down acoustic performance", "a simple acoustic performance"),
        ("bare trees and naked rock on a ridge", "bare trees and bare rock on a ridge"),
        ("naked mole rats in their burrow", "mole rats in their burrow"),
        ("Tutorial: how to make soap at home", "lesson somebody is to make soap at home"),
        ("Jak zrobić latawiec w domu, krok po kroku", " latawiec w domu, "),
        ("おにぎりの作り方", "おにぎり"),
        ("a dance lesson, step by step, then a salsa", "a dance lesson, lesson, then a salsa"),
        ("Fizzy bath bomb dissolving", "bath salts dissolving"),
        ("the crowd explodes", "the crowd cheers"),
        ("Clase de dibujo con modelo desnuda", "Clase de dibujo con modelo"),
        ("a pistola de água no jardim", "a brinquedos de água no jardim"),
        ("Дети играют с водяными пистолетами", "Дети играют с водные игрушки"),
        ("子どもが水鉄砲で遊ぶ", "子どもがおもちゃで遊ぶ"),
        ("A naked bronze statue in the park", "A bronze statue in the park"),
        ("My uncle Brad Pitt feeds the hens", "My uncle feeds the hens"),
        ("George Clooney, our dentist, waves", "our dentist, waves"),
        ("Meine Tante Emma Watson backt Brot", "Meine Tante backt Brot"),
        ("the Kennedy airport at night", "the airport at night"),
    ],
)
def test_a_phrase_is_read_as_what_it_means(text: str, meaning: str) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "a man is shot from behind by a sniper",
        "head shot of a zombie, brains and blood everywhere",
        "kill the lights and shoot the hostage with a rifle",
        "a girl on a swing, seen from behind",
        "a woman in a short skirt, filmed from below",
        "low angle, a dancer bends over",
        "a toy gun is swapped for a real one",
        "a nude statue turns into my girlfriend",
        "a nude girl beside a marble statue",
        "a naked woman climbs a naked rock",
        "a dancer, stripped down to her underwear",
        "Tutorial: how to make a pipe bomb at home, step by step",
        "how to bake cookies with drugs, step by step",
        "how to fold a thing nobody knows",
        "the bus explodes, victims everywhere",
        "modelo desnuda en la playa",
        "nude painting of a celebrity having sex",
        "big tits of a woman at a bird feeder",
        "my aunt Emma Watson on the red carpet",
        "my neighbour Taylor Swift, naked",
        "Barack Obama visits a school",
        "Taylor Swift eats lunch in a restaurant",
    ],
)
def test_what_may_mean_what_it_says_is_left_alone(text: str) -> None:
    assert read(text) == text


def test_places_are_those_of_the_text_as_it_was_given() -> None:
    text = "Head shot of a man who stabs a cat"
    reading = plain_reading(normalise(text))
    start = reading.text.index("stabs")
    first, last = reading.span(start, start + len("stabs"))
    assert text[first:last] == "stabs"


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("@maren waves at @noor_92", "maren waves at noor"),
        ("a walk with @anna.b.", "a walk with anna."),
        ("@k.j sings", "k j sings"),
        ("mail ana@example.org, 5 @ noon", "mail ana@example.org, 5 @ noon"),
        ("@bloody_corpse", "bloody corpse"),
    ],
)
def test_a_mention_is_read_as_a_name_of_which_all_words_stay(text: str, read_as: str) -> None:
    assert named_mentions(normalise(text)).text == read_as


def test_the_places_of_a_mention_are_those_of_the_original() -> None:
    text = "here @noor_92 waves"
    reading = named_mentions(normalise(text))
    assert text[slice(*reading.span(5, 9))] == "@noor_92"
    assert text[slice(*reading.span(10, 15))] == "waves"


@given(st.text(alphabet="ab9_.-@ é/x", max_size=24))
def test_whoever_is_asked_for_consent_is_read_as_a_name_and_not_as_an_address(text: str) -> None:
    assert parse_mentions(named_mentions(normalise(text)).text) == ()


def test_emphasis_around_a_mention_is_no_part_of_it_and_addresses_are_no_mentions() -> None:
    assert named_mentions(normalise("_@noor_ waves")).text == "noor waves"
    assert named_mentions(normalise("x.org/@noor and a@noor")).text == "x.org/@noor and a@noor"


def test_every_word_of_a_meaning_stands_for_the_whole_phrase() -> None:
    reading = plain_reading(normalise("Head shot of a pilot"))
    start = reading.text.index("portrait")
    assert reading.span(start, start + len("portrait")) == (0, len("Head shot of"))
