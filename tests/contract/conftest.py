"""What several contracts are tried on: one embedded Postgres, registers, a house with cameos; each suite empties what it uses."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.ledgers.database import Database, open_database
from registry.bank import MemoryBank, PostgresBank
from registry.gallery import MemoryGallery, PostgresGallery
from registry.leases import MemoryLeases, PostgresLeases
from tests.contract.cameo_houses import CameoHouse, emptied, opened
from tests.contract.registries import Registry


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        opened = open_database(Path(folder))
        yield opened
        opened.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def registry(request: pytest.FixtureRequest) -> Registry:
    if request.param == "memory":
        return Registry(MemoryGallery(), MemoryBank(), MemoryLeases())
    database: Database = request.getfixturevalue("database")
    with database.connection() as connection:
        connection.execute("DELETE FROM templates")
        connection.execute("TRUNCATE hashes, leases")
    return Registry(PostgresGallery(database), PostgresBank(database), PostgresLeases(database))


@pytest.fixture(scope="module")
def opened_house():
    with opened() as house:
        yield house


@pytest.fixture
def house(opened_house) -> CameoHouse:
    return emptied(opened_house)
