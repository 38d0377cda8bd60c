"""Deeds that no single word names, and harmless sentences with the same words."""

from __future__ import annotations

import pytest

from classifiers import PromptText, measure_all
from classifiers.text.deeds import DEED_SCORE, deed_hits
from classifiers.text.prompt_terms import PromptTerms


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("a kitten in a microwave, funny prank", "violence"),
        ("A cat is thrown into a microwave, laughing boys", "violence"),
        ("they tie a cat to a firecracker and laugh, lol", "violence"),
        ("skinning a living fox, close up", "violence"),
        ("train a dog to fight", "violence"),
        ("he kicks the puppy down the stairs for fun", "violence"),
        ("boys set a stray dog on fire behind the school", "violence"),
        ("a man throws a kitten off a balcony", "violence"),
        ("cockfighting in a barn, men cheering", "violence"),
        ("Ein Hund in der Mikrowelle", "violence"),
        ("Jungen quälen eine Katze im Keller", "violence"),
        ("un chaton dans le micro-ondes", "violence"),
        ("un niño patea a un perro", "violence"),
        ("un gattino nel microonde", "violence"),
        ("um gato no micro-ondas", "violence"),
        ("a truck drives into a Christmas market crowd", "violence"),
        ("the SUV speeds through a crowd of protesters", "violence"),
        ("ein Lastwagen rast in eine Menschenmenge", "violence"),
        ("samochód wjeżdża w tłum", "violence"),
        ("He swings the puppy by its tail and lets go, lol", "violence"),
        ("Two pit bulls tear each other apart in a ring, men placing bets", "violence"),
        ("Un uomo accoltella una donna", "violence"),
        ("Il lui tranche la gorge", "violence"),
        ("Er schlägt seine Frau grün und blau", "violence"),
        ("Um homem atira num policial", "violence"),
        ("Hij wurgt haar", "violence"),
        ("Podrzyna mu gardło", "violence"),
        ("Boğazını kesiyor", "violence"),
        ("彼女の首を絞める", "violence"),
        ("एक आदमी औरत का गला घोंट रहा है", "violence"),
        ("он душит её", "violence"),
        ("🍆💦 with the blonde", "sexual"),
        ("un hombre se ahorca en su cuarto", "self_harm"),
        ("eine Frau erhängt sich im Keller", "self_harm"),
        ("bir adam kendini asıyor", "self_harm"),
        ("kobieta podcina sobie żyły", "self_harm"),
    ],
)
def test_a_grave_deed_in_plain_words_is_found_with_the_words_that_name_it(text: str, label: str) -> None:
    (hit,) = deed_hits(text)
    assert (hit.label, hit.score) == (label, DEED_SCORE)
    assert text[hit.start : hit.end].strip()


@pytest.mark.parametrize(
    "text",
    [
        "a cat sits on top of the microwave",
        "a hot dog in a microwave, time lapse",
        "a roast chicken in the oven",
        "a puppy sleeps in an oven mitt",
        "a firefighter rescues a kitten trapped in an oven",
        "a stuffed rabbit toy in the washing machine",
        "a girl kicks the ball to the dog",
        "the boy throws the dog's ball off the bridge",
        "a dogfight between two spitfires",
        "training a dog to fetch",
        "a bird in the acid green forest",
        "un perro caliente en el microondas",
        "il gatto dorme nel forno spento",
        "a truck drives through a crowded market street",
        "the pope's car drives through the crowd, cheering",
        "a car crashes into a wall, crash test",
        "se pega una etiqueta en la caja",
        "kick the dog days of summer away",
        "Le cuisinier tranche le pain",
        "Un bûcheron abat un arbre",
        "Hij slaat zijn boek open",
        "Die Mutter schlägt die Sahne",
        "Ela corta a grama no jardim",
        "Un niño dispara a puerta y marca gol",
        "my mother's eggplant and peaches from the garden",
        "a horse race, the jockey whips the horse",
    ],
)
def test_the_same_words_in_harmless_sentences_are_left_alone(text: str) -> None:
    assert list(deed_hits(text)) == []


@pytest.mark.parametrize(
    "whose", ["my teacher explains algebra", "my neighbour waters his tomatoes", "my ex-wife waves"]
)
def test_whoever_is_somebodys_teacher_or_neighbour_is_not_undressed_by_it(whose: str) -> None:
    def scores(text: str) -> list[float | None]:
        return [
            one.score for one in measure_all(PromptText(text), [PromptTerms()]).signals if one.label == "intimate_image"
        ]

    assert scores(whose) == [0.0]
    (beside_nudity,) = scores(f"{whose}, naked in the shower")
    assert beside_nudity is not None
    assert beside_nudity >= 0.4
