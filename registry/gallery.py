"""Protected faces: whose likeness may not be made without a lease, and those for whom there is none."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from registry.faces import Faces, face, kind_of_face
from registry.rows import Connection, Connections, Fresh


class PostgresGallery:
    """Faces in Postgres, searched in memory. A face that was added is found by the very next search, anywhere."""

    def __init__(self, connections: Connections) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections
        self._faces = Fresh(connections, "faces", _read)

    @property
    def size(self) -> int:
        """How many faces are enrolled."""
        return len(self._faces())

    def add(self, person: str, kind: str, embedding: NDArray[np.float32]) -> None:
        """Protect a face: float32 (128,). A cameo's `person` is its handle. Raises BadInput."""
        values = [person, kind_of_face(kind), face(embedding).astype("<f4").tobytes()]
        with self._connections.connection() as connection:
            connection.execute("INSERT INTO faces (id, kind, embedding) VALUES (%s, %s, %s)", values)

    def remove(self, person: str) -> int:
        """Forget all faces of a person; returns how many there were."""
        with self._connections.connection() as connection:
            return connection.execute("DELETE FROM faces WHERE id = %s", [person]).rowcount

    def nearest(self, embedding: NDArray[np.float32], *, but: Collection[str] = ()) -> tuple[str, str, float] | None:
        """(id, kind, Euclidean distance) of the nearest face whose id is not in `but`, or None. Raises Unavailable."""
        return self._faces().nearest(embedding, but=but)


class MemoryGallery:
    """The same in memory, for tests and for trying out."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, NDArray[np.float32]]] = []

    @property
    def size(self) -> int:
        """How many faces are enrolled."""
        return len(self._rows)

    def add(self, person: str, kind: str, embedding: NDArray[np.float32]) -> None:
        """See PostgresGallery."""
        self._rows = [*self._rows, (person, kind_of_face(kind), face(embedding).copy())]

    def remove(self, person: str) -> int:
        """See PostgresGallery."""
        before = len(self._rows)
        self._rows = [row for row in self._rows if row[0] != person]
        return before - len(self._rows)

    def nearest(self, embedding: NDArray[np.float32], *, but: Collection[str] = ()) -> tuple[str, str, float] | None:
        """See PostgresGallery."""
        rows = self._rows
        stacked = np.array([row[2] for row in rows], dtype=np.float32)
        return Faces([row[0] for row in rows], [row[1] for row in rows], stacked).nearest(embedding, but=but)


def _read(connection: Connection) -> Faces:
    rows = connection.execute("SELECT id, kind, embedding FROM faces ORDER BY key").fetchall()
    stacked = np.frombuffer(b"".join(row[2] for row in rows), dtype="<f4").astype(np.float32)
    return Faces([row[0] for row in rows], [row[1] for row in rows], stacked)
