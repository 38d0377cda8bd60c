"""Whom the reader trusts: named lists of signers and, separately, of time-stamping authorities."""

from __future__ import annotations

from dataclasses import dataclass

# Without this list the library calls every file invalid. In order: claim signing, document signing, mail protection,
# time-stamping, OCSP signing, and Microsoft's own usage, without which its files read as invalid.
ACCEPTED_EXTENDED_KEY_USAGES = (
    "1.3.6.1.4.1.62558.2.1",
    "1.3.6.1.5.5.7.3.36",
    "1.3.6.1.5.5.7.3.4",
    "1.3.6.1.5.5.7.3.8",
    "1.3.6.1.5.5.7.3.9",
    "1.3.6.1.4.1.311.76.59.1.9",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """Root certificates as PEM under a name that is shown (`urn:assay:development`)."""

    name: str
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStore:
    """Signers and time-stamping authorities. An empty trust believes no one; files then read at best as valid."""

    signers: tuple[TrustList, ...] = ()
    timestamp_authorities: tuple[TrustList, ...] = ()
    extended_key_usages: tuple[str, ...] = ACCEPTED_EXTENDED_KEY_USAGES
