"""Receipts of what rights holders allow, forbid and take back: a chain, each signed by the signer of consent receipts.

They name works, licences, accounts and cases by their opaque ids, and hold no name and no personal data.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import NotFound
from registry.consent.consent_receipts import ReceiptValidity, receipt_digest
from registry.consent.leases import EVERYONE
from registry.rights.work_licences import WorkLicence, licence_by_id
from registry.table_cache import ConnectionProvider, RegistryConnection

LICENCE_RECEIPT_SCHEMA = "assay.licence-receipt/1"
SignLicence = Callable[[dict[str, object]], str]
LICENCE_GIVEN = ("allow", "granted", "changed", "approved")
"""The kinds of receipts that give something; the others forbid it, ask to be asked, or take it back."""

_LOCK = 0x4C494345  # "LICE": receipts are numbered one at a time
_FIELDS = "SELECT number, kind, work, licence, case_id, jws, at, previous, hash FROM licence_receipts"
_SAYS = {
    "forbid": "videos with the work are not allowed",
    "ask": "each video with the work is asked about",
    "allow": "videos with the work are allowed",
    "granted": "licence granted",
    "changed": "licence granted in the place of another",
    "revoked": "licence revoked",
    "approved": "draft approved",
    "refused": "draft refused",
}


@dataclass(frozen=True, slots=True)
class LicenceReceipt:
    """A stored receipt. `hash` is the SHA-256 of `jws`: it goes into manifests."""

    number: int
    kind: str
    work: str
    licence: str
    case_id: str
    jws: str
    at: datetime
    previous: str
    hash: str


def issue_licence_receipt(
    connection: RegistryConnection,
    sign: SignLicence,
    kind: str,
    *,
    work: str,
    by: str,
    licence: WorkLicence | None = None,
    case_id: str = "",
    asset: str = "",
) -> LicenceReceipt:
    """The next receipt of the chain, within the connection's transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = connection.execute(f"{_FIELDS} ORDER BY number DESC LIMIT 1").fetchone()
    number, previous = (last[0] + 1, last[8]) if last else (1, "")
    at = datetime.now(UTC)
    payload: dict[str, object] = {
        "schema_version": LICENCE_RECEIPT_SCHEMA,
        "receipt_id": secrets.token_hex(16),
        "record_id": licence.id if licence else case_id or work,
        "work": work,
        "licensor": by,
        "event": {"event_time": at.isoformat(timespec="microseconds"), "event_type": _SAYS[kind], "event_state": kind},
        **({"permission": _permission(licence)} if licence else {}),
        **({"draft": {"case": case_id, "sha256": asset}} if case_id else {}),
        "chain": {"number": number, "previous": previous},
    }
    jws = sign(payload)
    licence_id = licence.id if licence else ""
    receipt = LicenceReceipt(number, kind, work, licence_id, case_id, jws, at, previous, receipt_digest(jws))
    connection.execute(
        "INSERT INTO licence_receipts (number, kind, work, licence, case_id, jws, at, previous, hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [number, kind, work, licence_id, case_id, jws, at, previous, receipt.hash],
    )
    return receipt


class PostgresLicenceReceipts:
    """Receipts for reading: by work, by licence, by case, by hash."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def of_work(self, work: str) -> Sequence[LicenceReceipt]:
        """Those about a work, its licences and drafts with it, in order."""
        return self._where("work = %s ORDER BY number", work)

    def of_licence(self, licence_id: str) -> Sequence[LicenceReceipt]:
        """Those about a licence, in order."""
        return self._where("licence = %s ORDER BY number", licence_id)

    def of_draft(self, case_id: str, work: str) -> Sequence[LicenceReceipt]:
        """Those about drafts of a case with a work, in order."""
        return self._where("case_id = %s AND work = %s ORDER BY number", case_id, work)

    def all(self) -> Sequence[LicenceReceipt]:
        """The whole chain."""
        return self._where("true ORDER BY number")

    def validity(self, digest: str, at: datetime) -> ReceiptValidity:
        """Whether what the receipt with this SHA-256 attests holds at that time. Raises NotFound."""
        found = self._where("hash = %s", digest.lower()[:64])
        if not found:
            raise NotFound("there is no such receipt")
        with self._connections.connection() as connection:
            state = _state(connection, found[0], at)
        return ReceiptValidity(valid=state == "in_force", state=state, kind=found[0].kind, issued=found[0].at)

    def _where(self, condition: str, *values: object) -> Sequence[LicenceReceipt]:
        with self._connections.connection() as connection:
            rows = connection.execute(f"{_FIELDS} WHERE {condition}", values).fetchall()
        return tuple(LicenceReceipt(*row) for row in rows)


def _state(connection: RegistryConnection, receipt: LicenceReceipt, at: datetime) -> str:
    if receipt.kind not in LICENCE_GIVEN:
        return "withdrawal"
    work = connection.execute("SELECT state, terms FROM works WHERE id = %s", [receipt.work]).fetchone()
    if work is None:
        return "erased"
    if work[0] != "active":
        return "suspended"
    if receipt.kind == "approved":
        later = "SELECT 1 FROM licence_receipts WHERE case_id = %s AND work = %s AND kind = 'refused' AND number > %s"
        refused = connection.execute(later, [receipt.case_id, receipt.work, receipt.number]).fetchone()
        return "revoked" if refused else "in_force"
    if receipt.kind == "allow":
        return "in_force" if work[1] == "allow" else "revoked"
    licence = licence_by_id(connection, receipt.licence, lock=False)
    if licence.revoked:
        replaced = connection.execute("SELECT 1 FROM work_licences WHERE replaces = %s", [licence.id]).fetchone()
        return "replaced" if replaced else "revoked"
    return "in_force" if licence.in_force(at) else "expired"


def _permission(licence: WorkLicence) -> dict[str, object]:
    return {
        "licence": licence.id,
        "licensee": "everyone" if licence.licensee == EVERYONE else licence.licensee,
        "purposes_allowed": list(licence.purposes) or ["any"],
        "parody": licence.parody,
        "geographic_restrictions": list(licence.territory) or ["none"],
        "valid_until": licence.until.astimezone(UTC).isoformat() if licence.until else "until revoked",
    }
