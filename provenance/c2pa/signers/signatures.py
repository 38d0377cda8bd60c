"""Signatures as C2PA wants them: which algorithm a certificate means, raw r‖s, and whether a signature is right."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from core.errors import BadInput, SealBroken

_CURVES = {"secp256r1": ("es256", 32), "secp384r1": ("es384", 48)}
_MIN_RSA_BITS = 2048  # bits; C2PA 2.x, certificate profile: shorter moduli are not allowed
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


def certificate_public_key(chain: str) -> PublicKey:
    """The key of the first certificate. Raises BadInput for invalid PEM, or a key C2PA has no algorithm for."""
    try:
        key = x509.load_pem_x509_certificate(chain.encode()).public_key()
    except ValueError as error:
        raise BadInput("the certificates of the signer are not PEM") from error
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise BadInput("the signer's certificate must hold a P-256, P-384, Ed25519 or RSA key of 2048 bits and more")


def signature_algorithm(key: PublicKey) -> str:
    """es256, es384, ps256 or ed25519."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES[key.curve.name][0]
    return "ps256" if isinstance(key, rsa.RSAPublicKey) else "ed25519"


def signing_digest(key: PublicKey, data: bytes) -> tuple[str, bytes]:
    """Name and value of the digest that is signed with this key. Raises BadInput for Ed25519, which has none."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        raise BadInput("an Ed25519 key signs no digests: use an ECDSA or RSA key with this signer")
    hasher = hashes.Hash(_hash_of(key))
    hasher.update(data)
    return hasher.algorithm.name, hasher.finalize()


def verified_signature(key: PublicKey, data: bytes, signature: bytes) -> bytes:
    """The signature as C2PA wants it (raw r‖s for ECDSA, also if it came as DER).

    Raises SealBroken if it is not one over these bytes by the key of the certificate.
    """
    raw = _raw_signature(key, signature)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            half = len(raw) // 2
            der = encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
            key.verify(der, data, ec.ECDSA(_hash_of(key)))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(raw, data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            key.verify(raw, data)
    except InvalidSignature as error:
        raise SealBroken("the key that signed is not the certificate's: change the two together") from error
    return raw


def _raw_signature(key: PublicKey, signature: bytes) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return signature
    half = _CURVES[key.curve.name][1]
    if len(signature) == 2 * half:
        return signature
    try:
        r, s = decode_dss_signature(signature)
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")
    except (ValueError, OverflowError) as error:
        raise SealBroken("what the signer gave is no signature") from error


def _hash_of(key: PublicKey) -> hashes.SHA256 | hashes.SHA384:
    wide = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp384r1"
    return hashes.SHA384() if wide else hashes.SHA256()
