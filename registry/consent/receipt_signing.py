"""Signs receipts: JWS (RFC 7515, ES256) over canonical JSON (RFC 8785). Its keys are separate and in one folder.

The newest key signs, all of them are published, so that a receipt can be checked by anyone for as long as it is kept.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from core.errors import BadInput, Unavailable

RECEIPT_TYPE = "consent-receipt+jws"
_NAME = "receipts-*.pem"


@dataclass(frozen=True, slots=True)
class ReceiptSigner:
    """The keys in a folder; the first is made when first needed."""

    folder: Path

    def sign(self, payload: dict[str, object]) -> str:
        """The receipt in compact form. Raises Unavailable if no key can be had."""
        key = self._keys()[-1]
        header = {"alg": "ES256", "kid": key.thumbprint(), "typ": RECEIPT_TYPE}
        return jws.serialize_compact(header, canonical_json(payload), key)

    def verify_receipt(self, receipt: str) -> bytes:
        """The payload of a receipt that one of these keys signed. Raises BadInput for any other."""
        keys = KeySet(list(self._keys()))
        try:
            verified = jws.deserialize_compact(receipt.strip(), keys, algorithms=["ES256"])
        except (JoseError, ValueError, TypeError, KeyError):
            raise BadInput("this is no receipt of ours: its signature does not hold") from None
        if verified.headers().get("typ") != RECEIPT_TYPE:
            raise BadInput("this is no receipt of consent")
        return bytes(verified.payload)

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
        part = self.folder / f".receipts.{key.thumbprint()}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.as_pem(private=True))
        try:
            os.link(part, self.folder / "receipts-0001.pem")  # of two who make one at the same time, one wins
        except FileExistsError:
            pass
        finally:
            part.unlink()


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
