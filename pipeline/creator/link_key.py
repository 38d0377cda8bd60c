"""The key of which the secrets in creators' links are made. Whoever deletes its file makes every link void."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

from core.key_files import load_random_key

_KEY_FILE = "creator_links.key"
_KEY_BYTES = 32


def link_secret(key: bytes, case_id: str, number: int) -> str:
    """The secret of a case's link of this number, for its address: 256 bits that say nothing by themselves."""
    digest = hmac.digest(key, f"creator link\0{case_id}\0{number}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def link_digest(secret: str) -> str:
    """Under what a link is found."""
    return hashlib.sha256(secret.encode()).hexdigest()


def load_link_key(folder: Path) -> bytes:
    """The key of this installation, made at first use and readable by its owner only. Raises Unavailable."""
    return load_random_key(
        folder / _KEY_FILE,
        size=_KEY_BYTES,
        what="the key of creators' links",
        damaged="delete it, and new links are given out",
    )
