"""A pool of connections of a fixed size, which asks the server whether one is well only where that may not be so."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from threading import Lock
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from core.errors import Unavailable

DatabaseConnection = psycopg.Connection[tuple[Any, ...]]

_TRUSTED_SECONDS = 10.0
"""A connection that was used so short a time ago, and of which nothing was heard since, is taken to be well."""


class PooledConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that knows when it was last known to be well, in time.monotonic()."""

    well_at = float("-inf")


class BoundedPool:
    """At most `size` connections. One that broke is replaced, so that a server that was started again is used again."""

    def __init__(
        self, dsn: str, *, size: int, configure: Callable[[DatabaseConnection], None], at_once: int = 0
    ) -> None:
        """Does not wait for the server. `at_once` connections are opened beforehand."""
        self._size = size
        self._lock, self._in_use = Lock(), 0
        self._pool = ConnectionPool(
            dsn,
            connection_class=PooledConnection,
            min_size=at_once,
            max_size=size,
            reconnect_timeout=2.0,
            kwargs={"connect_timeout": 5, "application_name": "assay", "autocommit": True},
            configure=configure,
            check=_check_connection,
            open=True,
        )

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return bool(self._pool.closed)

    def take(self, timeout: float) -> PooledConnection:
        """A connection for the caller alone, until it is given back. Raises Unavailable where all are in use so long.

        Raises PoolTimeout, PoolClosed and psycopg's errors where the server does not answer.
        """
        try:
            connection = self._pool.getconn(timeout)
        except PoolTimeout as error:
            if self._in_use >= self._size:
                said = f"all {self._size} connections of this process to the database are in use"
                raise Unavailable(f"{said}: raise database_connections, or start another process") from error
            raise
        self._count(1)
        return connection

    def give_back(self, connection: PooledConnection) -> None:
        """Whoever took it needs it no more."""
        connection.well_at = time.monotonic()
        self._count(-1)
        self._pool.putconn(connection)

    def close(self) -> None:
        """Close all connections; what asks for one afterwards gets PoolClosed."""
        self._pool.close()

    def _count(self, more: int) -> None:
        with self._lock:
            self._in_use += more


def _check_connection(connection: PooledConnection) -> None:
    """Raises OperationalError for a connection that is broken; asks the server only where that may be.

    A server that ended, or ended this session, has closed the socket, which then has something to read.
    """
    fresh = time.monotonic() - connection.well_at < _TRUSTED_SECONDS
    if fresh and not connection.closed and not _has_something_to_read(connection):
        return
    ConnectionPool.check_connection(connection)


def _has_something_to_read(connection: PooledConnection) -> bool:
    socket = select.poll()
    socket.register(connection.fileno(), select.POLLIN)
    return bool(socket.poll(0))
