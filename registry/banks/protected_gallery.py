"""Protected people: those whose likeness needs a lease, and those for whom none can be had."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from itertools import count
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from core.embedding_spaces import FACE_SPACE, ComparableSpace, EmbeddingSpace, searched_spaces
from registry.table_cache import ConnectionProvider
from registry.templates.brute_force_index import TemplateBatch, TemplateMatch, validate_kind, validate_template
from registry.templates.template_index import PostgresTemplateIndex, TemplateIndex, nearest_match


class PostgresGallery:
    """Templates in Postgres, searched in memory. What was added is found by the next search, anywhere.

    Templates are added to one space. Those of `comparable` spaces are found and forgotten too.
    """

    def __init__(
        self,
        connections: ConnectionProvider,
        space: EmbeddingSpace = FACE_SPACE,
        comparable: Sequence[ComparableSpace] = (),
    ) -> None:
        """The tables are there: the migrations made them."""
        self._connections, self.space = connections, space
        self._live = [
            (searched, PostgresTemplateIndex(connections, searched)) for searched in searched_spaces(space, comparable)
        ]

    @property
    def size(self) -> int:
        """How many templates are enrolled. Raises Unavailable."""
        return sum(index.query(len) for _, index in self._live)

    def add(self, person: str, kind: str, embedding: NDArray[np.float32]) -> None:
        """Protect someone. A cameo's `person` is its handle. Raises BadInput."""
        values = [
            self.space.name,
            person,
            validate_kind(kind),
            validate_template(embedding, self.space).astype("<f4").tobytes(),
        ]
        with self._connections.connection() as connection:
            connection.execute("INSERT INTO templates (space, id, kind, embedding) VALUES (%s, %s, %s, %s)", values)

    def remove(self, person: str) -> int:
        """Forget all templates of a person; returns how many there were."""
        with self._connections.connection() as connection:
            query = "DELETE FROM templates WHERE space = ANY(%s) AND id = %s"
            return connection.execute(query, [[one.space.name for one, _ in self._live], person]).rowcount

    def nearest(
        self, embedding: NDArray[np.float32], *, exclude: Collection[str] = (), only: Collection[str] | None = None
    ) -> TemplateMatch | None:
        """(id, kind, Euclidean distance) of the nearest whose id is not in `exclude`, and is in `only` if that is
        given.

        Raises BadInput, and Unavailable: what cannot be looked up is not known to be absent.
        """
        probe = validate_template(embedding, self.space)
        return nearest_match(
            (searched, held.query(partial(_nearest, probe=probe[: searched.shared], exclude=exclude, only=only)))
            for searched, held in self._live
        )

    def has_person(self, person: str) -> bool:
        """Whether a template of this person is enrolled. Raises Unavailable."""
        return self.nearest(np.zeros(self.space.dimensions, np.float32), only=[person]) is not None


def _nearest(
    index: TemplateIndex, probe: NDArray[np.float32], exclude: Collection[str], only: Collection[str] | None
) -> TemplateMatch | None:
    return index.nearest(probe, exclude=exclude, only=only)


class MemoryGallery:
    """The same in memory: over an empty one classifiers are built to ask them what they need (assay doctor)."""

    def __init__(self, space: EmbeddingSpace = FACE_SPACE) -> None:
        self.space = space
        self._live, self._keys, self._lock = TemplateIndex(space.dimensions), count(), Lock()
        self._people: dict[str, list[int]] = {}

    @property
    def size(self) -> int:
        """How many templates are enrolled."""
        return len(self._live)

    def add(self, person: str, kind: str, embedding: NDArray[np.float32]) -> None:
        """See PostgresGallery."""
        vector, kind = validate_template(embedding, self.space), validate_kind(kind)
        with self._lock:
            key = next(self._keys)
            self._people.setdefault(person, []).append(key)
            self._live.add(TemplateBatch([key], [person], [kind], vector[None]))

    def remove(self, person: str) -> int:
        """See PostgresGallery."""
        with self._lock:
            keys = self._people.pop(person, [])
            self._live.remove(keys)
            return len(keys)

    def nearest(
        self, embedding: NDArray[np.float32], *, exclude: Collection[str] = (), only: Collection[str] | None = None
    ) -> TemplateMatch | None:
        """See PostgresGallery."""
        probe = validate_template(embedding, self.space)
        with self._lock:
            return self._live.nearest(probe, exclude=exclude, only=only)

    def has_person(self, person: str) -> bool:
        """Whether a template of this person is enrolled."""
        return self.nearest(np.zeros(self.space.dimensions, np.float32), only=[person]) is not None
