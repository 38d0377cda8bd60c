"""Where a likeness is used: read off the ledger's cases, and along what was made from what.

A case is made from its parent, and from the sealed files that were handed in as its references, or copies of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from core.case import Case
from core.signals import Subject
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
SELECT c.case_id, c.phase, coalesce(c.cameos, '[]') || (
           SELECT coalesce(jsonb_agg(DISTINCT l.handle), '[]') FROM leases l
           WHERE l.case_id = c.case_id AND l.case_id <> ''
       ), c.recognised,
       EXISTS (SELECT FROM stay_down_cases s WHERE s.case_id = c.case_id AND s.held)
FROM up JOIN case_requests c ON c.case_id = up.id
WHERE c.case_id <> %(case)s
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
_SHOWING = """
SELECT case_id, author, phase, request, coalesce(last_rules, '[]') FROM case_requests WHERE case_id IN (
    SELECT case_id FROM case_requests WHERE cameos @> %(cameo)s
    UNION
    SELECT case_id FROM case_requests WHERE recognised @> %(cameo)s
    UNION
    SELECT case_id FROM leases WHERE handle = %(id)s AND case_id <> ''
) AND (%(case)s = '' OR case_id = %(case)s)
"""
# A draft in which somebody is only recognised may show another who looks like them: only moderators see it.
_ROOTS = """
SELECT case_id FROM case_requests WHERE cameos @> %(cameo)s
UNION
SELECT case_id FROM case_requests WHERE recognised @> %(cameo)s AND sealed_digest IS NOT NULL
UNION
SELECT case_id FROM leases WHERE handle = %(id)s AND case_id <> ''  -- they said yes to this one order
"""
_WAITING = """
SELECT c.case_id, k.id, k.owner FROM case_requests c JOIN cameos k ON k.state = 'active' AND (
    c.cameos ? k.id
    OR EXISTS (SELECT FROM leases l WHERE l.case_id = c.case_id AND l.case_id <> '' AND l.handle = k.id))
WHERE c.phase = 'held' AND c.last_rules ? 'video_cameo_unapproved'
"""
_OWNED_WAITING = """
SELECT c.case_id FROM case_requests c
WHERE c.case_id = ANY(%s) AND c.phase = 'held' AND c.last_rules ? 'video_cameo_unapproved' AND NOT EXISTS (
    SELECT 1 FROM cameo_answers a WHERE a.case_id = c.case_id AND a.cameo = %s
       AND (a.answer = 'vetoed' OR (a.answer = 'approved' AND a.asset = c.rendered_digest)))
"""
_USED = """
SELECT c.case_id, k.id, k.owner FROM case_requests c
CROSS JOIN LATERAL jsonb_array_elements_text(c.cameos) named(id)
JOIN cameos k ON k.id = named.id AND k.state = 'active'
WHERE c.phase = 'published' AND c.cameos <> '[]' AND c.changed_at > %s AND c.author <> k.owner AND NOT EXISTS (
    SELECT 1 FROM notices n WHERE n.account = k.owner AND n.code = 'used' AND n.case_id = c.case_id AND n.cameo = k.id)
LIMIT 1000
"""
_SHOWN = """
SELECT case_id, author, phase, submitted_at, changed_at, rendered_digest, cameos @> %s, recognised @> %s
FROM case_requests WHERE case_id = ANY(%s) ORDER BY submitted_at DESC, case_id LIMIT %s  -- all where it is NULL
"""


@dataclass(frozen=True, slots=True)
class AncestorCase:
    """A case from which another was made: its phase, the cameos it names or of which a lease is for that one order,
    and those recognised in its video.

    `claimed`: a claim keeps it down.
    """

    id: str
    phase: str
    cameos: tuple[str, ...]
    recognised: tuple[str, ...] = ()
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class CaseShowingCameo:
    """A case that names a cameo, or in whose video it is recognised, or to which its owner said yes; what was asked
    for, and the rules of its last verdict."""

    id: str
    author: str
    phase: str
    submission: dict[str, object]
    rules: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LikenessUse:
    """One use as its owner sees it. `asset` is the draft's digest; `direct`: the case names the cameo itself.

    `recognised`: the video seems to show them, by face or voice, whether it names them or not.
    """

    case_id: str
    author: str
    phase: str
    submitted: datetime
    moved: datetime
    asset: str
    direct: bool
    recognised: bool = False


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
        return tuple(
            AncestorCase(i, phase, tuple(named or ()), tuple(seen or ()), held) for i, phase, named, seen, held in rows
        )

    def cases_showing(self, cameo: str, case_id: str = "") -> Sequence[CaseShowingCameo]:
        """The cases that name a cameo, in whose video it is recognised, or to which its owner said yes, in any phase.

        With `case_id` that one alone.
        """
        parameters = {"cameo": Jsonb([cameo]), "id": cameo, "case": case_id}
        with self.connections.connection() as connection:
            rows = connection.execute(_SHOWING, parameters).fetchall()
        return tuple(CaseShowingCameo(*row) for row in rows)

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

    def awaiting_owner(self, cameo: str, case_ids: Sequence[str]) -> frozenset[str]:
        """Those of these cases that wait for a yes or no of the owner of this cameo."""
        with self.connections.connection() as connection:
            rows = connection.execute(_OWNED_WAITING, [list(case_ids), cameo]).fetchall()
        return frozenset(row[0] for row in rows)

    def published_unnoticed(self, since: datetime) -> Sequence[tuple[str, str, str]]:
        """Videos that were published since then and name a cameo whose owner was not told: (case, cameo, its owner)."""
        with self.connections.connection() as connection:
            return [(case, cameo, owner) for case, cameo, owner in connection.execute(_USED, [since]).fetchall()]

    def of(self, cameo: str, *, case_id: str = "", limit: int | None = 1000) -> Sequence[LikenessUse]:
        """Every case that shows a cameo: those that name it, finished videos in which it is recognised, and what was
        made from either.

        Drafts too, but for those in which it is only recognised. With `case_id` that one, however many are newer;
        without a `limit` all of them.
        """
        asked = Jsonb([cameo])
        with self.connections.connection() as connection:
            roots = [row[0] for row in connection.execute(_ROOTS, {"cameo": asked, "id": cameo}).fetchall()]
            shown = [one for one in (_descendants(connection, roots) if roots else ()) if case_id in ("", one)]
            rows = connection.execute(_SHOWN, [asked, asked, shown, limit]).fetchall()
        return tuple(LikenessUse(*row) for row in rows)


def recognised_cameos(case: Case) -> frozenset[str]:
    """The cameos that are recognised in a case's video, whether it names them or not."""
    return frozenset(signal.cameo for signal in case.signals if signal.subject is Subject.VIDEO and signal.cameo)


def _descendants(connection: RegistryConnection, roots: Sequence[str]) -> Sequence[str]:
    return sorted(row[0] for row in connection.execute(_DOWN, {"roots": list(roots)}).fetchall())
