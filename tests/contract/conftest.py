"""What several contracts are tried on: one embedded Postgres, registers, a house with cameos; each suite empties what it uses."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.engines.http_engine import HttpEngine
from pipeline.ledgers.database import Database, open_database
from pipeline.testing.memory_leases import MemoryLeases
from registry.banks.hash_bank import MemoryHashBank, PostgresHashBank
from registry.banks.protected_gallery import MemoryGallery, PostgresGallery
from registry.consent.leases import PostgresLeases
from tests.contract.cameo_installation import CameoInstallation, open_cameo_installation, reset_installation
from tests.contract.engine_orders import CLIP, QUICK
from tests.contract.registry_backend import RegistryBackend
from tests.engine_server import serving


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        opened = open_database(Path(folder))
        yield opened
        opened.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def registry(request: pytest.FixtureRequest) -> RegistryBackend:
    if request.param == "memory":
        return RegistryBackend(MemoryGallery(), MemoryHashBank(), MemoryLeases())
    database: Database = request.getfixturevalue("database")
    with database.owner_connection() as connection:
        connection.execute("DELETE FROM templates")
        connection.execute("TRUNCATE bank_entries, leases CASCADE")
    return RegistryBackend(PostgresGallery(database), PostgresHashBank(database), PostgresLeases(database))


@pytest.fixture(scope="module")
def opened_house():
    with open_cameo_installation() as house:
        yield house


@pytest.fixture
def house(opened_house) -> CameoInstallation:
    return reset_installation(opened_house)


@pytest.fixture
def server():
    """A Videos API that serves CLIP."""
    with serving(CLIP) as server:
        yield server


@pytest.fixture
def http(server):
    """An engine over it."""
    engine = HttpEngine(server.url, retry_policy=QUICK)
    yield engine
    engine.close()
