"""One suite for what rights holders registered: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.ledgers.database import Database
from registry.rights.registered_works import MemoryWorks, PostgresWorks, RegisteredWork

FOX = RegisteredWork(
    id="w2", kind="character", names=("Captain Bramblefox", "Bramblefox"), description="a fox in a bathtub"
)
BAND = RegisteredWork(id="w1", kind="artist", names=("The Quiet Kettles",))

Works = MemoryWorks | PostgresWorks


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def works(request: pytest.FixtureRequest) -> Works:
    if request.param == "memory":
        return MemoryWorks()
    database: Database = request.getfixturevalue("database")
    with database.owner_connection() as connection:
        connection.execute("TRUNCATE works CASCADE")
    return PostgresWorks(database)


def test_what_is_registered_is_there_in_the_order_of_ids(works: Works) -> None:
    assert works.all() == ()
    works.put([FOX, BAND])
    assert works.all() == (BAND, FOX)


def test_a_known_id_is_replaced_and_what_is_removed_is_gone(works: Works) -> None:
    works.put([FOX])
    works.put([RegisteredWork(id="w2", kind="brand", names=("Bramblefox Toys",))])
    assert [(one.kind, one.names, one.description) for one in works.all()] == [("brand", ("Bramblefox Toys",), "")]
    assert works.remove("w2") and not works.remove("w2") and works.all() == ()


def test_nothing_is_read_again_until_something_changes(works: Works) -> None:
    works.put([FOX])
    before = works.all()
    assert works.all() is before
    works.put([BAND])
    assert works.all() is not before


@pytest.mark.postgres
def test_another_process_finds_it_at_once(database: Database, tmp_path: Path) -> None:
    del tmp_path
    here, there = PostgresWorks(database), PostgresWorks(database)
    here.put([FOX])
    assert FOX in there.all()
    there.remove(FOX.id)
    assert FOX not in here.all()
