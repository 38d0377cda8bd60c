"""Why credentials are not simply trusted: the library's failure codes sorted into causes that people can act on. Pure.

Only three causes assert that something was changed, and each needs bytes or claims that disagree. A certificate that
ran out, a signer on no list and an identity that is looked up on the network are none of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class CredentialsCause(StrEnum):
    """One cause, by the code that `credentials.causes` carries; in the order in which they outweigh each other."""

    FILE_CHANGED = "file_changed"
    CREDENTIALS_CHANGED = "credentials_changed"
    INGREDIENT_CHANGED = "ingredient_changed"
    NOT_CONFORMING = "not_conforming"
    READS_DIFFER = "reads_differ"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_UNSUITABLE = "certificate_unsuitable"
    CERTIFICATE_EXPIRED = "certificate_expired"
    STREAM_START = "stream_start"
    IDENTITY_INVALID = "identity_invalid"
    IDENTITY_NOT_CHECKED = "identity_not_checked"
    SIGNER_NOT_TRUSTED = "signer_not_trusted"
    CANNOT_BE_PARSED = "cannot_be_parsed"
    STORED_ELSEWHERE = "stored_elsewhere"
    KIND_NOT_SEARCHED = "kind_not_searched"


CHANGE_CAUSES = frozenset(
    {CredentialsCause.FILE_CHANGED, CredentialsCause.CREDENTIALS_CHANGED, CredentialsCause.INGREDIENT_CHANGED}
)
"""Those that say that something was changed after it was signed."""

FILE_HASH_MISMATCHES = frozenset(
    {
        "assertion.bmffHash.mismatch",
        "assertion.dataHash.mismatch",
        "assertion.boxesHash.mismatch",
        "assertion.boxesHash.unknownBox",
        "assertion.collectionHash.mismatch",
        "assertion.collectionHash.incorrectFileCount",
    }
)
"""The bytes of the file are not those that were signed."""

CLAIM_MISMATCHES = frozenset(
    {
        "assertion.hashedURI.mismatch",
        "assertion.missing",
        "assertion.undeclared",
        "claimSignature.mismatch",
        "claimSignature.missing",
        "claim.missing",
        "hashedURI.mismatch",
        "hashedURI.missing",
        "ingredient.claimSignature.mismatch",
        "ingredient.claimSignature.missing",
        "ingredient.hashedURI.mismatch",
        "ingredient.manifest.mismatch",
        "ingredient.manifest.missing",
        "timeStamp.mismatch",
    }
)
"""Claims, assertions and signatures are not those that were signed together."""

_MISMATCHES = CLAIM_MISMATCHES | FILE_HASH_MISMATCHES

_BY_CODE = {
    **dict.fromkeys(FILE_HASH_MISMATCHES, CredentialsCause.FILE_CHANGED),
    **dict.fromkeys(CLAIM_MISMATCHES, CredentialsCause.CREDENTIALS_CHANGED),
    "assay.readsDiffer": CredentialsCause.READS_DIFFER,
    "signingCredential.ocsp.revoked": CredentialsCause.CERTIFICATE_REVOKED,
    "signingCredential.revoked": CredentialsCause.CERTIFICATE_REVOKED,
    "signingCredential.invalid": CredentialsCause.CERTIFICATE_UNSUITABLE,
    "signingCredential.expired": CredentialsCause.CERTIFICATE_EXPIRED,
    "claimSignature.outsideValidity": CredentialsCause.CERTIFICATE_EXPIRED,
    "cawg.ica.did_unavailable": CredentialsCause.IDENTITY_NOT_CHECKED,
    "cawg.ica.untrusted_issuer": CredentialsCause.IDENTITY_NOT_CHECKED,
    "cawg.x509.credential.untrusted": CredentialsCause.IDENTITY_NOT_CHECKED,
    "signingCredential.untrusted": CredentialsCause.SIGNER_NOT_TRUSTED,
}
_WITHOUT_CONSEQUENCE = frozenset(
    {
        "signingCredential.ocsp.skipped",
        "signingCredential.ocsp.inaccessible",
        "signingCredential.ocsp.unknown",
        "timeStamp.untrusted",
        "timeStamp.malformed",
        "timeStamp.outsideValidity",
    }
)
"""A time stamp or an answer about revocation that does not help: the certificate is then judged without it."""


def causes_of(codes: Iterable[str]) -> tuple[str, ...]:
    """The causes behind the failure codes of an active manifest, each once, the weightiest first.

    A code that is not known here means credentials that do not follow the standard: never a change.
    """
    found = {_cause(code) for code in codes if code not in _WITHOUT_CONSEQUENCE}
    return tuple(cause.value for cause in CredentialsCause if cause in found)


def with_ingredient_causes(causes: tuple[str, ...], codes: Iterable[str], *, invalid: bool) -> tuple[str, ...]:
    """These causes of the file itself, and that of its ingredients' failure `codes`, if they have one.

    A broken signature or claim below the active manifest is one. That a file was changed before it was laid into this
    one is on record in this one, and counts only where the library calls the whole `invalid` for nothing else.
    """
    broken, own = frozenset(codes), set(causes) - {CredentialsCause.SIGNER_NOT_TRUSTED.value}
    if not broken & CLAIM_MISMATCHES and not (invalid and not own):
        return causes
    cause = CredentialsCause.INGREDIENT_CHANGED if broken & _MISMATCHES else CredentialsCause.NOT_CONFORMING
    return tuple(one.value for one in CredentialsCause if one.value in {*causes, cause.value})


def says_changed(causes: Iterable[str]) -> bool:
    """Whether bytes or claims disagree: the only ground on which a change is asserted."""
    return any(cause in CHANGE_CAUSES for cause in causes)


def is_identity_code(code: str) -> bool:
    """Whether a failure is about an identity assertion (CAWG), which is checked apart from the manifest around it."""
    return code.startswith("cawg.")


def _cause(code: str) -> CredentialsCause:
    if code in _BY_CODE:
        return _BY_CODE[code]
    return CredentialsCause.IDENTITY_INVALID if is_identity_code(code) else CredentialsCause.NOT_CONFORMING
