from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text.deobfuscate import deobfuscate, normalise, visible_text

KNOWN = frozenset(
    [
        "a",
        "the",
        "man",
        "woman",
        "kills",
        "kill",
        "with",
        "knife",
        "and",
        "nude",
        "beach",
        "walks",
        "on",
        "in",
        "gun",
        "rabbit",
        "quiet",
        "lake",
    ]
)


def said(text: str) -> str | None:
    found = deobfuscate(text, KNOWN.__contains__)
    return found.text.casefold() if found else None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("the m4n k1lls", "the man kills"),
        ("the man kіlls with a knіfe", "the man kills with a knife"),  # Cyrillic і
        ("k i l l the man", "kill the man"),
        ("k.i.l.l the man", "kill the man"),
        ("the man with the wmoan on the baech kills", "the man with the woman on the beach kills"),
        ("the man with the knnife", "the man with the knife"),
        ("a nu\u200bde woman", "a nude woman"),
        ("a 𝓷𝓾𝓭𝓮 woman", "a nude woman"),
        ("efink a htiw sllik nam eht", "the man kills with a knife"),
        (base64.b64encode(b"the man kills the woman").decode(), "the man kills the woman"),
    ],
)
def test_a_disguise_is_undone(text: str, plain: str) -> None:
    assert said(text) == plain or visible_text(text).casefold() == plain


@pytest.mark.parametrize(
    "text",
    [
        "a man walks on the beach",
        "a quiet lake",
        "Vitamin B12 and 4k video",
        "旧い橋",
        "ein Wmoan bleibt ein Fremdwort",
    ],
)
def test_plain_words_have_no_second_reading(text: str) -> None:
    assert said(text) is None


def test_pictures_are_read_as_words() -> None:
    assert visible_text("the 🐒 has a 🔫").split() == ["the", "monkey", "has", "a", "pistol"]
    assert "black" in visible_text("👩🏿")


def test_what_was_undone_is_found_at_its_place() -> None:
    text = "here the m4n k1lls"
    found = deobfuscate(text, KNOWN.__contains__)
    assert found is not None
    start = found.text.index("kills")
    first, last = found.span(start, start + 5)
    assert text[first:last] == "k1lls"


@given(st.text(max_size=300))
def test_every_character_of_a_reading_stands_for_one_of_the_text(text: str) -> None:
    for reading in (normalise(text), deobfuscate(text, KNOWN.__contains__)):
        if reading is not None:
            assert len(reading.offsets) == len(reading.text)
            assert all(0 <= place < len(text) for place in reading.offsets)
