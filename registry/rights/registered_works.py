"""What rights holders registered: characters, works, brands, artists and people, by their names and by description."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import BadInput
from registry.table_cache import CachedTable, ConnectionProvider, RegistryConnection

WORK_KINDS = ("character", "work", "brand", "artist", "person")
MAX_DESCRIPTION_CHARS = 2000  # characters of a description
WORK_TERMS = ("ask", "forbid", "allow")
"""What a holder says of videos with the work where no licence covers them: ask me first, not allowed, or allowed."""
LICENSABLE_KINDS = ("character", "work", "brand")
"""Kinds of works that holders allow, forbid or want to be asked about. Artists and people are no works of anybody."""
DEFAULT_FALSE_MATCH_RATE = 0.01  # share of videos that show something else and may be matched all the same
MIN_FALSE_MATCH_RATE = 0.0001
_SHORTEST = 3  # characters of a name: shorter ones would be found everywhere
_COLUMNS = ("id", "kind", "names", "description", "holder", "terms", "false_match_rate", "state")
_PUT = (  # names of ours
    f"INSERT INTO works ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608
    f"ON CONFLICT (id) DO UPDATE SET ({', '.join(_COLUMNS[1:])}) = "
    f"({', '.join(f'excluded.{name}' for name in _COLUMNS[1:])})"
)
_ALL = f'SELECT {", ".join(_COLUMNS)} FROM works ORDER BY id COLLATE "C"'  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class UnstatedTerms:
    """The operator's terms for works whose holders stated none. A character is never allowed without its holder."""

    character: str = "ask"
    other: str = "ask"

    def __post_init__(self) -> None:
        if self.character not in ("ask", "forbid") or self.other not in WORK_TERMS:
            raise BadInput("without their holder's word characters are asked about or forbidden, no less")

    def of_kind(self, kind: str) -> str:
        """The terms of a work of this kind."""
        return self.character if kind == "character" else self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredWork:
    """`id` is opaque: signals and events carry it, never a name. Raises BadInput for what cannot be looked for.

    `holder` is the account whose work it is, empty where only operators care for it. `terms` hold where no licence
    does; they are the operator's where the holder has not stated any (`is_stated`). A work that is not `active` is a
    draft: it is not looked for. `false_match_rate` (0.0001 to 0.01) is of videos that look like its pictures.
    """

    id: str
    kind: str
    names: tuple[str, ...]
    description: str = ""
    holder: str = ""
    terms: str = "ask"
    false_match_rate: float = DEFAULT_FALSE_MATCH_RATE
    is_stated: bool = True
    active: bool = True

    @property
    def plain_names(self) -> frozenset[str]:
        """Its names without case, width and doubled spaces: two works share a name where one of these is the same."""
        return frozenset(" ".join(unicodedata.normalize("NFKC", name).casefold().split()) for name in self.names)

    @property
    def asks_holder(self) -> bool:
        """Whether its holder answers about each draft: then it is made first, and published once they approve."""
        return self.terms == "ask" and bool(self.holder) and self.kind in LICENSABLE_KINDS

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

    def __init__(self, connections: ConnectionProvider, unstated: UnstatedTerms | None = None) -> None:
        """The tables are there: the migrations made them. `unstated` are the terms of works without their own."""
        self._connections, self._unstated = connections, unstated or UnstatedTerms()
        self._works = CachedTable(connections, "works", self._read)

    def all(self) -> tuple[RegisteredWork, ...]:
        """Every work that is looked for, by id; the same object until something changes. Raises Unavailable."""
        return self._works()[0]

    def with_drafts(self) -> tuple[RegisteredWork, ...]:
        """Also those that are not looked for: nobody has verified their holder yet."""
        return self._works()[1]

    def put(self, works: Iterable[RegisteredWork]) -> None:
        """Register works, all or none; a known id is replaced."""
        rows = [
            (w.id, w.kind, list(w.names), w.description, w.holder, w.terms if w.is_stated else "", w.false_match_rate,
             "active" if w.active else "draft")
            for w in works
        ]  # fmt: skip
        with self._connections.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(_PUT, rows)

    def set_active(self, work_ids: Sequence[str], *, active: bool) -> int:
        """Look for works from now on, or no longer; returns how many were changed."""
        query = "UPDATE works SET state = %s WHERE id = ANY(%s) AND state <> %s"
        state = "active" if active else "draft"
        with self._connections.connection() as connection:
            return connection.execute(query, [state, list(work_ids), state]).rowcount

    def judge_names(self, work: RegisteredWork, *, suspended: bool) -> None:
        """A person said that a work of these names is not looked for, or that it may be again."""
        add = "INSERT INTO suspended_work_names (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING"
        drop = "DELETE FROM suspended_work_names WHERE name = ANY(%s)"
        with self._connections.connection() as connection:
            connection.execute(add if suspended else drop, [sorted(work.plain_names)])

    def has_suspended_name(self, work: RegisteredWork) -> bool:
        """Whether a person suspended a work of one of these names, and nobody has allowed it since."""
        query = "SELECT EXISTS (SELECT FROM suspended_work_names WHERE name = ANY(%s))"
        with self._connections.connection() as connection:
            row = connection.execute(query, [sorted(work.plain_names)]).fetchone()
        return bool(row and row[0])

    def remove(self, work_id: str) -> bool:
        """Forget a work; whether it was there."""
        with self._connections.connection() as connection:
            return connection.execute("DELETE FROM works WHERE id = %s", [work_id]).rowcount > 0

    def _read(self, connection: RegistryConnection) -> tuple[tuple[RegisteredWork, ...], tuple[RegisteredWork, ...]]:
        known = tuple(
            RegisteredWork(
                id=i,
                kind=kind,
                names=tuple(names),
                description=said,
                holder=holder,
                terms=terms or self._unstated.of_kind(kind),
                false_match_rate=rate,
                is_stated=bool(terms),
                active=state == "active",
            )
            for i, kind, names, said, holder, terms, rate, state in connection.execute(_ALL).fetchall()
        )
        return tuple(work for work in known if work.active), known


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
