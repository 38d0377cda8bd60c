"""Connections to one Postgres. Whatever goes wrong with them is Unavailable, in one line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import PoolClosed, PoolTimeout

from core.errors import BadInput, Unavailable
from pipeline.ledgers.connections.connection_pool import BoundedPool, DatabaseConnection, PooledConnection
from pipeline.ledgers.database_roles import APPLICATION_ROLE, grant_application
from pipeline.ledgers.embedded_postgres import EmbeddedPostgres
from pipeline.ledgers.migrations import MIGRATION_FOLDERS, migrate

__all__ = ["Database", "DatabaseConnection", "open_database"]

log = logging.getLogger("assay.postgres")

_CONNECTION_ERRORS = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError, PoolTimeout, PoolClosed)

_EMBEDDED_TIMEOUT = 3  # seconds until the embedded server is looked after
_SERVER_TIMEOUT = 10  # seconds until a server is given up
_SESSIONS = 4
"""Connections that nobody shares meanwhile: one holds the locks of all cases in work; the others are for upkeep."""

DEFAULT_CONNECTIONS = 8


class Database:
    """Pools of connections. An embedded server is restarted if it died, and released at the end."""

    def __init__(
        self,
        dsn: str,
        *,
        embedded: EmbeddedPostgres | None = None,
        size: int = DEFAULT_CONNECTIONS,
        owner_dsn: str = "",
    ) -> None:
        """Does not wait for the server: the first use does. `size` is the most connections of each kind at a time.

        `owner_dsn` is where the owner of the tables connects; empty where that is the same role.
        """
        self._embedded = embedded
        self._owner_dsn = owner_dsn
        self._pool = BoundedPool(dsn, size=size, configure=_configure, at_once=1)
        self._statement_pool = BoundedPool(dsn, size=size, configure=_configure_for_statements)
        self._session_pool = BoundedPool(dsn, size=_SESSIONS, configure=_keep_alive)

    @contextmanager
    def connection(self) -> Iterator[DatabaseConnection]:
        """A connection in a transaction: committed at the end, rolled back on an error. Raises Unavailable."""
        with _translate_errors():
            connection = self._connect_or_restart(self._pool)
            try:
                with connection.transaction():
                    yield connection
            finally:
                self._pool.give_back(connection)

    @contextmanager
    def durable_statements(self) -> Iterator[DatabaseConnection]:
        """A connection on which each statement is a transaction of its own, kept once it is answered.

        One round trip to the server, not three. Raises Unavailable.
        """
        with _translate_errors():
            connection = self._connect_or_restart(self._pool)
            try:
                yield connection
            finally:
                self._pool.give_back(connection)

    @contextmanager
    def statements(self) -> Iterator[DatabaseConnection]:
        """As durable_statements, but for writing that need not be kept by itself.

        What is written here may be lost where the database server itself crashes within a second, but never where
        something that was written after it in another way is kept: the log of a server has one order. So it is for
        reading, and for what counts only once something else is written, or is made good by itself. Raises Unavailable.
        """
        with _translate_errors():
            connection = self._connect_or_restart(self._statement_pool)
            try:
                yield connection
            finally:
                self._statement_pool.give_back(connection)

    @contextmanager
    def dedicated_connection(self) -> Iterator[DatabaseConnection]:
        """A connection without a transaction, that nobody else uses meanwhile. Raises Unavailable.

        Whoever changes the session (a lock, a variable) changes it back: the connection is used again.
        """
        with _translate_errors():
            connection = self._connect_or_restart(self._session_pool)
            try:
                yield connection
            finally:
                self._session_pool.give_back(connection)

    @contextmanager
    def upkeep_connection(self) -> Iterator[DatabaseConnection]:
        """A connection without a transaction for the care of the server itself, never for what a client asks for.

        The embedded server's superuser; elsewhere the tables' owner, who may lack the rights. Raises Unavailable.
        """
        dsn = self._embedded.start() if self._embedded else self._owner_dsn
        if not dsn:
            with self.dedicated_connection() as connection:
                yield connection
            return
        with (
            _translate_errors(),
            psycopg.connect(dsn, connect_timeout=5, application_name="assay", autocommit=True) as connection,
        ):
            yield connection

    @contextmanager
    def owner_connection(self) -> Iterator[DatabaseConnection]:
        """A connection of the tables' owner in a transaction, for what changes tables: nothing that a client asks for.

        Raises Unavailable.
        """
        if not self._owner_dsn:
            with self.connection() as connection:
                yield connection
            return
        with (
            _translate_errors(),
            psycopg.connect(self._owner_dsn, connect_timeout=5, application_name="assay") as connection,
        ):
            _configure(connection)
            yield connection

    def close(self) -> None:
        """Close all connections. What asks for one afterwards gets Unavailable."""
        self._pool.close()
        self._statement_pool.close()
        self._session_pool.close()
        if self._embedded:
            self._embedded.stop()

    def _connect_or_restart(self, pool: BoundedPool) -> PooledConnection:
        if pool.closed:
            raise Unavailable("the database was closed")
        if self._embedded is None:
            return pool.take(_SERVER_TIMEOUT)
        try:
            return pool.take(_EMBEDDED_TIMEOUT)
        except (psycopg.OperationalError, PoolTimeout):
            log.warning("the database does not answer: starting it again")
            self._embedded.start()  # does nothing to one that is only slow
            return pool.take(3 * _SERVER_TIMEOUT)


def open_database(
    location: str | Path,
    *,
    folders: dict[str, Path] = MIGRATION_FOLDERS,
    size: int = DEFAULT_CONNECTIONS,
    owner_url: str = "",
) -> Database:
    """The database at a DSN, or the embedded one in a folder, with its tables made. Raises Unavailable.

    The tables are made and owned by the role of `owner_url`, where one is given, and the other may only use them.
    """
    if isinstance(location, Path):
        embedded = EmbeddedPostgres(location)
        embedded.start()
        database = Database(embedded.application_dsn, embedded=embedded, size=size, owner_dsn=embedded.owner_dsn)
        restricted = APPLICATION_ROLE
    else:
        database = Database(location, size=size, owner_dsn=owner_url)
        restricted = _role_of(location) if owner_url else ""
    try:
        with database.owner_connection() as connection:
            if (migrate(connection, folders) or not _may_append(connection, restricted)) and restricted:
                grant_application(connection, restricted)
    except BaseException:
        database.close()
        raise
    return database


def _role_of(dsn: str) -> str:
    role = conninfo_to_dict(dsn).get("user")
    if not role:
        raise BadInput("database_url names no user: with database_owner_url it has to")
    return str(role)


def _may_append(connection: DatabaseConnection, role: str) -> bool:
    row = (
        connection.execute("SELECT has_table_privilege(%s, 'migrations', 'SELECT')", [role]).fetchone()
        if role
        else None
    )
    return role == "" or bool(row and row[0])


def _keep_alive(connection: DatabaseConnection) -> None:
    """A machine that vanishes is noticed after a minute, not after the two hours that TCP grants it."""
    connection.execute("SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3")


def _configure_for_statements(connection: DatabaseConnection) -> None:
    _configure(connection)
    connection.execute("SET synchronous_commit = off")


def _configure(connection: DatabaseConnection) -> None:
    connection.execute("SET timezone = 'UTC'; SET statement_timeout = '30s'")


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.DataError as error:
        raise BadInput("the database cannot hold such a value") from error
    except _CONNECTION_ERRORS as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Unavailable(f"the database does not answer: {reason}") from error
