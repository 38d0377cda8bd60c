"""Every ledger there is, empty: memory, and the embedded Postgres (marker `postgres`)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.ports import Ledger
from ledgers.benches import Bench
from pipeline.ledgers.author_facts import PostgresAuthorFacts
from pipeline.ledgers.database import open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.postgres_ledger import PostgresLedger
from pipeline.ledgers.postgres_review_queue import PostgresReviewQueue
from pipeline.moderation.postgres_bulk_reviews import PostgresBulkReviews, PostgresSavedSearches
from pipeline.moderation.postgres_exposure import PostgresExposure
from pipeline.testing.memory_bulk_reviews import MemoryBulkReviews, MemorySavedSearches
from pipeline.testing.memory_exposure import MemoryExposure
from pipeline.testing.memory_ledger import MemoryLedger
from pipeline.testing.memory_ledger_views import MemoryAuthorFacts
from pipeline.testing.memory_review_queue import MemoryReviewQueue


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedPostgres(Path(folder))
        yield embedded.start()
        embedded.stop()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "memory":
        ledger = MemoryLedger()
        yield Bench(
            ledger,
            MemoryAuthorFacts(ledger),
            MemoryReviewQueue(ledger),
            MemoryBulkReviews(),
            MemorySavedSearches(),
            MemoryExposure(),
        )
    else:
        yield from _on_postgres(request.getfixturevalue("server"))


@pytest.fixture
def postgres(server: str) -> Iterator[Bench]:
    yield from _on_postgres(server)


@pytest.fixture
def ledger(bench: Bench) -> Ledger:
    return bench.ledger


def _on_postgres(server: str) -> Iterator[Bench]:
    with psycopg.connect(server) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    database = open_database(server)
    yield Bench(
        PostgresLedger(database),
        PostgresAuthorFacts(database),
        PostgresReviewQueue(database),
        PostgresBulkReviews(database),
        PostgresSavedSearches(database),
        PostgresExposure(database),
        server,
        database,
    )
    database.close()
