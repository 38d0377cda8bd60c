"""Who signs claims: a port, so that the key may be in a file, a KMS or an HSM."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from core.errors import BadInput, Unavailable
from provenance.c2pa.signers.signatures import certificate_public_key, signature_algorithm, verified_signature


class Signer(Protocol):
    """Signs the raw bytes it is given. An HSM or KMS that wants a digest hashes them itself.

    `algorithm` is one of es256, es384, ps256, ed25519. `chain` is PEM, leaf first, without the root. `tsa_url` is a
    time-stamping authority, or None; where one is named and does not answer, nothing is signed.
    """

    @property
    def algorithm(self) -> str:
        """The signature algorithm."""

    @property
    def chain(self) -> str:
        """The certificates as PEM."""

    @property
    def tsa_url(self) -> str | None:
        """The time-stamping authority, if any."""

    def sign(self, data: bytes) -> bytes:
        """The signature: raw r‖s for ECDSA. May raise anything; the reason reaches the caller of `sign`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSigner:
    """A P-256 key that lay in a file. For development: the key is in this process's memory."""

    chain: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    tsa_url: str | None = None
    algorithm: str = "es256"

    def sign(self, data: bytes) -> bytes:
        """ECDSA over SHA-256 as 64 bytes r‖s."""
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSigner:
    """What signers have in common whose algorithm is that of their certificate's key."""

    chain: str
    tsa_url: str | None = None

    @property
    def algorithm(self) -> str:
        """By the certificate."""
        return signature_algorithm(certificate_public_key(self.chain))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailableSigner(CertificateSigner):
    """Stands where no signing key is: enough to verify, and nothing is signed."""

    def sign(self, data: bytes) -> bytes:
        """Raises Unavailable."""
        del data
        raise Unavailable("there is no signing key here: put one into the keys folder, or choose another signer")


def check_signer(signer: Signer) -> None:
    """Sign a few bytes and look whether the certificate's key did. Raises what the signer raises, and SealBroken."""
    data = b"assay: is this the key of the certificate?"
    verified_signature(certificate_public_key(signer.chain), data, signer.sign(data))


def file_signer(key_pem: bytes, chain_pem: str, *, tsa_url: str | None = None) -> FileSigner:
    """A signer from PEM. Raises BadInput if the key is not P-256 or does not belong to the first certificate."""
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
        leaf = x509.load_pem_x509_certificate(chain_pem.encode())
    except (ValueError, TypeError) as error:
        raise BadInput("the signing key or its certificates are not PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadInput("the signing key is not a P-256 key")
    if leaf.public_key() != key.public_key():
        raise BadInput("the signing key does not belong to the first certificate of the chain")
    return FileSigner(chain=chain_pem, key=key, tsa_url=tsa_url)


def chain_expiry(signer: Signer) -> datetime:
    """When the first certificate of the chain that runs out does so, in UTC."""
    certificates = x509.load_pem_x509_certificates(signer.chain.encode())
    return min(certificate.not_valid_after_utc for certificate in certificates)
