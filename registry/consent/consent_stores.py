"""What an owner's side of the service is made of: the stores of what is known of people, and of their accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from registry.consent.biometric_templates import PostgresBiometricTemplates
from registry.consent.cameos import PostgresCameos
from registry.consent.consent_receipts import PostgresConsentReceipts, ReceiptValidity
from registry.consent.consent_service import PostgresConsentService
from registry.consent.enrolment_pictures import PostgresEnrolmentPictures
from registry.consent.leases import PostgresLeases
from registry.consent.likeness_uses import PostgresLikenessUses
from registry.consent.notices import PostgresNotices
from registry.consent.owner_decisions import PostgresOwnerDecisions
from registry.consent.receipt_signing import ReceiptSigner
from registry.consent.takedown_store import PostgresTakedowns


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentStores:
    """The stores of what is known of people."""

    cameos: PostgresCameos
    leases: PostgresLeases
    consents: PostgresConsentService
    receipts: PostgresConsentReceipts
    keys: ReceiptSigner
    uses: PostgresLikenessUses
    answers: PostgresOwnerDecisions
    notices: PostgresNotices
    cascades: PostgresTakedowns
    templates: PostgresBiometricTemplates
    enrolment_pictures: PostgresEnrolmentPictures


class AccountDirectory(Protocol):
    """Which accounts there are."""

    def exists(self, account: str) -> bool:
        """Whether there is such an account, and it is not closed."""


class OtherReceipts(Protocol):
    """Receipts of another kind that the same keys sign."""

    def validity(self, digest: str, at: datetime) -> ReceiptValidity:
        """Whether what the receipt with this SHA-256 attests holds at that time. Raises NotFound."""
