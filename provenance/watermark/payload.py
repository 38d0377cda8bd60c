"""What the watermark says: 96 bits that lead from a bare file back to its case."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

import numpy as np

from media.arrays import BitArray
from provenance.watermark.key import WatermarkKey

PAYLOAD_BITS = 96  # bits: version, issuer, case
TAG_BITS = 24  # bits of the keyed check
MESSAGE_BITS = PAYLOAD_BITS + TAG_BITS

_CASE_ID = re.compile(r"[0-9a-f]{16}")
_HEX = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Version in 8 bits, issuer in 24, and the id of the case: 16 hex digits, 64 bits."""

    version: int = 1
    issuer: int = 0
    case_id: str

    def __post_init__(self) -> None:
        if not 0 <= self.version < 1 << 8 or not 0 <= self.issuer < 1 << 24:
            raise ValueError(f"version {self.version} must fit 8 bits and issuer {self.issuer} 24")
        if not _CASE_ID.fullmatch(self.case_id):
            raise ValueError(f"a case id in a watermark has 16 lower-case hex digits, not {self.case_id!r}")

    @property
    def hex(self) -> str:
        """All 96 bits as 24 hex digits."""
        return f"{self.version:02x}{self.issuer:06x}{self.case_id}"

    @classmethod
    def from_hex(cls, text: str) -> Payload:
        """The payload of 24 lower-case hex digits. Raises ValueError."""
        if not _HEX.fullmatch(text):
            raise ValueError(f"a payload has 24 lower-case hex digits, not {text!r}")
        return cls(version=int(text[:2], 16), issuer=int(text[2:8], 16), case_id=text[8:])


def to_message_bits(payload: Payload, key: WatermarkKey) -> BitArray:
    """The 120 bits that are written: the payload and a keyed tag, so that nobody without the key can make one."""
    data = bytes.fromhex(payload.hex)
    return np.unpackbits(np.frombuffer(data + _tag(data, key), np.uint8))


def from_message_bits(message_bits: BitArray, key: WatermarkKey) -> Payload | None:
    """The payload, if its tag holds; a wrong word passes with a chance of 2^-24."""
    data = np.packbits(message_bits).tobytes()
    body, tag = data[: PAYLOAD_BITS // 8], data[PAYLOAD_BITS // 8 :]
    return Payload.from_hex(body.hex()) if hmac.compare_digest(tag, _tag(body, key)) else None


def _tag(data: bytes, key: WatermarkKey) -> bytes:
    return key.derive("tag", data)[: TAG_BITS // 8]
