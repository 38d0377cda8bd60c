"""Receipts of consent: what was agreed to, changed, taken back. A chain, each signed, none with personal data in it.

The fields are those of ISO/IEC TS 27560:2023 (consent record information structure): record, principal, processing,
parties, event. `limits`, `origin` and `chain` are additions of Assay. No receipt names an end user of an account: it
cannot be erased.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from core.errors import NotFound
from registry.consent.end_users import account_of, is_end_user
from registry.consent.leases import EVERYONE, MUTUALS, Lease, lease_by_id
from registry.table_cache import ConnectionProvider, RegistryConnection

RECEIPT_SCHEMA = "ISO/IEC TS 27560:2023"
Sign = Callable[[dict[str, object]], str]
CONSENT_GIVEN = ("granted", "changed")
ENROLLED = "enrolled"
"""The kind of receipt by which somebody may be recognised, so as to protect them: it allows nothing to be made."""

_LOCK = 0x434F4E53  # "CONS": receipts are numbered one at a time
_FIELDS = "SELECT number, kind, cameo, lease, jws, at, previous, hash FROM consent_receipts"
_ERASED = "SELECT max(at) FROM consent_receipts WHERE cameo = %s AND kind = 'erased'"
_GIVEN = {
    "self": "explicit consent given",
    "minor": "explicit consent given by a guardian",
    "estate": "permission given by who speaks for the estate",
}
_BASIS = {
    "self": "explicit consent, GDPR Art. 6(1)(a) and 9(2)(a)",
    "minor": "explicit consent by a guardian, GDPR Art. 6(1)(a) and 9(2)(a)",
    "estate": "permission of the estate; the GDPR does not protect the data of people who have died (recital 27)",
}
_ENDED = {"revoked": "withdrawn", "expired": "expired", "erased": "withdrawn"}


@dataclass(frozen=True, slots=True)
class ConsentReceipt:
    """A stored receipt. `hash` is the SHA-256 of `jws`: it goes into manifests."""

    number: int
    kind: str
    cameo: str
    lease: str
    jws: str
    at: datetime
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptValidity:
    """Whether what a receipt attests still holds. `state`: in_force, suspended, revoked, expired, replaced, erased, or
    withdrawal (it attests one).

    `until` is when what is in force ends, None where it does not; `ended` when what is not in force any more ended,
    where that is known.
    """

    valid: bool
    state: str
    kind: str
    issued: datetime
    until: datetime | None = None
    ended: datetime | None = None


def issue_consent_receipt(
    connection: RegistryConnection,
    sign: Sign,
    kind: str,
    *,
    cameo: str,
    by: str,
    controller: str,
    lease: Lease | None = None,
) -> ConsentReceipt:
    """The next receipt of the chain, within the connection's transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = connection.execute(f"{_FIELDS} ORDER BY number DESC LIMIT 1").fetchone()
    number, previous = (last[0] + 1, last[7]) if last else (1, "")
    at = datetime.now(UTC)
    person = connection.execute("SELECT kind FROM cameos WHERE id = %s", [cameo]).fetchone()
    payload = _payload(
        kind, person[0] if person else "self", cameo=cameo, by=by, controller=controller, lease=lease, at=at
    )
    jws = sign(payload | {"chain": {"number": number, "previous": previous}})
    receipt = ConsentReceipt(number, kind, cameo, lease.id if lease else "", jws, at, previous, receipt_digest(jws))
    add = (
        "INSERT INTO consent_receipts (number, kind, cameo, lease, jws, at, previous, hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
    )
    row = [
        receipt.number,
        receipt.kind,
        receipt.cameo,
        receipt.lease,
        receipt.jws,
        receipt.at,
        receipt.previous,
        receipt.hash,
    ]
    connection.execute(add, row)
    return receipt


class PostgresConsentReceipts:
    """Receipts for reading: by lease, by cameo, by hash."""

    def __init__(self, connections: ConnectionProvider) -> None:
        """The tables are there: the migrations made them."""
        self._connections = connections

    def of_lease(self, lease_id: str) -> Sequence[ConsentReceipt]:
        """Those about a lease, in order."""
        return self._where("lease = %s ORDER BY number", lease_id)

    def of_cameo(self, cameo_id: str) -> Sequence[ConsentReceipt]:
        """Those about a cameo and its leases, in order."""
        return self._where("cameo = %s ORDER BY number", cameo_id)

    def all(self) -> Sequence[ConsentReceipt]:
        """The whole chain."""
        return self._where("true ORDER BY number")

    def by_hash(self, digest: str) -> ConsentReceipt:
        """The receipt with this SHA-256. Raises NotFound."""
        receipts = self._where("hash = %s", digest.lower()[:64])
        if not receipts:
            raise NotFound("there is no such receipt")
        return receipts[0]

    def validity(self, digest: str, at: datetime) -> ReceiptValidity:
        """Whether what it attests holds at that time. Raises NotFound."""
        receipt = self.by_hash(digest)
        with self._connections.connection() as connection:
            state = self._state(connection, receipt, at)
            lease = lease_by_id(connection, receipt.lease) if receipt.lease and state != "erased" else None
            ended = self._ended(connection, receipt, lease, state)
        return ReceiptValidity(
            valid=state == "in_force",
            state=state,
            kind=receipt.kind,
            issued=receipt.at,
            until=lease.until if lease and state == "in_force" else None,
            ended=ended,
        )

    def _ended(
        self, connection: RegistryConnection, receipt: ConsentReceipt, lease: Lease | None, state: str
    ) -> datetime | None:
        if state == "withdrawal":
            return receipt.at
        if state == "erased":
            row = connection.execute(_ERASED, [receipt.cameo]).fetchone()
            return row[0] if row else None
        if lease is None or state not in ("revoked", "expired", "replaced"):
            return None
        return lease.revoked or lease.until

    def _state(self, connection: RegistryConnection, receipt: ConsentReceipt, at: datetime) -> str:
        row = connection.execute("SELECT state FROM cameos WHERE id = %s", [receipt.cameo]).fetchone()
        if row is None or row[0] == "erased":
            return "erased"
        if receipt.kind not in (*CONSENT_GIVEN, ENROLLED):
            return "withdrawal"
        if row[0] != "active":
            return "suspended"
        if not receipt.lease:
            return "in_force"
        lease = lease_by_id(connection, receipt.lease)
        if lease.revoked:
            replaced = connection.execute("SELECT 1 FROM leases WHERE replaces = %s", [lease.id]).fetchone()
            return "replaced" if replaced else "revoked"
        return "in_force" if lease.in_force(at) else "expired"

    def _where(self, condition: str, *values: object) -> Sequence[ConsentReceipt]:
        with self._connections.connection() as connection:
            rows = connection.execute(f"{_FIELDS} WHERE {condition}", values).fetchall()
        return tuple(ConsentReceipt(*row) for row in rows)


def receipt_digest(jws: str) -> str:
    """SHA-256 in hex of a receipt in its compact form."""
    return hashlib.sha256(jws.strip().encode()).hexdigest()


class ChainedReceipt(Protocol):
    """A receipt of a chain, whatever it attests."""

    @property
    def number(self) -> int: ...
    @property
    def previous(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def jws(self) -> str: ...


def is_consent_chain_intact(chain: Sequence[ChainedReceipt]) -> bool:
    """Whether nothing was taken out of a chain, put in, or changed."""
    previous = ""
    for number, receipt in enumerate(chain, 1):
        if (receipt.number, receipt.previous, receipt.hash) != (number, previous, receipt_digest(receipt.jws)):
            return False
        previous = receipt.hash
    return True


def _payload(
    kind: str, person: str, *, cameo: str, by: str, controller: str, lease: Lease | None, at: datetime
) -> dict[str, object]:
    parties = [{"party_id": controller, "party_role": "pii_controller"}]
    if lease and lease.holder not in (EVERYONE, MUTUALS):
        one_of_its_users = {"party_scope": "one end user"} if is_end_user(lease.holder) else {}
        parties.append({"party_id": account_of(lease.holder), "party_role": "recipient"} | one_of_its_users)
    said: dict[str, object] = {
        "schema_version": RECEIPT_SCHEMA,
        "receipt_id": secrets.token_hex(16),
        "record_id": lease.id if lease else cameo,
        "pii_principal_id": cameo,
        "pii_processing": _processing(controller, person, lease),
        "party_identification": parties,
        "event": {
            "event_time": at.isoformat(timespec="microseconds"),
            "event_type": _event_type(kind, person),
            "event_state": kind,
            "entity_id": account_of(by),
            "valid_until": lease.until.astimezone(UTC).isoformat() if lease and lease.until else "until withdrawn",
        },
    }
    on_request = {"origin": "granted on request, for one order"} if lease and lease.case_id else {}
    return said | on_request | ({"limits": _limits(lease)} if lease else {})


def _event_type(kind: str, person: str) -> str:
    """What happened, in words that are true of this kind of person: the dead consent to nothing."""
    if kind not in _ENDED:
        return _GIVEN[person]
    return f"{'permission of the estate' if person == 'estate' else 'consent'} {_ENDED[kind]}"


def _processing(controller: str, person: str, lease: Lease | None) -> Mapping[str, object]:
    uses = [name for name, on in (("face", lease.face), ("voice", lease.voice)) if on] if lease else ["face", "voice"]
    audience = {EVERYONE: "everyone", MUTUALS: "mutuals"}.get(lease.holder, "account") if lease else "nobody"
    making, knowing = "synthetic video with the person's likeness", "recognising the person, so as to protect them"
    return {
        "privacy_notice": "docs/how-to/cameo.md",
        "language": "en",
        "purpose": making if lease else knowing,
        "purposes_allowed": list(lease.terms.purposes) or ["any"] if lease else [],
        "lawful_basis": _BASIS[person],
        "pii_information": [{"pii_type": use, "sensitive_pii_category": "biometric"} for use in uses],
        "pii_controllers": [controller],
        "recipients": audience,
        "geographic_restrictions": list(lease.terms.territory) or ["none"] if lease else ["none"],
        "storage": "templates encrypted per person; the key is destroyed on erasure",
        "retention": "until erased, three years without any use or interaction at the latest",
        "withdrawal_method": "assay cameo revoke, assay cameo erase, or the same on the cameo page; at any time",
    }


def _limits(lease: Lease) -> dict[str, object]:
    """Limits without the words in them: those can be erased, and receipts cannot."""
    terms = lease.terms
    return {
        "not": list(terms.bans),
        "words": len(terms.words),
        "own_words": bool(terms.asks),
        "own_words_reviewed": bool(terms.reviewed),
        "each_use_watched": terms.watched,
        "each_draft_approved": terms.approval,
    }
