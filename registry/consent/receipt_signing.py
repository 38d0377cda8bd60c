"""Signs receipts: JWS (RFC 7515, ES256) over canonical JSON (RFC 8785). Its keys are separate and in one folder.

The newest key signs, all of them are published, so that a receipt can be checked by anyone for as long as it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from core.errors import BadInput, Unavailable
from core.key_files import create_key_file

RECEIPT_TYPE = "consent-receipt+jws"
LICENCE_TYPE = "licence-receipt+jws"
RECEIPT_TYPES = (RECEIPT_TYPE, LICENCE_TYPE)
"""Of what a person allows, and of what a rights holder does."""
_NAME = "receipts-*.pem"


@dataclass(frozen=True, slots=True)
class ReceiptSigner:
    """The keys in a folder; the first is made when first needed."""

    folder: Path

    def sign(self, payload: dict[str, object], *, kind: str = RECEIPT_TYPE) -> str:
        """The receipt in compact form; `kind` is its `typ`. Raises Unavailable if no key can be had."""
        key = self._keys()[-1]
        header = {"alg": "ES256", "kid": key.thumbprint(), "typ": kind}
        return jws.serialize_compact(header, canonical_json(payload), key)

    def sign_licence(self, payload: dict[str, object]) -> str:
        """The receipt of what a rights holder allows, likewise."""
        return self.sign(payload, kind=LICENCE_TYPE)

    def verify_receipt(self, receipt: str, *, kinds: Sequence[str] = RECEIPT_TYPES) -> bytes:
        """The payload of a receipt that one of these keys signed. Raises BadInput for any other."""
        return verify_signed(receipt, KeySet(list(self._keys())), kinds=kinds)

    def public_jwks(self) -> dict[str, object]:
        """The public keys as a JWK set (RFC 7517)."""
        keys = [key.as_dict(private=False) | {"kid": key.thumbprint(), "use": "sig"} for key in self._keys()]
        return {"keys": keys}

    def _keys(self) -> list[ECKey]:
        try:
            if not sorted(self.folder.glob(_NAME)):
                self._make()
            return [_read(path) for path in sorted(self.folder.glob(_NAME))]
        except OSError as error:
            raise Unavailable(f"the key for receipts cannot be had: {error.strerror}") from error

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ECKey.generate_key("P-256", private=True)
        create_key_file(self.folder / "receipts-0001.pem", key.as_pem(private=True))


def verify_signed(signed: str, keys: KeySet, *, kinds: Sequence[str] = RECEIPT_TYPES) -> bytes:
    """The payload of what one of these public keys signed. Raises BadInput for anything else."""
    try:
        verified = jws.deserialize_compact(signed.strip(), keys, algorithms=["ES256"])
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadInput("this was not signed here: its signature does not hold") from None
    if (kind := verified.headers().get("typ")) not in kinds:
        if kind == LICENCE_TYPE:
            raise BadInput("this is a rights holder's receipt about a work: it is nobody's consent")
        raise BadInput("this is no receipt" if RECEIPT_TYPE in kinds else "this is no certificate")
    return bytes(verified.payload)


def parse_key_set(text: str) -> KeySet:
    """Public keys from a JWK set, as `/.well-known/assay-receipts.json` gives it. Raises BadInput."""
    try:
        return KeySet.import_key_set(json.loads(text))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadInput("this is no JWK set") from error


def canonical_json(payload: dict[str, Any]) -> bytes:
    """The one way in which RFC 8785 writes this. Raises BadInput for what JSON cannot say."""
    try:
        return rfc8785.dumps(payload)
    except (rfc8785.CanonicalizationError, ValueError) as error:
        raise BadInput("a receipt cannot say this") from error


def _read(path: Path) -> ECKey:
    if path.stat().st_mode & 0o077:
        raise Unavailable(f"the key {path.name} can be read by others: chmod 600 it")
    return ECKey.import_key(path.read_bytes())
