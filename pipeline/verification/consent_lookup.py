"""On whose consent a case rests, and whether it still holds: the answer to whoever has a copy, with nobody's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import BadInput, NotFound
from core.finding import ConsentFinding
from core.ports import Ledger
from provenance.declared_marks.consent_of_file import consent_finding
from registry.consent.cameo_service import ConsentStores
from registry.consent.cameos import ACTIVE, ERASED
from registry.consent.consent_facts import ConsentFacts
from registry.consent.consent_receipts import ENROLLED, ReceiptValidity, receipt_digest
from registry.consent.leases import Lease
from registry.consent.receipt_signing import RECEIPT_TYPE

_STATES = {
    "in_force": "in_force",
    "suspended": "suspended",
    "revoked": "withdrawn",
    "erased": "withdrawn",
    "withdrawal": "withdrawn",
    "expired": "expired",
    "replaced": "changed",
}
"""Of a receipt, in the words of a finding."""

_DIGEST_LENGTH, _HEX = 64, frozenset("0123456789abcdef")
_WORST_FIRST = ("withdrawn", "expired", "suspended", "unknown")


NO_KNOWN_CONSENT = consent_finding("none")
"""The answer about a file that is not known to rest on anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentOfCases:
    """CaseConsents over the ledger and the leases: what holds today, whatever a file says of itself."""

    ledger: Ledger
    people: ConsentStores
    consent: ConsentFacts

    def of_case(self, case_id: str) -> ConsentFinding | None:
        """See CaseConsents. Of several people the worst counts, and what ends first."""
        try:
            case = self.ledger.load(case_id)
        except NotFound:
            return None
        leases = self.consent.shown(case).leases
        if not leases:
            return None
        ended = [self._ended(cameo) for cameo, covering in leases.items() if not covering]
        if ended:
            return min(ended, key=lambda one: (_WORST_FIRST.index(one.state), one.ended or "~"))
        ends = [_end(covering) for covering in leases.values()]
        return consent_finding("in_force", until=min((end for end in ends if end), default=""))

    def _ended(self, cameo: str) -> ConsentFinding:
        """How the last of a person's leases ended: taken back, or run out as it was given."""
        now = datetime.now(UTC)
        if self._is_suspended(cameo):
            return consent_finding("suspended")
        past = [lease for lease in self.people.leases.of(cameo) if not lease.in_force(now)]
        last = max(past, key=lambda lease: lease.revoked or lease.until or now, default=None)
        if last is None:
            return consent_finding("unknown")
        if last.revoked is None and last.until is not None:
            return consent_finding("expired", ended=last.until.isoformat(timespec="seconds"))
        return consent_finding("withdrawn", ended=(last.revoked or now).isoformat(timespec="seconds"))

    def _is_suspended(self, cameo: str) -> bool:
        """Whether somebody is enrolled and not active, for now: what they allowed rests."""
        try:
            return self.people.cameos.get(cameo).state not in (ACTIVE, ERASED)
        except NotFound:
            return False


def consent_of_receipt(validity: ReceiptValidity, digest: str = "") -> ConsentFinding:
    """What holds of a receipt, in the words of a finding."""
    return consent_finding(
        _STATES[validity.state],
        until=validity.until.isoformat(timespec="seconds") if validity.until else "",
        ended=validity.ended.isoformat(timespec="seconds") if validity.ended else "",
        receipts=(digest,) if digest else (),
    )


def consent_by_receipt(people: ConsentStores, receipt: str) -> ConsentFinding:
    """What holds of a person's receipt (JWS or SHA-256). Raises BadInput where it is neither, where its signature does
    not hold, and for a receipt of what a rights holder allows.

    That somebody is enrolled allows nothing: its receipt is nobody's consent to a video.
    """
    digest = receipt_digest(receipt) if "." in receipt else receipt.lower()
    if len(digest) != _DIGEST_LENGTH or not set(digest) <= _HEX:
        raise BadInput("this is no receipt of consent: paste all of it, or its SHA-256 (64 hexadecimal digits)")
    if "." in receipt:
        people.keys.verify_receipt(receipt, kinds=[RECEIPT_TYPE])
    try:
        validity = people.receipts.validity(digest, datetime.now(UTC))
    except NotFound:
        return consent_finding("unknown", receipts=(digest,))
    if validity.kind == ENROLLED:
        return consent_finding("none", receipts=(digest,))
    return consent_of_receipt(validity, digest)


def _end(covering: tuple[Lease, ...]) -> str:
    """When the first of the leases ends that it rests on, since it needs all of them; nothing where none has an end."""
    return min((lease.until.isoformat(timespec="seconds") for lease in covering if lease.until), default="")
