from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text.confusables import fold_text, fold_with_offsets, join_split_words, tokenize


def readings(text: str) -> set[str]:
    return {reading for word in (*tokenize(text), *join_split_words(text)) for reading in word.readings}


@pytest.mark.parametrize(
    "written",
    ["naked", "NAKED", "nаkеd", "n4k3d", "n a k e d", "n.a.k.e.d", "n-a-k-e-d", "na-ked", "na\u200bked", "na\u00adked",
     "𝓷𝓪𝓴𝓮𝓭", "ｎａｋｅｄ", "nákéd", "naaaaked", "ⓝⓐⓚⓔⓓ", "n@ked", "na\u0301ked"],
)  # fmt: skip
def test_a_word_is_read_however_it_is_written(written: str) -> None:
    assert "naked" in readings(f"a {written} man")


@pytest.mark.parametrize("written", ["naked", "NAKED", "Naked"])
def test_plain_writing_is_no_disguise(written: str) -> None:
    (word,) = tokenize(written)
    assert not word.disguised("naked")


@pytest.mark.parametrize("written", ["n4ked", "na\u200bked", "nаked", "𝓷𝓪𝓴𝓮𝓭"])
def test_a_disguise_is_known_as_one(written: str) -> None:
    (word,) = tokenize(written)
    assert word.disguised("naked")


def test_russian_stays_russian() -> None:
    assert tokenize("Кошка спит")[0].readings[0] == "кошка"


def test_places_are_those_of_the_original() -> None:
    text = "so \u200bﬁne, ｎａked Straße"
    assert [text[word.start : word.end] for word in tokenize(text)] == ["so", "ﬁne", "ｎａked", "Straße"]


@given(st.text(max_size=200))
def test_words_lie_inside_the_text_in_order(text: str) -> None:
    found = tokenize(text)
    assert all(0 <= word.start < word.end <= len(text) for word in found)
    assert [word.start for word in found] == sorted(word.start for word in found)
    assert all(0 <= word.start < word.end <= len(text) for word in join_split_words(text))


@given(st.text(max_size=200))
def test_folding_keeps_a_place_for_each_character(text: str) -> None:
    folded, at = fold_with_offsets(text)
    assert len(folded) == len(at) and at == sorted(at) and fold_text(text) == folded
