"""Makes the certificates of a development installation, exactly to the C2PA certificate profile.

Profile: root and issuing CA on P-384 (path length 0, at most 1827 days), ES256 leaf at assurance level 1, at most
366 days, named usages, OCSP address, assurance level and product id as extensions. A listed authority would issue
the same shape; only the trust list distinguishes them.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from provenance.c2pa.signers.signatures import PublicKey

ROOT_DAYS = 3650  # days of validity: ten years
ISSUING_DAYS = 1827  # days: five years
LEAF_DAYS = 366  # days: a year

CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
EMAIL_PROTECTION = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.4")  # the one that readers accept with default settings
DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
CERTIFICATE_POLICY = x509.ObjectIdentifier("1.3.6.1.4.1.62558.1.1")
ASSURANCE_LEVEL = x509.ObjectIdentifier("1.3.6.1.4.1.62558.3")
PRODUCT_ID = x509.ObjectIdentifier("1.3.6.1.4.1.62558.4")

_LEVEL_ONE = bytes.fromhex("060a2b0601040183e85e030a")  # DER of the OID 1.3.6.1.4.1.62558.3.10
_OCSP = "http://ocsp.assay.invalid"  # a reserved name: the profile asks for an address, development has none
_ORGANISATION = "Assay DEVELOPMENT"
_BACKDATED = timedelta(minutes=5)  # clocks of verifiers differ


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateWithKey:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_root_ca(now: datetime, *, days: float = ROOT_DAYS) -> CertificateWithKey:
    """A self-signed P-384 root."""
    key = ec.generate_private_key(ec.SECP384R1())
    name = _name("Assay DEVELOPMENT root")
    builder = _certificate_builder(name, name, key.public_key(), key, now, days)
    return CertificateWithKey(certificate=_as_authority(builder, path_length=None).sign(key, hashes.SHA384()), key=key)


def make_issuing_ca(root: CertificateWithKey, now: datetime, *, days: float = ISSUING_DAYS) -> CertificateWithKey:
    """A P-384 authority below the root that may issue leaves and nothing else (path length 0)."""
    key = ec.generate_private_key(ec.SECP384R1())
    name = _name("Assay DEVELOPMENT issuing CA")
    builder = _certificate_builder(name, root.certificate.subject, key.public_key(), root.key, now, days)
    return CertificateWithKey(
        certificate=_as_authority(builder, path_length=0).sign(root.key, hashes.SHA384()), key=key
    )


def make_signer_certificate(
    issuing: CertificateWithKey, now: datetime, *, days: float = LEAF_DAYS
) -> CertificateWithKey:
    """An ES256 claim signer. Valid from five minutes before `now` for at most 366 days."""
    key = ec.generate_private_key(ec.SECP256R1())
    return CertificateWithKey(certificate=certify_signer_key(issuing, key.public_key(), now, days=days), key=key)


def certify_signer_key(
    issuing: CertificateWithKey, key: PublicKey, now: datetime, *, days: float = LEAF_DAYS
) -> x509.Certificate:
    """A claim signer's certificate for a key that is stored elsewhere, in a token or a key service."""
    name = _name("Assay DEVELOPMENT claim signer")
    builder = _certificate_builder(name, issuing.certificate.subject, key, issuing.key, now, days)
    return _as_claim_signer(builder).sign(issuing.key, hashes.SHA384())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "XX"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate_builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: PublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    days: float,
) -> x509.CertificateBuilder:
    begins = now - _BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _as_authority(builder: x509.CertificateBuilder, *, path_length: int | None) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True).add_extension(
        _usage(certificates=True), critical=True
    )


def _as_claim_signer(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    ocsp = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(_OCSP))
    product = str(uuid.uuid4()).encode()
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([CLAIM_SIGNING, DOCUMENT_SIGNING, EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(CERTIFICATE_POLICY, None)]), critical=False)
        .add_extension(x509.AuthorityInformationAccess([ocsp]), critical=False)
        .add_extension(x509.UnrecognizedExtension(ASSURANCE_LEVEL, _LEVEL_ONE), critical=False)
        .add_extension(
            x509.UnrecognizedExtension(PRODUCT_ID, b"\x0c" + bytes([len(product)]) + product),  # UTF8String
            critical=False,
        )
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
