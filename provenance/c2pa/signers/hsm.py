"""A signer whose key is in a PKCS#11 token (HSM, smart card, SoftHSM) and never leaves it.

The key is found by the certificate: the token's public key that equals the certificate's names, by its id, the private
one. So a new key and its certificate come into force with the next signature, without a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from core.errors import AssayError, BadInput, Unavailable
from provenance.c2pa.signers.signatures import (
    PublicKey,
    certificate_public_key,
    signing_digest,
    verified_signature,
)
from provenance.c2pa.signers.signer import CertificateSigner
from provenance.c2pa.signers.signer_config import SignerConfig, SignerFiles

if TYPE_CHECKING:
    import pkcs11


@dataclass(frozen=True, slots=True, kw_only=True)
class HsmSigner(CertificateSigner):
    """Signs in the token with this label, by the PKCS#11 library `module`. A session is opened for each signature."""

    module: Path
    token: str
    pin: str = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """Raises Unavailable if the token or the key is not there, SealBroken for a signature by another key."""
        key = certificate_public_key(self.chain)
        try:
            with _token_lock(), self._session() as session:
                return verified_signature(key, data, _sign_in_token(session, key, data))
        except AssayError:
            raise
        except Exception as error:  # each maker's library has its own; their words may name slots and pins
            raise Unavailable(f"the token did not sign ({type(error).__name__})") from error

    def _session(self) -> Any:
        try:
            import pkcs11
        except ImportError as error:
            raise Unavailable("signer = pkcs11 needs python-pkcs11: install assay[hsm]") from error
        if not self.module.is_file():
            raise BadInput("there is no PKCS#11 library where pkcs11_module says")
        return pkcs11.lib(str(self.module)).get_token(token_label=self.token).open(user_pin=self.pin)


def hsm_signer(config: SignerConfig, files: SignerFiles) -> HsmSigner:
    """Raises BadInput if the library or the token is not named."""
    if config.module is None or not config.token:
        raise BadInput("signer = pkcs11 needs pkcs11_module and pkcs11_token")
    return HsmSigner(
        chain=files.chain, module=config.module, token=config.token, pin=config.secret, tsa_url=config.tsa_url
    )


@cache
def _token_lock() -> Lock:
    """A token has one login for the whole process, so signatures are serialised."""
    return Lock()


def _sign_in_token(session: pkcs11.Session, key: PublicKey, data: bytes) -> bytes:
    from pkcs11 import MGF, Mechanism

    private = _private_key(session, key)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return bytes(private.sign(signing_digest(key, data)[1], mechanism=Mechanism.ECDSA))
    if isinstance(key, rsa.RSAPublicKey):
        salted = (Mechanism.SHA256, MGF.SHA256, 32)
        return bytes(private.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=salted))
    return bytes(private.sign(data, mechanism=Mechanism.EDDSA))


def _private_key(session: pkcs11.Session, key: PublicKey) -> Any:
    from pkcs11 import Attribute, ObjectClass

    template = _public_key_attributes(key) | {Attribute.CLASS: ObjectClass.PUBLIC_KEY}
    public_key = next(iter(session.get_objects(template)), None)
    if public_key is None:
        raise Unavailable("the token holds no key that belongs to the certificate")
    search = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: public_key[Attribute.ID]}
    private = next(iter(session.get_objects(search)), None)
    if private is None:
        raise Unavailable("the token holds the public half of the certificate's key and not the private one")
    return private


def _public_key_attributes(key: PublicKey) -> dict[Any, Any]:
    """The attributes by which PKCS#11 identifies public keys: the point as a DER octet string, or the modulus."""
    from pkcs11 import Attribute

    if isinstance(key, rsa.RSAPublicKey):
        number = key.public_numbers().n
        return {Attribute.MODULUS: number.to_bytes((number.bit_length() + 7) // 8, "big")}
    if isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    else:
        point = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {Attribute.EC_POINT: b"\x04" + bytes([len(point)]) + point}
