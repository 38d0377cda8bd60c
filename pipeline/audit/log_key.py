"""The key that signs the log's heads: Ed25519, one file in the keys folder that only its owner can read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from core.errors import NotFound, Unavailable
from core.key_files import create_key_file
from pipeline.audit.signed_note import NoteKey, note_key_of

AUDIT_KEY_FILE = "audit-log.key.pem"
PUBLIC_AUDIT_KEY_FILE = "audit-log.pub"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """The private key, and the public one, whose name is the log's origin."""

    private: Ed25519PrivateKey
    public: NoteKey


def load_log_key(folder: Path) -> LogKey:
    """The key in this folder. Raises NotFound, or Unavailable where it cannot be read or others can read it."""
    path = folder / AUDIT_KEY_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise Unavailable(f"the key {path.name} can be read by others: chmod 600 it")
        private = load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise NotFound(f"there is no {path.name} in the keys folder: `assay audit anchor` makes one") from None
    except (OSError, ValueError, TypeError) as error:
        raise Unavailable(f"the key {path.name} cannot be read: {error}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise Unavailable(f"the key {path.name} is no Ed25519 key")
    return LogKey(private=private, public=note_key_of(_log_name(private), private))


def make_log_key(folder: Path) -> LogKey:
    """The key in this folder, made if there is none. Raises Unavailable, and NotFound where there is no such folder:
    it comes with the keys that sign videos.
    """
    try:
        return load_log_key(folder)
    except NotFound:
        pass
    if not folder.is_dir():
        raise NotFound("there is no keys folder yet: `assay keys dev` makes one, or see docs/how-to/keys.md")
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        if not create_key_file(folder / AUDIT_KEY_FILE, pem):
            return load_log_key(folder)  # another process was faster
        key = load_log_key(folder)
        (folder / PUBLIC_AUDIT_KEY_FILE).write_text(f"{key.public.text}\n")
    except OSError as error:
        raise Unavailable(f"the audit log's key cannot be kept: {error.strerror or error}") from error
    return key


def _log_name(private: Ed25519PrivateKey) -> str:
    """By its key, so that two installations never have logs of one name."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"assay-log/{hashlib.sha256(raw).hexdigest()[:16]}"
