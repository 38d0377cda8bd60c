"""What will run out soon: the certificates this office signs with, and the roots by which others believe it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509

from provenance.keys import WARN_BEFORE, Keys
from provenance.trust import TrustList

_OURS = "urn:assay:"


def alarms(keys: Keys, now: datetime | None = None) -> tuple[str, ...]:
    """One line for each certificate of this office that has run out, or does so within 30 days; the signer's first."""
    now = now or datetime.now(UTC)
    signer = keys.warning(now)
    return (
        *((signer,) if signer else ()),
        *_of(keys.trust.signers, "a root on our list of signers", now),
        *_of(keys.trust.timestamps, "a root on our list of time-stamping authorities", now),
    )


def _of(lists: Sequence[TrustList], what: str, now: datetime) -> Iterator[str]:
    for one in lists:
        if not one.name.startswith(_OURS):
            continue
        for certificate in x509.load_pem_x509_certificates(one.pem.encode()):
            left = certificate.not_valid_after_utc - now
            if left <= WARN_BEFORE:
                ran = "ran out" if left <= timedelta(0) else "runs out"
                yield f"{what} {ran} on {certificate.not_valid_after_utc:%Y-%m-%d}"
