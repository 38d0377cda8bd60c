"""Well-known people and characters are found misspelt, in other letters, and by description; their like are not."""

import pytest

from classifiers.text.gazetteer.find import gazetteer_hits
from classifiers.text.gazetteer.spelling import latin, sound


def labels(text: str) -> set[str]:
    return {hit.label for hit in gazetteer_hits(text)}


@pytest.mark.parametrize(
    "text",
    [
        "Tayler Swifft sings",
        "Leonardo DiCaprioo, no: Angelina Joly eats",
        "Тейлор Свифт на сцене",
        "Илон Маск ест борщ",
        "the reigning pope rides a skateboard",
        "the prime minister of Italy falls over",
        "le président de la République française danse",
        "der amtierende Papst tanzt",
        "the drummer of Metallica sleeps",
        "Erdoğan güler",
        "Erdoğan'ın çorbası",
        "taniec Putina",
        "Macrons Frühstück",
        "El actual papa baila",
        "папа римский на скейте",
        "शाहरुख खान नाचते हैं",
    ],
)
def test_a_person_is_found_without_the_usual_spelling(text: str) -> None:
    assert "public_figure" in labels(text)


@pytest.mark.parametrize(
    "text",
    [
        "a blue hedgehog collects golden rings",
        "un hérisson bleu court très vite",
        "a boy wizard waves his wand",
        "a giant green man in ripped pants roars",
        "a green ogre bathes in a swamp",
        "the yellow cartoon family on the couch",
        "a beagle lies on the roof of his red doghouse",
        "a small bear in a blue duffle coat eats marmalade sandwiches",
        "Der Zauberlehrling mit der Blitznarbe fliegt",
        "a silver-haired queen rides a dragon",
        "a clownfish looks for his lost son with a forgetful blue fish",
    ],
)
def test_a_character_is_found_by_what_it_looks_like(text: str) -> None:
    assert "copyright_ip" in labels(text)


@pytest.mark.parametrize(
    "text",
    [
        "the president of the chess club speaks",
        "a tailor repairs a swift boat",
        "a plumber with a mustache fixes a sink",
        "a hedgehog crosses a blue bridge",
        "a mouse with round ears eats cheese",
        "a king and a queen dance",
        "the captain of the football team",
        "Tom Hunter walks his dog",
        "an old green house with a small garden",
        "a bear eats honey in the forest",
        "an old wizard brings tea to a guest in spring",
        "a fashion doll lies broken on the floor",
        "a clownfish hides in an anemone",
        "a brown bear with a red hat on a circus poster",
        "a gorilla eats bananas in the zoo",
        "a lion cub plays on a rock in the savanna",
    ],
)
def test_their_like_are_left_alone(text: str) -> None:
    assert not labels(text)


def test_what_is_found_stands_where_the_text_says_so() -> None:
    (hit,) = gazetteer_hits("Hier tanzt Tailor Swyft im Regen")
    assert "Hier tanzt Tailor Swyft im Regen"[hit.start : hit.end] == "Tailor Swyft"


def test_names_sound_alike_in_all_letters() -> None:
    assert sound("Тейлор") == sound("taylor") == sound("Tailor")
    assert latin("Маск") == "mask"
