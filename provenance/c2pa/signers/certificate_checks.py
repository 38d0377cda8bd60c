"""Whether other readers will read what is signed with a chain as valid: what the C2PA profile and the library ask.

The reader of c2pa-python with its default settings knows one extended key usage, emailProtection, and calls everything
else invalid ("certificate missing required EKU"); readers that were given a list also take claim and document signing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from provenance.c2pa.trust_store import ACCEPTED_EXTENDED_KEY_USAGES

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)
_NOT_BESIDE_OTHERS = (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.OCSP_SIGNING)


def certificate_warnings(chain: str) -> tuple[str, ...]:
    """One line for everything in a chain (PEM, leaf first) for which readers elsewhere call its files invalid."""
    leaf, *above = x509.load_pem_x509_certificates(chain.encode())
    return (*_leaf_warnings(leaf), *_authority_warnings(above))


def reads_by_default(chain: str) -> bool:
    """Whether readers with default settings accept the leaf's usages."""
    leaf = x509.load_pem_x509_certificate(chain.encode())
    return ExtendedKeyUsageOID.EMAIL_PROTECTION in _extended_usages(leaf)


def _leaf_warnings(leaf: x509.Certificate) -> Iterator[str]:
    usages = _extended_usages(leaf)
    if not any(usage.dotted_string in ACCEPTED_EXTENDED_KEY_USAGES for usage in usages):
        yield "the signing certificate has no extended key usage that C2PA accepts: readers call its files invalid"
    elif ExtendedKeyUsageOID.EMAIL_PROTECTION not in usages:
        yield (
            "the signing certificate lacks the extended key usage emailProtection: readers with default settings"
            " (c2pa-python) call its files invalid, not merely untrusted"
        )
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usages:
        yield "the signing certificate allows any usage, which C2PA forbids: every reader calls its files invalid"
    if any(usage in usages for usage in _NOT_BESIDE_OTHERS) and len(usages) > 1:
        yield "the signing certificate is also for time stamps or OCSP, which C2PA forbids beside another usage"
    key_usage = _extension(leaf, x509.KeyUsage)
    if key_usage is None or not key_usage.digital_signature:
        yield "the signing certificate may not make signatures (key usage digitalSignature)"
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        yield "the signing certificate is that of an authority, which may not sign credentials itself"


def _authority_warnings(certificates: list[x509.Certificate]) -> Iterator[str]:
    for certificate in certificates:
        constraints, usage = _extension(certificate, x509.BasicConstraints), _extension(certificate, x509.KeyUsage)
        if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
            name = certificate.subject.rfc4514_string()
            yield f"{name} in the chain may not issue certificates (basic constraints, key usage keyCertSign)"


def _extended_usages(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    return list(_extension(certificate, x509.ExtendedKeyUsage) or ())


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
