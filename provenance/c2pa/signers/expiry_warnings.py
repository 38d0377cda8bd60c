"""What will expire soon: the certificates this installation signs with, and the roots by which others trust it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509

from provenance.c2pa.signers.keys_folder import EXPIRY_WARNING_PERIOD, ProvenanceKeys
from provenance.c2pa.trust_store import TrustList

_OWN_LIST_PREFIX = "urn:assay:"


def expiry_warnings(keys: ProvenanceKeys, now: datetime | None = None) -> tuple[str, ...]:
    """One line for each certificate that has expired, or will within 30 days; the signer's first."""
    now = now or datetime.now(UTC)
    signer = keys.warning(now)
    return (
        *((signer,) if signer else ()),
        *_list_warnings(keys.trust.signers, "a root on our list of signers", now),
        *_list_warnings(keys.trust.timestamp_authorities, "a root on our list of time-stamping authorities", now),
    )


def _list_warnings(lists: Sequence[TrustList], kind: str, now: datetime) -> Iterator[str]:
    for trust_list in lists:
        if not trust_list.name.startswith(_OWN_LIST_PREFIX):
            continue
        for certificate in x509.load_pem_x509_certificates(trust_list.pem.encode()):
            remaining = certificate.not_valid_after_utc - now
            if remaining <= EXPIRY_WARNING_PERIOD:
                ran = "ran out" if remaining <= timedelta(0) else "runs out"
                yield f"{kind} {ran} on {certificate.not_valid_after_utc:%Y-%m-%d}"
