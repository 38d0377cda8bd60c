"""The manifest repository's index: which manifests there are, what they are bound to, and receipts for what was done.

Bytes are in the blob store under their SHA-256 and are never changed. Manifests of sealed cases are read from the
ledger's own events; only what others hand in has rows of its own. Nothing here is updated or deleted: a deletion is a
receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.errors import BadInput, NotFound
from registry.manifests.manifest_receipts import ManifestReceipt, add_manifest_receipt, manifest_receipts
from registry.table_cache import ConnectionProvider

MAX_FIELD_CHARS = 1024  # characters of an id, an algorithm or a value
"""Characters of an id, an algorithm's name, or a binding's value in hex."""

_BY_ID = """
SELECT id, digest, size, at, coalesce(case_id, '') FROM manifest_entries
WHERE id = %s ORDER BY at DESC, digest LIMIT %s
"""
_BY_BINDING = """
SELECT id, digest, size, at, coalesce(case_id, '') FROM manifest_entries
WHERE value = %(value)s AND (algorithm = %(algorithm)s OR %(algorithm)s = ANY(%(ours)s))
UNION
SELECT id, digest, size, at, coalesce(case_id, '') FROM manifest_entries WHERE id IN (
    SELECT manifest_id FROM manifest_binding_states WHERE algorithm = %(algorithm)s AND value = %(value)s AND bound
)
ORDER BY at DESC, digest LIMIT %(most)s
"""
_STORE = "INSERT INTO manifests (id, digest, size) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_IS_BOUND = "SELECT bound FROM manifest_binding_states WHERE algorithm = %s AND value = %s AND manifest_id = %s"
_BIND = "INSERT INTO manifest_bindings (algorithm, value, manifest_id, by, bound) VALUES (%s, %s, %s, %s, %s)"
_HANDED_IN = "SELECT 1 FROM manifest_receipts WHERE kind = 'stored' AND manifest_id = %s AND by = %s"
_DELETED = "SELECT 1 FROM manifest_receipts WHERE kind = 'deleted' AND manifest_id = %s AND digest = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """A manifest: its id as it is written in it, SHA-256 and size of its bytes. `case_id` is empty if handed in."""

    id: str
    digest: str
    size: int
    at: datetime
    case_id: str = ""


class PostgresManifestIndex:
    """The index in Postgres. `ours` are algorithms whose value is the payload with which a case was sealed."""

    def __init__(self, connections: ConnectionProvider, *, ours: Sequence[str] = ()) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections
        self._ours = list(ours)

    def by_id(self, manifest_id: str, *, most: int = 10) -> Sequence[ManifestEntry]:
        """The manifests with this id, the newest first. Raises Unavailable."""
        if not _fits(manifest_id):
            return ()
        with self._connections.connection() as connection:
            rows = connection.execute(_BY_ID, [manifest_id, most]).fetchall()
        return tuple(_entry(row) for row in rows)

    def by_binding(self, algorithm: str, value: str, *, most: int = 10) -> Sequence[ManifestEntry]:
        """The manifests bound to this value (hex) of this algorithm, the newest first. Raises Unavailable."""
        if not (_fits(algorithm) and _fits(value)):
            return ()
        parameters = {"algorithm": algorithm, "value": value.lower(), "ours": self._ours, "most": most}
        with self._connections.connection() as connection:
            rows = connection.execute(_BY_BINDING, parameters).fetchall()
        return tuple(_entry(row) for row in rows)

    def store(self, manifest_id: str, digest: str, size: int, *, by: str) -> ManifestReceipt:
        """Add a manifest whose bytes are in the blob store. Idempotent.

        Raises BadInput for one that was deleted before, since deletions are final, and for an id that other bytes have.
        """
        _check(manifest_id)
        with self._connections.connection() as connection:
            if connection.execute(_DELETED, [manifest_id, digest]).fetchone():
                raise BadInput("this manifest was deleted, and does not come back: make a new one")
            if any(_entry(row).digest != digest for row in connection.execute(_BY_ID, [manifest_id, 10]).fetchall()):
                raise BadInput("another manifest has this id already: an id is never given twice")
            if connection.execute(_STORE, [manifest_id, digest, size]).rowcount == 1:
                return add_manifest_receipt(connection, "stored", manifest_id, digest, by=by)
            existing = [receipt for receipt in manifest_receipts(connection, manifest_id) if receipt.digest == digest]
            return existing[0]

    def is_handed_in_by(self, manifest_id: str, account: str) -> bool:
        """Whether this account was the first to hand this manifest in. Raises NotFound where there is no manifest."""
        with self._connections.connection() as connection:
            if not _fits(manifest_id) or connection.execute(_BY_ID, [manifest_id, 1]).fetchone() is None:
                raise NotFound("there is no such manifest")
            return connection.execute(_HANDED_IN, [manifest_id, account]).fetchone() is not None

    def bind(self, algorithm: str, value: str, manifest_id: str, *, by: str, bound: bool = True) -> bool:
        """Bind a value (hex) to a manifest, or with `bound` false no longer; whether that changed anything.

        Who may is the caller's to ask. Raises BadInput.
        """
        binding = [algorithm, value.lower(), manifest_id]
        for text in binding:
            _check(text)
        with self._connections.connection() as connection:
            last = connection.execute(_IS_BOUND, binding).fetchone()
            if (last is not None and last[0]) is bound:
                return False
            connection.execute(_BIND, [*binding, by, bound])
            return True

    def delete(self, manifest_id: str, *, by: str, reason: str) -> Sequence[ManifestReceipt]:
        """Hand out no manifest with this id any more; a receipt for each. Raises NotFound."""
        with self._connections.connection() as connection:
            rows = connection.execute(_BY_ID, [manifest_id, 1000]).fetchall()
            if not rows:
                raise NotFound("there is no such manifest")
            digests = dict.fromkeys(_entry(row).digest for row in rows)
            return tuple(
                add_manifest_receipt(connection, "deleted", manifest_id, digest, by=by, reason=reason)
                for digest in digests
            )

    def receipts(self, manifest_id: str) -> Sequence[ManifestReceipt]:
        """Everything that was done to manifests with this id, in order."""
        if not _fits(manifest_id):
            return ()
        with self._connections.connection() as connection:
            return manifest_receipts(connection, manifest_id)


def _entry(row: tuple[str, str, int, datetime, str]) -> ManifestEntry:
    manifest_id, digest, size, at, case_id = row
    return ManifestEntry(id=manifest_id, digest=digest, size=size, at=at, case_id=case_id)


def _fits(text: str) -> bool:
    return 0 < len(text) <= MAX_FIELD_CHARS and text.isprintable()


def _check(text: str) -> None:
    if not _fits(text):
        raise BadInput(f"ids, algorithms and values have 1 to {MAX_FIELD_CHARS} printable characters")
