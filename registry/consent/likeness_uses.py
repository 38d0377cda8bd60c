"""Where a likeness is used: read off the ledger's cases, and along what was made from what.

A case is made from its parent, and from the sealed files that were handed in as its references, or copies of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from registry.table_cache import ConnectionProvider, RegistryConnection

_UP = """
WITH RECURSIVE up(id) AS (
    SELECT case_id FROM case_requests
    WHERE case_id = %(parent)s OR case_id = ANY(%(copies)s)
       OR (digests && %(references)s AND sealed_digest = ANY(%(references)s))
    UNION
    SELECT p.case_id FROM up JOIN case_requests c ON c.case_id = up.id JOIN LATERAL (
        SELECT case_id FROM case_requests WHERE case_id = c.parent
        UNION ALL
        SELECT case_id FROM case_requests WHERE case_id IN (SELECT jsonb_array_elements_text(c.copies))
        UNION ALL
        SELECT s.case_id FROM jsonb_array_elements(c.reference_assets) r
        JOIN case_requests s ON s.digests @> ARRAY[r ->> 'digest'] AND s.sealed_digest = r ->> 'digest'
    ) p ON true
)
SELECT c.case_id, c.phase, c.cameos FROM up JOIN case_requests c ON c.case_id = up.id WHERE c.case_id <> %(case)s
"""
_DOWN = """
WITH RECURSIVE down(id) AS (
    SELECT unnest(%(roots)s::text[])
    UNION
    SELECT k.case_id FROM down d JOIN case_requests p ON p.case_id = d.id JOIN LATERAL (
        SELECT case_id FROM case_requests WHERE parent = p.case_id AND parent <> ''
        UNION ALL
        SELECT case_id FROM case_requests WHERE copies @> jsonb_build_array(p.case_id) AND copies <> '[]'
        UNION ALL
        SELECT case_id FROM case_requests
        WHERE digests @> ARRAY[p.sealed_digest] AND case_id <> p.case_id
          AND reference_assets @> jsonb_build_array(jsonb_build_object('digest', p.sealed_digest))
    ) k ON true
)
SELECT id FROM down
"""
_NAMING = """
SELECT case_id, author, phase, request FROM case_requests WHERE cameos @> %s AND (%s = '' OR case_id = %s)
"""
_WAITING = """
SELECT c.case_id, k.id, k.owner FROM case_requests c JOIN cameos k ON k.state = 'active' AND c.cameos ? k.id
WHERE c.phase = 'held' AND c.last_rules ? 'video_cameo_unapproved'
"""
_SHOWN = """
SELECT case_id, author, phase, submitted_at, changed_at, rendered_digest, cameos @> %s
FROM case_requests WHERE case_id = ANY(%s) ORDER BY submitted_at DESC, case_id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class AncestorCase:
    """A case from which another was made: its phase, and the cameos it names."""

    id: str
    phase: str
    cameos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseNamingCameo:
    """A case that names a cameo, and what was asked for."""

    id: str
    author: str
    phase: str
    submission: dict[str, object]


@dataclass(frozen=True, slots=True)
class LikenessUse:
    """One use as its owner sees it. `asset` is the draft's digest; `direct`: the case names the cameo itself."""

    case_id: str
    author: str
    phase: str
    submitted: datetime
    moved: datetime
    asset: str
    direct: bool


class PostgresLikenessUses:
    """Uses in Postgres."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The ledger's tables are there: the migrations made them."""
        self.connections = connections

    def ancestors(
        self, case_id: str, parent: str, references: Sequence[str], copies: Sequence[str] = ()
    ) -> Sequence[AncestorCase]:
        """Every case from which this one is made, however far back."""
        if not parent and not references:
            return ()
        parameters = {"case": case_id, "parent": parent, "references": list(references), "copies": list(copies)}
        with self.connections.connection() as connection:
            rows = connection.execute(_UP, parameters).fetchall()
        return tuple(AncestorCase(i, phase, tuple(cameos or ())) for i, phase, cameos in rows)

    def cases_naming(self, cameo: str, case_id: str = "") -> Sequence[CaseNamingCameo]:
        """The cases that name a cameo, in whatever phase; with `case_id` that one, if it does."""
        with self.connections.connection() as connection:
            rows = connection.execute(_NAMING, [Jsonb([cameo]), case_id, case_id]).fetchall()
        return tuple(CaseNamingCameo(*row) for row in rows)

    def descendants(self, roots: Sequence[str]) -> Sequence[str]:
        """These cases and everything made from them, however far down, in the order of their ids."""
        if not roots:
            return ()
        with self.connections.connection() as connection:
            return _descendants(connection, roots)

    def awaiting_approval(self) -> Sequence[tuple[str, str, str]]:
        """Drafts that wait for the approval of an owner: (case, cameo, its owner)."""
        with self.connections.connection() as connection:
            return [(case, cameo, owner) for case, cameo, owner in connection.execute(_WAITING).fetchall()]

    def of(self, cameo: str, *, limit: int = 1000) -> Sequence[LikenessUse]:
        """Every case that shows a cameo, drafts included: those that name it and what was made from them."""
        roots = [case.id for case in self.cases_naming(cameo)]
        with self.connections.connection() as connection:
            descendants = _descendants(connection, roots) if roots else []
            rows = connection.execute(_SHOWN, [Jsonb([cameo]), list(descendants), limit]).fetchall()
        return tuple(LikenessUse(*row) for row in rows)


def _descendants(connection: RegistryConnection, roots: Sequence[str]) -> Sequence[str]:
    return sorted(row[0] for row in connection.execute(_DOWN, {"roots": list(roots)}).fetchall())
