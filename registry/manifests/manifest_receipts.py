"""Receipts of the manifest repository: a chain in which each carries the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime

from registry.table_cache import RegistryConnection

_LOCK = 0x52454350  # "RECP": receipts are numbered one at a time
_LAST = "SELECT number, hash FROM manifest_receipts ORDER BY number DESC LIMIT 1"
_ALL = "SELECT number, kind, manifest_id, digest, reason, by, at, previous, hash FROM manifest_receipts"
_ADD = """
INSERT INTO manifest_receipts (number, kind, manifest_id, digest, reason, by, at, previous, hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class ManifestReceipt:
    """What was done to which bytes, and when. `by` is an account and not for the public; the hash does not cover it."""

    number: int
    kind: str
    manifest_id: str
    digest: str
    reason: str
    by: str
    at: datetime
    previous: str
    hash: str = ""

    def public(self) -> dict[str, str | int]:
        """The fields that anyone may see, and that the hash covers."""
        return {
            "number": self.number,
            "kind": self.kind,
            "manifestId": self.manifest_id,
            "sha256": self.digest,
            "reason": self.reason,
            "at": self.at.astimezone(UTC).isoformat(),
            "previous": self.previous,
        }

    def compute_hash(self) -> str:
        """SHA-256 in hex over the public fields as JSON, keys sorted."""
        return hashlib.sha256(json.dumps(self.public(), sort_keys=True).encode()).hexdigest()


def add_manifest_receipt(
    connection: RegistryConnection, kind: str, manifest_id: str, digest: str, *, by: str, reason: str = ""
) -> ManifestReceipt:
    """The next receipt of the chain, within the connection's transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = connection.execute(_LAST).fetchone()
    number, previous = (last[0] + 1, last[1]) if last else (1, "")
    receipt = ManifestReceipt(number, kind, manifest_id, digest, reason, by, datetime.now(UTC), previous)
    receipt = replace(receipt, hash=receipt.compute_hash())
    connection.execute(_ADD, astuple(receipt))
    return receipt


def manifest_receipts(connection: RegistryConnection, manifest_id: str) -> Sequence[ManifestReceipt]:
    """The receipts for an id, in order."""
    rows = connection.execute(f"{_ALL} WHERE manifest_id = %s ORDER BY number", [manifest_id])
    return tuple(ManifestReceipt(*row) for row in rows.fetchall())


def all_manifest_receipts(connection: RegistryConnection) -> Sequence[ManifestReceipt]:
    """The whole chain."""
    return tuple(ManifestReceipt(*row) for row in connection.execute(f"{_ALL} ORDER BY number").fetchall())


def is_manifest_chain_intact(chain: Iterable[ManifestReceipt]) -> bool:
    """Whether nothing was taken out of a chain, put in, or changed."""
    previous = ""
    for number, receipt in enumerate(chain, 1):
        if (receipt.number, receipt.previous, receipt.hash) != (number, previous, receipt.compute_hash()):
            return False
        previous = receipt.hash
    return True
