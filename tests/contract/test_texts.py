"""One suite for every keeper of texts. Runs against: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from core.errors import BadInput, Erased, NotFound, Unavailable
from core.ports import TextStore
from pipeline.at_rest.key_store import CaseKeys
from pipeline.ledgers.database import Database
from pipeline.ledgers.texts import PostgresTexts
from pipeline.testing.memory_ledger import MemoryTexts


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def texts(request: pytest.FixtureRequest) -> TextStore:
    if request.param == "memory":
        return MemoryTexts()
    return request.getfixturevalue("encrypted")


@pytest.fixture
def keys(tmp_path: Path) -> CaseKeys:
    return CaseKeys(str(tmp_path / "vault"), tmp_path / "keys")


@pytest.fixture
def encrypted(database: Database, keys: CaseKeys) -> PostgresTexts:
    kept = PostgresTexts(database, keys)
    kept.erase(case_id="case-1")
    kept.erase(case_id="case-2")
    return kept


def stored(database: Database, text_id: str) -> tuple[str | None, bytes | None]:
    """What lies in the table: in the clear, and encrypted."""
    with database.connection() as connection:
        row = connection.execute("SELECT body, sealed FROM texts WHERE id = %s", [text_id]).fetchone()
    assert row is not None
    return row[0], row[1]


def put_in_the_clear(database: Database, text: str, case_id: str) -> str:
    """As an older Assay did."""
    text_id = secrets.token_hex(16)
    with database.connection() as connection:
        connection.execute("INSERT INTO texts (id, case_id, body) VALUES (%s, %s, %s)", [text_id, case_id, text])
    return text_id


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


def test_many_texts_are_read_at_once_without_those_that_are_gone(texts: TextStore) -> None:
    hers, his = texts.put("hers", case_id="case-1"), texts.put("his", case_id="case-2")
    texts.erase(case_id="case-1")
    assert texts.read_many([his, hers, "f" * 32]) == {his: "his"}
    assert texts.read_many([]) == {}


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


@pytest.mark.postgres
def test_the_database_holds_no_word_of_a_text(database: Database, encrypted: PostgresTexts) -> None:
    body, sealed = stored(database, encrypted.put("a fox in the snow", case_id="case-1"))
    assert body is None
    assert sealed is not None and b"fox" not in sealed


@pytest.mark.postgres
def test_with_its_key_destroyed_a_text_is_erased_whatever_the_database_holds(
    encrypted: PostgresTexts, keys: CaseKeys
) -> None:
    text_id = encrypted.put("words", case_id="case-1")
    keys.destroy("case-1")
    with pytest.raises(Erased):
        encrypted.read(text_id)
    encrypted.put("what came after", case_id="case-1")  # under a new key
    with pytest.raises(Erased):
        encrypted.read(text_id)


@pytest.mark.postgres
def test_what_is_written_after_an_erasure_can_be_read(encrypted: PostgresTexts) -> None:
    encrypted.put("words", case_id="case-1")
    encrypted.erase(case_id="case-1")
    assert encrypted.read(encrypted.put("a note", case_id="case-1")) == "a note"


@pytest.mark.postgres
def test_a_text_is_not_read_in_the_place_of_another(database: Database, encrypted: PostgresTexts) -> None:
    one, other = encrypted.put("one", case_id="case-1"), encrypted.put("other", case_id="case-1")
    with database.connection() as connection:
        connection.execute("UPDATE texts SET sealed = %s WHERE id = %s", [stored(database, one)[1], other])
    with pytest.raises(Unavailable, match="altered"):
        encrypted.read(other)


@pytest.mark.postgres
def test_texts_of_an_older_assay_are_read_encrypted_once_and_read_again(
    database: Database, encrypted: PostgresTexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ledgers.texts._BATCH", 2)
    old = [put_in_the_clear(database, f"words {n}", "case-1") for n in range(5)]
    assert encrypted.read(old[0]) == "words 0"
    assert encrypted.count_in_the_clear() == 5
    assert encrypted.encrypt_stored() == 5
    assert (encrypted.count_in_the_clear(), encrypted.encrypt_stored()) == (0, 0)
    assert [encrypted.read(text_id) for text_id in old] == [f"words {n}" for n in range(5)]
    assert stored(database, old[0])[0] is None


@pytest.mark.postgres
def test_a_text_in_the_clear_is_erased_as_ever(database: Database, encrypted: PostgresTexts) -> None:
    old = put_in_the_clear(database, "words", "case-1")
    assert encrypted.erase(case_id="case-1") == 1
    with pytest.raises(Erased):
        encrypted.read(old)
