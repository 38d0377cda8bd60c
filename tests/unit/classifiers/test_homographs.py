"""Terms of the word lists that are everyday words of another language."""

from __future__ import annotations

import pytest

from classifiers import PromptText, measure_all
from classifiers.text.prompt_terms import PromptTerms


def highest(text: str) -> float:
    """Of all labels but those that are no harm by themselves."""
    signals = measure_all(PromptText(text), [PromptTerms()]).signals
    return max(one.score or 0.0 for one in signals if one.label not in ("minors", "disguise", "politics", "romance"))


@pytest.mark.parametrize(
    "text",
    [
        "Die Kinder malen, die Sonne scheint, die Vögel singen und die Oma lacht",
        "Die Mädchen spielen, die Jungen bauen die Burg",
        "Her gün yeni bir gün, güneş doğuyor, gün batıyor",
        "En lång väg tar slut vid havet",
        "Rape a la plancha con patatas, primer plano",
        "Une part de gâteau au fromage râpé, gros plan",
        "Det är en bra dag för en promenad",
        "Le train est en retard, les gens attendent sur le quai",
    ],
)
def test_an_everyday_word_of_the_texts_own_language_is_no_term(text: str) -> None:
    assert highest(text) == 0.0


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("the soldiers die in the mud", 0.4),
        ("a man with a gun", 0.8),
        ("a güñ on the table, the man takes it", 0.8),
        ("you are a slut", 0.6),
        ("they rape a woman", 0.6),
        ("ein Mann will töten", 0.6),
    ],
)
def test_the_term_counts_in_other_languages(text: str, least: float) -> None:
    assert highest(text) >= least


def test_one_word_said_often_says_no_more_than_once() -> None:
    assert highest("a punch, a punch and a punch") == highest("a punch")
    assert highest("a punch, a brawl and a corpse") > highest("a punch")


def test_a_piece_of_a_word_is_shown_as_the_word() -> None:
    text = "убийство на улице"
    shown = {
        text[one.at.start : one.at.end]
        for one in measure_all(PromptText(text), [PromptTerms()]).signals
        if one.at is not None and one.label == "violence"
    }
    assert shown == {"убийство"}
