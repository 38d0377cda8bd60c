"""Identities of OpenID providers in memory."""

from __future__ import annotations


class MemoryIdentities:
    """Which key an identity opens, for as long as the process lives."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], str] = {}

    def key_of(self, issuer: str, subject: str) -> str | None:
        """See IdentityStore."""
        return self._keys.get((issuer, subject))

    def add(self, issuer: str, subject: str, key: str) -> bool:
        """See IdentityStore."""
        return self._keys.setdefault((issuer, subject), key) == key
