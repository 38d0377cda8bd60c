"""Rows of a table, held in memory and read again as soon as they have changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

import psycopg

T = TypeVar("T")

RegistryConnection = psycopg.Connection[tuple[Any, ...]]


class ConnectionProvider(Protocol):
    """Where connections come from."""

    def connection(self) -> AbstractContextManager[RegistryConnection]:
        """A connection in a transaction, which ends with the context. Raises Unavailable."""


class CachedTable(Generic[T]):
    """What `read` makes of a table. What was committed before a call is seen by it."""

    def __init__(self, connections: ConnectionProvider, table: str, read: Callable[[RegistryConnection], T]) -> None:
        """The table has a trigger that calls registry_changed()."""
        self._connections = connections
        self._table = table
        self._read = read
        self._lock = Lock()
        self._held: tuple[int, T] | None = None

    def __call__(self) -> T:
        """The rows as they are now. Raises Unavailable: what cannot be looked up is not known to be absent."""
        with self._lock, self._connections.connection() as connection:
            version = self._version(connection)
            if self._held is None or self._held[0] != version:
                # The version was read first: a change in between is read again the next time.
                self._held = version, self._read(connection)
            return self._held[1]

    def _version(self, connection: RegistryConnection) -> int:
        query = "SELECT version FROM registry_versions WHERE name = %s"
        row = connection.execute(query, [self._table]).fetchone()
        return int(row[0]) if row else 0
