"""Templates held in memory and kept up with: exact while they are few, in cells when they are many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from core.embedding_spaces import ComparableSpace
from media.arrays import EmbeddingMatrix
from registry.table_cache import ConnectionProvider, RegistryConnection
from registry.templates.brute_force_index import BruteForceIndex, TemplateBatch, TemplateMatch
from registry.templates.inverted_file_index import InvertedFileIndex

BRUTE_FORCE_LIMIT = 100_000
"""So many templates are searched one by one; more lie in cells."""

_READ_AT_ONCE = 20_000
_MOVED_AT_ONCE = 2_000

T = TypeVar("T")


class TemplateIndex:
    """Templates that come and go. Its owner locks."""

    def __init__(self, length: int, *, brute_force_limit: int = BRUTE_FORCE_LIMIT) -> None:
        self._held: BruteForceIndex | InvertedFileIndex = BruteForceIndex(length)
        self._next: InvertedFileIndex | None = None
        self._exact_up_to = brute_force_limit

    def __len__(self) -> int:
        return len(self._held)

    def add(self, batch: TemplateBatch) -> None:
        """Add templates; a key that is there already is left alone."""
        self._held.add(batch)
        if isinstance(self._held, BruteForceIndex) and len(self._held) > self._exact_up_to // 2:
            self._make_ready(self._held, 2 * len(batch.keys) + _MOVED_AT_ONCE)

    def remove(self, keys: Collection[int]) -> None:
        """Remove templates."""
        self._held.remove(keys)
        if self._next is not None:
            self._next.remove(keys)

    def nearest(
        self, probe: EmbeddingMatrix, *, exclude: Collection[str] = (), only: Collection[str] | None = None
    ) -> TemplateMatch | None:
        """The nearest template whose id is not in `exclude`, and is in `only` if that is given; or None."""
        return self._held.nearest(probe, exclude=exclude, only=only)

    def _make_ready(self, exact: BruteForceIndex, count: int) -> None:
        """From half-way on cells are filled beside, `count` templates each time: nobody ever waits for all of them."""
        if self._next is None:
            self._next = InvertedFileIndex(exact.batch().vectors)
        self._next.add(exact.batch(len(self._next), len(self._next) + count))
        if len(exact) > self._exact_up_to:
            self._next.add(exact.batch())  # those that a removal had moved before the place that was reached
            self._held, self._next = self._next, None


def nearest_match(matches: Iterable[tuple[ComparableSpace, TemplateMatch | None]]) -> TemplateMatch | None:
    """The nearest of what was found in each space, its distance as one of one's own."""
    own = [
        (person, kind, searched.as_own_distance(distance))
        for searched, match in matches
        if match is not None
        for person, kind, distance in (match,)
    ]
    return min(own, key=lambda match: match[2], default=None)


class PostgresTemplateIndex:
    """What the table holds of one space: of each template the numbers that are compared. What was committed before a
    call is seen by it; only what changed is read."""

    def __init__(self, connections: ConnectionProvider, searched: ComparableSpace) -> None:
        self._connections, self._space, self._shared = connections, searched.space, searched.shared
        self._lock, self._live, self._version = Lock(), TemplateIndex(self._shared), -1

    def query(self, search: Callable[[TemplateIndex], T]) -> T:
        """What `search` says of the templates as they are now. Raises Unavailable."""
        with self._lock:
            with self._connections.connection() as connection:
                self._keep_up(connection)
            return search(self._live)

    def _keep_up(self, connection: RegistryConnection) -> None:
        name = f"templates:{self._space.name}"
        row = connection.execute("SELECT version FROM registry_versions WHERE name = %s", [name]).fetchone()
        version = int(row[0]) if row else 0
        if version == self._version:
            return
        # The version was read first: what changes in between is in the answer already, and read again the next time.
        if self._version < 0:
            self._read_all(connection)
        else:
            query = "SELECT key, bool_or(gone) FROM template_changes WHERE space = %s AND version > %s GROUP BY key"
            changes = connection.execute(query, [self._space.name, self._version]).fetchall()
            self._live.remove([key for key, gone in changes if gone])
            self._read([key for key, gone in changes if not gone], connection)
        self._version = version

    def _read_all(self, connection: RegistryConnection) -> None:
        live, after = TemplateIndex(self._shared), 0
        query = "SELECT key, id, kind, embedding FROM templates WHERE space = %s AND key > %s ORDER BY key LIMIT %s"
        while rows := connection.execute(query, [self._space.name, after, _READ_AT_ONCE]).fetchall():
            live.add(self._batch(rows))
            after = rows[-1][0]
        self._live = live

    def _read(self, keys: Sequence[int], connection: RegistryConnection) -> None:
        query = "SELECT key, id, kind, embedding FROM templates WHERE key = ANY(%s)"
        for at in range(0, len(keys), _READ_AT_ONCE):
            if rows := connection.execute(query, [list(keys[at : at + _READ_AT_ONCE])]).fetchall():
                self._live.add(self._batch(rows))

    def _batch(self, rows: Sequence[tuple[Any, ...]]) -> TemplateBatch:
        vectors = np.frombuffer(b"".join(row[3] for row in rows), dtype="<f4").astype(np.float32)
        keys, ids, kinds = ([row[n] for row in rows] for n in range(3))
        return TemplateBatch(keys, ids, kinds, vectors.reshape(len(rows), self._space.dimensions)[:, : self._shared])
