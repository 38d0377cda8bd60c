"""One suite for every keeper of texts. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import pytest

from core.errors import BadInput, Erased, NotFound
from core.ports import TextStore
from pipeline.ledgers.texts import PostgresTexts
from pipeline.testing.memory_ledger import MemoryTexts


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def texts(request: pytest.FixtureRequest) -> TextStore:
    if request.param == "memory":
        return MemoryTexts()
    kept = PostgresTexts(request.getfixturevalue("database"))
    kept.erase(case_id="case-1")
    kept.erase(case_id="case-2")
    return kept


@pytest.mark.parametrize("text", ["", "a fox", "Ünïcode 狐 🦊\n\ttwo lines", "'; DROP TABLE texts; --", "x" * 100_000])
def test_a_text_comes_back_as_it_was(texts: TextStore, text: str) -> None:
    assert texts.read(texts.put(text, case_id="case-1")) == text


def test_ids_say_nothing_and_never_repeat(texts: TextStore) -> None:
    ids = {texts.put("the same", case_id="case-1") for _ in range(20)}
    assert len(ids) == 20
    assert all(len(text_id) == 32 and "case-1" not in text_id for text_id in ids)


def test_an_erased_text_is_gone_and_says_so(texts: TextStore) -> None:
    hers, also_hers, his = (texts.put("words", case_id=case_id) for case_id in ("case-1", "case-1", "case-2"))
    assert texts.erase(case_id="case-1") == 2
    for text_id in (hers, also_hers):
        with pytest.raises(Erased):
            texts.read(text_id)
    assert texts.read(his) == "words"


def test_erasing_again_finds_nothing(texts: TextStore) -> None:
    texts.put("words", case_id="case-1")
    assert texts.erase(case_id="case-1") == 1
    assert texts.erase(case_id="case-1") == 0


def test_a_text_that_never_was_is_not_found(texts: TextStore) -> None:
    with pytest.raises(NotFound, match="text"):
        texts.read("f" * 32)


@pytest.mark.parametrize("text", ["a\x00b", "\ud83e"])
def test_what_is_not_text_is_refused_and_not_altered(texts: TextStore, text: str) -> None:
    with pytest.raises(BadInput):
        texts.put(text, case_id="case-1")
