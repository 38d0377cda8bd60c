"""An authenticator in Python that does what it is told, wrong things too."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


@dataclass
class SoftAuthenticator:
    """One credential for one site. `verifies` says whether it checks who uses it."""

    origin: str = "https://assay.example"
    host: str = "assay.example"
    verifies: bool = True
    sign_count: int = 0
    credential: bytes = field(default_factory=lambda: os.urandom(32))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, challenge: bytes) -> str:
        """The answer to the options of a registration."""
        numbers = self.private.public_key().public_numbers()
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + key
        data = self._data(0x41) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(challenge, "webauthn.create", attestationObject=_text(made))

    def get(self, challenge: bytes, *, count: int | None = None) -> str:
        """The answer to the options of a sign-in."""
        self.sign_count = self.sign_count + 1 if count is None else count
        data = self._data(0x01)
        signed = data + hashlib.sha256(self._client_data(challenge, "webauthn.get")).digest()
        signature = self.private.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            challenge, "webauthn.get", authenticatorData=_text(data), signature=_text(signature), userHandle=None
        )

    def _data(self, flags: int) -> bytes:
        flags |= 0x04 if self.verifies else 0
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.sign_count.to_bytes(4, "big")

    def _client_data(self, challenge: bytes, kind: str) -> bytes:
        return json.dumps({"type": kind, "challenge": _text(challenge), "origin": self.origin}).encode()

    def _answer(self, challenge: bytes, kind: str, **response: str | None) -> str:
        given = {"clientDataJSON": _text(self._client_data(challenge, kind)), **response}
        return json.dumps(
            {
                "id": _text(self.credential),
                "rawId": _text(self.credential),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {name: value for name, value in given.items() if value is not None},
            }
        )
