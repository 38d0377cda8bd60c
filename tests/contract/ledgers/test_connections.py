"""How many connections a process needs, what it says when they are all in use, and that it gets over a server's end."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from core.errors import Unavailable
from ledgers.benches import MEASURED, Bench, submit
from pipeline.ledgers.connections.case_locks import CaseLocks
from pipeline.ledgers.database import Database, open_database
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.postgres_ledger import PostgresLedger

pytestmark = pytest.mark.postgres

_LOCK_HOLDERS = "SELECT count(*), count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory'"
_END_LOCK_HOLDERS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"


def test_a_hundred_cases_in_work_are_locked_on_one_connection(postgres: Bench) -> None:
    with psycopg.connect(postgres.dsn, autocommit=True) as watcher:
        with ExitStack() as held:
            got = [held.enter_context(postgres.ledger.try_lock(f"case{n}")) for n in range(100)]
            assert got == [True] * 100
            assert watcher.execute(_LOCK_HOLDERS).fetchone() == (100, 1)
        assert watcher.execute(_LOCK_HOLDERS).fetchone() == (0, 0)


def test_two_threads_of_a_process_do_not_both_get_a_case_and_either_may_ask_again(postgres: Bench) -> None:
    found: list[bool] = []

    def ask() -> None:
        with postgres.ledger.try_lock("case") as mine:
            found.append(mine)

    with postgres.ledger.try_lock("case") as mine:
        assert mine
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        ask()
    ask()
    assert found == [False, False, True]


def test_a_lock_whose_connection_was_ended_is_still_one_within_the_process_and_others_can_be_got(
    postgres: Bench,
) -> None:
    elsewhere = Database(postgres.dsn)
    try:
        with psycopg.connect(postgres.dsn, autocommit=True) as watcher, postgres.ledger.try_lock("first") as first:
            watcher.execute(_END_LOCK_HOLDERS)
            with postgres.ledger.try_lock("second") as second, postgres.ledger.try_lock("first") as again:
                assert (first, second, again) == (True, True, False)
                with CaseLocks(elsewhere).try_lock("second") as taken:
                    assert not taken
            with CaseLocks(elsewhere).try_lock("first") as taken:
                assert taken, "outside the process it ended with its connection"
        with postgres.ledger.try_lock("first") as mine:
            assert mine
    finally:
        elsewhere.close()


def test_where_all_connections_are_in_use_that_is_said_and_nothing_is_done(
    postgres: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ledgers.database._SERVER_TIMEOUT", 0.2)
    database = Database(postgres.dsn, size=2)
    ledger = PostgresLedger(database)
    case = submit(ledger)
    try:
        with ExitStack() as held:
            for _ in range(2):
                held.enter_context(database.durable_statements())
            with pytest.raises(Unavailable, match=r"all 2 connections .* are in use: raise database_connections"):
                ledger.append(case, [MEASURED])
        assert len(ledger.history(case.id)) == 1
        assert len(ledger.history(ledger.append(case, [MEASURED]).id)) == 2
    finally:
        database.close()


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, which it may stop and start."""
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedPostgres(Path(folder))
        embedded.start()
        yield embedded
        embedded.stop()


def test_a_pool_outlives_a_server_that_is_started_again_and_fails_closed_meanwhile(
    own_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ledgers.database._SERVER_TIMEOUT", 0.5)
    database = open_database(own_server.dsn)
    ledger = PostgresLedger(database)
    case = submit(ledger)
    try:
        with ledger.try_lock("in work") as mine:
            assert mine
            own_server.stop()
            with pytest.raises(Unavailable):
                ledger.append(case, [MEASURED])
            with pytest.raises(Unavailable), ledger.try_lock("another"):
                pass
            own_server.start()
            monkeypatch.undo()
            assert ledger.append(case, [MEASURED]).revision == 2
            with ledger.try_lock("another") as another, ledger.try_lock("in work") as again:
                assert another and not again
        with ledger.try_lock("in work") as mine:
            assert mine
    finally:
        database.close()
