"""Characters whose coined names are a letter off are found; what people are called and say is not."""

from __future__ import annotations

import pytest

from classifiers.text.confusables import fold_text
from classifiers.text.gazetteer.find import DESCRIBED_SCORE, gazetteer_hits
from classifiers.text.gazetteer.misspelt import misspelt_characters


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Spoderman on a roof", "Spoderman"),
        ("a pickachu in the rain", "pickachu"),
        ("Darth Vadr makes toast", "Darth Vadr"),
        ("a hello-kity lunch box that talks", "hello-kity"),
        ("Lightening McQueen at the start", "Lightening McQueen"),
        ("minecraftt village at night", "minecraftt"),
    ],
)
def test_a_coined_name_with_a_letter_off_is_the_character(text: str, named: str) -> None:
    assert [(hit.label, text[hit.start : hit.end], hit.score) for hit in gazetteer_hits(text)] == [
        ("copyright_ip", named, DESCRIBED_SCORE)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Harry Porter waters his roses",
        "a baby yoga class in the park",
        "two gorillas share a banana",
        "a man buys a gold watch",
        "spiders and men in a cellar",
        "Donald ducks under the beam",
        "a deep pool at noon",
        "the captain of America's Cup",
    ],
)
def test_names_and_words_of_everybody_are_no_character(text: str) -> None:
    assert list(misspelt_characters(fold_text(text))) == []


def test_the_name_itself_is_left_to_the_word_lists() -> None:
    assert list(misspelt_characters("spiderman and two spidermans")) == []
