"""The hash bank: pictures that must not be shown, and works whose holders object."""

from __future__ import annotations

from collections.abc import Iterable

from registry.banks.hamming_index import HammingIndex, KnownHash
from registry.table_cache import CachedTable, ConnectionProvider, RegistryConnection

_ADD = "INSERT INTO hashes (id, kind, algorithm, bits) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"


class PostgresHashBank:
    """Hashes in Postgres, searched in memory. A hash that was added is found by the very next search, anywhere."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections
        self._hashes = CachedTable(connections, "hashes", _read)

    @property
    def size(self) -> int:
        """How many hashes are banked."""
        return len(self._hashes())

    def add(self, hashes: Iterable[KnownHash]) -> None:
        """Add hashes, all or none. One that exists already is not changed."""
        rows = [(item.id, item.kind, item.algorithm, item.bits) for item in hashes]
        with self._connections.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_ADD, rows)

    def remove(self, known_id: str) -> int:
        """Forget all hashes with this id; returns how many there were."""
        with self._connections.connection() as connection:
            return connection.execute("DELETE FROM hashes WHERE id = %s", [known_id]).rowcount

    def nearest(self, algorithm: str, bits: bytes, *, kind: str) -> tuple[str, str, int] | None:
        """(id, kind, Hamming distance) of the nearest hash of this kind and algorithm, or None. Raises Unavailable."""
        return self._hashes().nearest(algorithm, bits, kind=kind)


class MemoryHashBank:
    """The same in memory: over an empty one classifiers are built to ask them what they need (assay doctor)."""

    def __init__(self) -> None:
        self._known: dict[KnownHash, None] = {}

    @property
    def size(self) -> int:
        """How many hashes are banked."""
        return len(self._known)

    def add(self, hashes: Iterable[KnownHash]) -> None:
        """See PostgresHashBank."""
        self._known = {**self._known, **dict.fromkeys(hashes)}

    def remove(self, known_id: str) -> int:
        """See PostgresHashBank."""
        before = len(self._known)
        self._known = {item: None for item in self._known if item.id != known_id}
        return before - len(self._known)

    def nearest(self, algorithm: str, bits: bytes, *, kind: str) -> tuple[str, str, int] | None:
        """See PostgresHashBank."""
        return HammingIndex(self._known).nearest(algorithm, bits, kind=kind)


def _read(connection: RegistryConnection) -> HammingIndex:
    rows = connection.execute("SELECT id, kind, algorithm, bits FROM hashes ORDER BY key").fetchall()
    return HammingIndex(KnownHash(id=i, kind=kind, algorithm=algorithm, bits=bits) for i, kind, algorithm, bits in rows)
