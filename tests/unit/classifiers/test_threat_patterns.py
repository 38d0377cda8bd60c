"""Threats said to a person are found in the languages of the list, and the same words in jokes and stories are not."""

import pytest

from classifiers.passages import FootageWords, Passage, PassageKind
from classifiers.text.footage_words import FootageWordScreening
from classifiers.text.threat_patterns import THREAT_SCORE, threat_score
from core.signals import Span, Subject


@pytest.mark.parametrize(
    "text",
    [
        "Te voy a matar.",
        "Ti ammazzo stanotte.",
        "Je vais te tuer.",
        "Eu vou te matar.",
        "Ich bringe dich um.",
        "お前を殺してやる。",
        "Ik maak je af.",
        "Я тебя убью.",
        "我要杀了你。",
    ],
)
def test_a_threat_is_found_in_each_language(text):
    assert threat_score(text) == THREAT_SCORE


@pytest.mark.parametrize(
    "text",
    [
        "Mata las luces y empieza la toma.",
        "Te voy a matar a besos.",
        "Je suis mort de rire.",
        "Ma mère va me tuer si je rentre tard.",
        "Ich hole dich um acht ab, ich weiß, wo du wohnst.",
        "Muoio dalla voglia di vederti.",
        "Estou morrendo de vontade de te ver.",
        "会いたくて死にそう。",
        "I'm dying to see you",
    ],
)
def test_a_joke_an_idiom_and_film_language_are_no_threat(text):
    assert threat_score(text) == 0.0


def test_a_threat_after_harmless_sentences_is_found():
    assert threat_score("Hola, buenos días. Hoy hace sol. Te voy a matar.") == THREAT_SCORE


@pytest.mark.models
def test_a_threat_heard_in_french_reaches_the_rule_that_holds_threats():
    at = Span(start=0.0, end=3.0)
    words = FootageWords(
        passages=(Passage(kind=PassageKind.HEARD, text="Je vais te tuer ce soir.", at=at, certainty=0.9),), unknown={}
    )
    scores = {s.label: s.score for s in FootageWordScreening().measure(words, Subject.VIDEO)}
    assert scores["heard_threat"] >= THREAT_SCORE
    assert scores["heard_hate"] < THREAT_SCORE
