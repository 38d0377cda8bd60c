"""What rights holders registered: characters, works, brands, artists and people, by their names and by description."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import BadInput
from registry.table_cache import CachedTable, ConnectionProvider, RegistryConnection

WORK_KINDS = ("character", "work", "brand", "artist", "person")
MAX_DESCRIPTION_CHARS = 2000  # characters of a description
WORK_TERMS = ("ask", "forbid", "allow")
"""What a holder says of videos that look like the work: a person looks first, they are not allowed, or they are."""
DEFAULT_FALSE_MATCH_RATE = 0.01  # share of videos that show something else and may be matched all the same
MIN_FALSE_MATCH_RATE = 0.0001
_SHORTEST = 3  # characters of a name: shorter ones would be found everywhere
_PUT = (
    "INSERT INTO works (id, kind, names, description, holder, terms, false_match_rate) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s) "
    "ON CONFLICT (id) DO UPDATE SET (kind, names, description, holder, terms, false_match_rate) = "
    "(excluded.kind, excluded.names, excluded.description, excluded.holder, excluded.terms, excluded.false_match_rate)"
)
_ALL = 'SELECT id, kind, names, description, holder, terms, false_match_rate FROM works ORDER BY id COLLATE "C"'


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredWork:
    """`id` is opaque: signals and events carry it, never a name. Raises BadInput for what cannot be looked for.

    `holder` is the account that may give example pictures of it, empty where only operators may; `terms` and
    `false_match_rate` (of videos, 0.0001 to 0.01) are about videos that look like these pictures.
    """

    id: str
    kind: str
    names: tuple[str, ...]
    description: str = ""
    holder: str = ""
    terms: str = "ask"
    false_match_rate: float = DEFAULT_FALSE_MATCH_RATE

    def __post_init__(self) -> None:
        if not self.id.strip() or self.kind not in WORK_KINDS:
            raise BadInput(f"a work has an id and a kind, one of {', '.join(WORK_KINDS)}")
        if not 0 < len(self.names) <= 50 or any(not _SHORTEST <= len(name.strip()) <= 200 for name in self.names):
            raise BadInput("a work has between 1 and 50 names of 3 to 200 characters")
        if len(self.description) > MAX_DESCRIPTION_CHARS:
            raise BadInput(f"a description has at most {MAX_DESCRIPTION_CHARS} characters")
        if self.terms not in WORK_TERMS:
            raise BadInput(f"the terms of a work are one of {', '.join(WORK_TERMS)}")
        if not MIN_FALSE_MATCH_RATE <= self.false_match_rate <= DEFAULT_FALSE_MATCH_RATE:
            raise BadInput(
                f"the share of wrong matches is from {MIN_FALSE_MATCH_RATE} to {DEFAULT_FALSE_MATCH_RATE}: "
                "a holder may ask for fewer, not for more"
            )


class PostgresWorks:
    """Works in Postgres, held in memory. What was registered is looked for in the very next prompt, anywhere."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections
        self._works = CachedTable(connections, "works", _read)

    def all(self) -> tuple[RegisteredWork, ...]:
        """Every work, by id; the same object until something changes. Raises Unavailable."""
        return self._works()

    def put(self, works: Iterable[RegisteredWork]) -> None:
        """Register works, all or none; a known id is replaced."""
        rows = [(w.id, w.kind, list(w.names), w.description, w.holder, w.terms, w.false_match_rate) for w in works]
        with self._connections.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_PUT, rows)

    def remove(self, work_id: str) -> bool:
        """Forget a work; whether it was there."""
        with self._connections.connection() as connection:
            return connection.execute("DELETE FROM works WHERE id = %s", [work_id]).rowcount > 0


class MemoryWorks:
    """The same in memory: over an empty one classifiers are built to ask them what they need (assay doctor)."""

    def __init__(self) -> None:
        self._works: tuple[RegisteredWork, ...] = ()

    def all(self) -> tuple[RegisteredWork, ...]:
        """See PostgresWorks."""
        return self._works

    def put(self, works: Iterable[RegisteredWork]) -> None:
        """See PostgresWorks."""
        by_id = {work.id: work for work in self._works} | {work.id: work for work in works}
        self._works = tuple(by_id[name] for name in sorted(by_id))

    def remove(self, work_id: str) -> bool:
        """See PostgresWorks."""
        before = len(self._works)
        self._works = tuple(work for work in self._works if work.id != work_id)
        return len(self._works) < before


def _read(connection: RegistryConnection) -> tuple[RegisteredWork, ...]:
    rows = connection.execute(_ALL).fetchall()
    return tuple(
        RegisteredWork(
            id=i, kind=kind, names=tuple(names), description=said, holder=holder, terms=terms, false_match_rate=rate
        )
        for i, kind, names, said, holder, terms, rate in rows
    )
