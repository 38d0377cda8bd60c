"""Locks on cases, in Postgres: all those of a process on one connection, however many cases it works on.

A lock lives as long as its connection, so that it dies with the process, or with the machine. Within the process they
are kept apart here, since Postgres gives a session any lock that it has already.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import psycopg

from core.errors import Unavailable
from pipeline.ledgers.connections.connection_pool import DatabaseConnection

if TYPE_CHECKING:
    from pipeline.ledgers.database import Database

_LOCK_CASE = "SELECT pg_try_advisory_lock(hashtextextended('assay.claim:' || %s, 0))"
_UNLOCK_CASE = "SELECT pg_advisory_unlock(hashtextextended('assay.claim:' || %s, 0))"


class CaseLocks:
    """The case locks of one process. Any thread may take one and let it go."""

    def __init__(self, database: Database) -> None:
        """Connects when the first lock is asked for, and gives the connection back with the last."""
        self._database = database
        self._mutex = Lock()
        self._session: ExitStack | None = None
        self._connection: DatabaseConnection | None = None
        self._sessions = 0
        self._failed = float("-inf")
        self._held: dict[str, int] = {}  # in which session each was got; those of one that broke are nobody's outside

    @contextmanager
    def try_lock(self, case_id: str) -> Iterator[bool]:
        """Whether no one else works on the case, here or elsewhere; until the context ends. Raises Unavailable."""
        asked = time.monotonic()
        with self._mutex:
            if self._failed > asked:  # of many who ask at once while the server is away, one waits for it
                raise Unavailable("the database does not answer")
            acquired = case_id not in self._held and self._acquire(case_id)
        try:
            yield acquired
        finally:
            if acquired:
                with self._mutex:
                    self._release(case_id)

    def _acquire(self, case_id: str) -> bool:
        try:
            try:
                acquired = self._ask(case_id)
            except psycopg.OperationalError:  # the connection was lost since the last question: another is tried, once
                self._close_session()
                acquired = self._ask(case_id)
        except Unavailable:
            self._failed = time.monotonic()
            raise
        except psycopg.Error as error:
            self._close_session()
            raise Unavailable(f"the database does not answer: {type(error).__name__}") from error
        if acquired:
            self._held[case_id] = self._sessions
        self._close_if_idle()
        return acquired

    def _ask(self, case_id: str) -> bool:
        if self._connection is None:
            self._session = ExitStack()
            self._connection = self._session.enter_context(self._database.dedicated_connection())
            self._sessions += 1
        row = self._connection.execute(_LOCK_CASE, [case_id]).fetchone()
        return bool(row and row[0])

    def _release(self, case_id: str) -> None:
        if self._held.pop(case_id) == self._sessions and self._connection is not None:
            try:
                self._connection.execute(_UNLOCK_CASE, [case_id])
            except psycopg.Error:  # a connection that broke holds nothing any more
                self._close_session()
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._sessions not in self._held.values():
            self._close_session()

    def _close_session(self) -> None:
        session, self._session, self._connection = self._session, None, None
        if session is not None:
            session.close()
