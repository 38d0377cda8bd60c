"""The secret of the watermark: without it nobody can find, read or forge one."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import BadMedia

MIN_SECRET_BYTES = 16  # bytes: 128 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkKey:
    """A secret of at least 16 bytes and the public id it is spoken of by. Never shows the secret."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_SECRET_BYTES:
            raise ValueError(f"watermark key {self.id!r}: the secret must have at least {MIN_SECRET_BYTES} bytes")

    def derive(self, purpose: str, message: bytes = b"") -> bytes:
        """32 bytes for one purpose: HMAC-SHA256, its message prefixed by the purpose."""
        return hmac.digest(self.secret, b"assay/watermark/1/" + purpose.encode() + b"\0" + message, "sha256")

    def words(self, purpose: str, count: int) -> NDArray[np.uint64]:
        """Keyed 64-bit words by SHAKE-256: the same for ever, which numpy's generators do not promise."""
        stream = hashlib.shake_256(self.derive(purpose)).digest(8 * count)
        return np.frombuffer(stream, "<u8").astype(np.uint64)

    def permutation(self, purpose: str, count: int) -> NDArray[np.intp]:
        """A keyed order of range(count)."""
        return np.argsort(self.words(purpose, count), kind="stable")

    def bits(self, purpose: str, count: int) -> NDArray[np.uint8]:
        """Keyed bits, each 0 or 1."""
        return (self.words(purpose, count) & np.uint64(1)).astype(np.uint8)


def key_to_json(key: WatermarkKey) -> dict[str, str]:
    """For a process that looks for marks in arrays: never for one that decodes files."""
    return {"id": key.id, "secret": key.secret.hex()}


def key_from_json(key: dict[str, str]) -> WatermarkKey:
    """What key_to_json wrote. Raises BadMedia for what cannot be used."""
    try:
        return WatermarkKey(id=key["id"], secret=bytes.fromhex(key["secret"]))
    except ValueError as error:
        raise BadMedia("the watermark key cannot be used") from error
