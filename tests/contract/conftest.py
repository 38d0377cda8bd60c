"""One embedded Postgres for every contract that runs on a database; each suite empties the tables it uses."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.ledgers.database import Database, open_database


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        opened = open_database(Path(folder))
        yield opened
        opened.close()
