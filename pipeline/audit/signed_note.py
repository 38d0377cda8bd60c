"""Signed heads of the log, in the C2SP formats: signed-note with Ed25519, tlog-checkpoint, and the key's text form."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.errors import BadInput

_ED25519 = b"\x01"  # the signature type of the C2SP signed-note specification
_KEY_ID = 4  # bytes
_DASH = "— "


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """Whose signatures are believed: a name without blanks or plus signs, and the raw public key (32 bytes)."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_KEY_ID]

    @property
    def text(self) -> str:
        """As it is handed to others: `name+id+key`."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A head of a log: how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_note_key(text: str) -> NoteKey:
    """A key from its text form. Raises BadInput."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decode(encoded)
    if not name or raw is None or raw[:1] != _ED25519 or len(raw) != 33:
        raise BadInput("this is no Ed25519 key of a log: name+id+key")
    key = NoteKey(name=name, public=raw[1:])
    if key.key_id.hex() != key_id:
        raise BadInput("the key and its id do not belong together")
    return key


def note_key_of(name: str, private: Ed25519PrivateKey) -> NoteKey:
    """The public side of a private key."""
    return NoteKey(name=name, public=private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign_log_head(head: Checkpoint, private: Ed25519PrivateKey) -> str:
    """The head as a signed note, by the key whose name is the head's origin."""
    key = note_key_of(head.origin, private)
    signature = base64.b64encode(key.key_id + private.sign(head.text.encode())).decode()
    return f"{head.text}\n{_DASH}{key.name} {signature}\n"


def read_log_head(note: str, key: NoteKey) -> Checkpoint:
    """The head that a note holds, once the key's signature is checked. Others' signatures are passed over.

    Raises BadInput where it is no checkpoint of this log, or the signature does not hold.
    """
    text, blank, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < 3 or not note.endswith("\n"):
        raise BadInput("this is no signed checkpoint")
    root = _decode(lines[2])
    if not lines[1].isascii() or not lines[1].isdigit() or lines[1] != str(int(lines[1])) or root is None:
        raise BadInput("this is no checkpoint: its size or its root cannot be read")
    if len(root) != 32 or lines[0] != key.name:
        raise BadInput(f"this is no checkpoint of the log {key.name}")
    if not any(_signed_by(key, line, f"{text}\n") for line in signatures.splitlines()):
        raise BadInput(f"the checkpoint of {lines[1]} entries is not signed by the log's key")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def _signed_by(key: NoteKey, line: str, text: str) -> bool:
    prefix = f"{_DASH}{key.name} "
    raw = _decode(line.removeprefix(prefix)) if line.startswith(prefix) else None
    if raw is None or raw[:_KEY_ID] != key.key_id:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[_KEY_ID:], text.encode())
    except InvalidSignature:
        return False
    return True


def _decode(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
