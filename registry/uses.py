"""Where a likeness is used: read off the ledger's cases, and along what was made from what.

A case is made from its parent, and from the sealed files that were handed in as its references, or copies of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from registry.rows import Connection, Connections

_UP = """
WITH RECURSIVE up(id) AS (
    SELECT id FROM cases
    WHERE id = %(parent)s OR id = ANY(%(copies)s)
       OR (digests && %(references)s AND body #>> '{sealed,asset,digest}' = ANY(%(references)s))
    UNION
    SELECT p.id FROM up JOIN cases c ON c.id = up.id JOIN LATERAL (
        SELECT id FROM cases WHERE id = c.body #>> '{submitted,parent}'
        UNION ALL
        SELECT id FROM cases WHERE id IN (SELECT jsonb_array_elements_text(c.body #> '{submitted,copies}'))
        UNION ALL
        SELECT s.id FROM jsonb_array_elements(c.body #> '{submitted,references}') r
        JOIN cases s ON s.digests @> ARRAY[r ->> 'digest'] AND s.body #>> '{sealed,asset,digest}' = r ->> 'digest'
    ) p ON true
)
SELECT c.id, c.phase, c.body #> '{submitted,cameos}' FROM up JOIN cases c ON c.id = up.id WHERE c.id <> %(case)s
"""
_DOWN = """
WITH RECURSIVE down(id) AS (
    SELECT unnest(%(roots)s::text[])
    UNION
    SELECT k.id FROM down d JOIN cases p ON p.id = d.id JOIN LATERAL (
        SELECT id FROM cases
        WHERE body #>> '{submitted,parent}' = p.id AND body #>> '{submitted,parent}' <> ''
        UNION ALL
        SELECT id FROM cases
        WHERE body #> '{submitted,copies}' @> jsonb_build_array(p.id) AND body #> '{submitted,copies}' <> '[]'
        UNION ALL
        SELECT id FROM cases
        WHERE digests @> ARRAY[p.body #>> '{sealed,asset,digest}'] AND id <> p.id
          AND body #> '{submitted,references}' @>
              jsonb_build_array(jsonb_build_object('digest', p.body #>> '{sealed,asset,digest}'))
    ) k ON true
)
SELECT id FROM down
"""
_NAMING = """
SELECT id, author, phase, body #> '{submitted}' FROM cases
WHERE body #> '{submitted,cameos}' @> %s AND (%s = '' OR id = %s)
"""
_WAITING = """
SELECT c.id, k.id, k.owner FROM cases c JOIN cameos k ON k.state = 'active' AND c.body #> '{submitted,cameos}' ? k.id
WHERE c.phase = 'held' AND c.body #> '{verdicts,-1,rules}' ? 'video_cameo_unapproved'
"""
_SHOWN = """
SELECT id, author, phase, submitted, moved, coalesce(body #>> '{rendered,asset,digest}', ''),
       body #> '{submitted,cameos}' @> %s
FROM cases WHERE id = ANY(%s) ORDER BY submitted DESC, id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A case from which another was made: its phase, and the cameos it names."""

    id: str
    phase: str
    cameos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """A case that names a cameo, and what was asked for."""

    id: str
    author: str
    phase: str
    asked: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Used:
    """One use as its owner sees it. `asset` is the draft's digest; `direct`: the case names the cameo itself."""

    case_id: str
    author: str
    phase: str
    submitted: datetime
    moved: datetime
    asset: str
    direct: bool


class PostgresUses:
    """Uses in Postgres."""

    def __init__(self, connections: Connections) -> None:
        """The ledger's tables are there: the migrations made them."""
        self.connections = connections

    def ancestors(
        self, case_id: str, parent: str, references: Sequence[str], copies: Sequence[str] = ()
    ) -> Sequence[Ancestor]:
        """Every case from which this one is made, however far back."""
        if not parent and not references:
            return ()
        asked = {"case": case_id, "parent": parent, "references": list(references), "copies": list(copies)}
        with self.connections.connection() as connection:
            rows = connection.execute(_UP, asked).fetchall()
        return tuple(Ancestor(i, phase, tuple(cameos or ())) for i, phase, cameos in rows)

    def naming(self, cameo: str, case_id: str = "") -> Sequence[Naming]:
        """The cases that name a cameo, in whatever phase; with `case_id` that one, if it does."""
        with self.connections.connection() as connection:
            rows = connection.execute(_NAMING, [Jsonb([cameo]), case_id, case_id]).fetchall()
        return tuple(Naming(*row) for row in rows)

    def made_from(self, roots: Sequence[str]) -> Sequence[str]:
        """These cases and everything made from them, however far down, in the order of their ids."""
        if not roots:
            return ()
        with self.connections.connection() as connection:
            return _down(connection, roots)

    def waiting(self) -> Sequence[tuple[str, str, str]]:
        """Drafts that wait for the approval of an owner: (case, cameo, its owner)."""
        with self.connections.connection() as connection:
            return [(case, cameo, owner) for case, cameo, owner in connection.execute(_WAITING).fetchall()]

    def of(self, cameo: str, *, limit: int = 1000) -> Sequence[Used]:
        """Every case that shows a cameo, drafts included: those that name it and what was made from them."""
        roots = [one.id for one in self.naming(cameo)]
        with self.connections.connection() as connection:
            found = _down(connection, roots) if roots else []
            rows = connection.execute(_SHOWN, [Jsonb([cameo]), list(found), limit]).fetchall()
        return tuple(Used(*row) for row in rows)


def _down(connection: Connection, roots: Sequence[str]) -> Sequence[str]:
    return sorted(row[0] for row in connection.execute(_DOWN, {"roots": list(roots)}).fetchall())
